"""`python -m benchmarks.throughput [--rounds N] [--seconds N]`: every server under the same load, as one table.

`--against DIR` compares the mock of this checkout with that of another one, with the packages that are installed here.

In each round, all servers run side by side and get load in turn, one at a time, for a second each, so that other work
of the machine affects all of them alike. Speeds are compared within a round and by processor time: a server under full
load only computes, and how long it waits for a processor depends on the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from benchmarks.throughput.contenders import HERE, Contender, contenders, pairs
from benchmarks.throughput.load import Load, LoadError, MissingToolError, load
from benchmarks.throughput.process import DidNotRespondError, Running, free_port, running
from benchmarks.throughput.versions import versions

TABLE = Path(__file__).with_name("result.md")
WARMING = 1
"""Seconds of load before the measurement."""
READING = """\
Medians over the rounds. Speeds are ratios of processor time, with the lowest and the highest ratio of a round. The
ceiling is written by hand and does the same work for a successful upsert, and nothing else. Prism and Scalar validate
the request and return an example of the contract, whatever was sent."""
_TIMES = ("created_at", "updated_at")


class DifferentResponseError(Exception):
    """A server does not do the same work as the ceiling, so they cannot be compared."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The measurements of one server in one round."""

    throughput: float
    """Requests per second."""
    effort: float
    """Processor time for each request, in seconds."""
    memory: float
    """The peak of resident memory, in MB."""
    start: float
    """Seconds to the first response."""
    response: Any


Round = Mapping[str, Sample]
"""A sample of each server, by name."""


def one_round(servers: Sequence[Contender], seconds: int) -> Round:
    """Start all servers, load each for `seconds`, one second at a time in turn, and stop them."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(_started(each)) for each in servers]
        for server in started:
            load(server.url, WARMING)
        slices = [[_slice(server) for server in started] for _ in range(seconds)]
        return {
            each.name: _sample(server, done)
            for each, server, done in zip(servers, started, zip(*slices, strict=True), strict=True)
        }


def _started(contender: Contender) -> contextlib.AbstractContextManager[Running]:
    port = free_port()
    return running(contender.command(port), port, contender.folder)


def _slice(server: Running) -> tuple[Load, float]:
    """Load a server for a second; return the load and the processor time."""
    before = server.processor_time
    return load(server.url, 1), server.processor_time - before


def _sample(server: Running, slices: Sequence[tuple[Load, float]]) -> Sample:
    requests = sum(done.requests for done, _ in slices)
    seconds, taken = sum(done.seconds for done, _ in slices), sum(taken for _, taken in slices)
    return Sample(requests / seconds, taken / requests, server.peak_memory, server.started, server.response)


def measure(servers: Sequence[Contender], rounds: int, seconds: int) -> list[Round]:
    """Return the samples of each round. Raises DifferentResponseError."""
    done: list[Round] = []
    for number in range(1, rounds + 1):
        samples = one_round(servers, seconds)
        expected = _stable_members(samples[servers[0].name].response)
        for each in servers:
            sample = samples[each.name]
            if not each.canned and _stable_members(sample.response) != expected:
                raise DifferentResponseError(f"{each.name} responds to an upsert differently from {servers[0].name}")
            print(f"round {number}: {each.name}: {sample.throughput:,.0f} requests/s", file=sys.stderr, flush=True)
        done.append(samples)
    return done


def table(servers: Sequence[Contender], rounds: Sequence[Round]) -> str:
    """Return the medians, and the speeds relative to the first two servers, with their spread."""
    ceiling, bare = servers[0].name, servers[1].name
    heads = [
        "", "requests/s", "processor time per request, µs", f"speed relative to {ceiling}", f"speed relative to {bare}",
        "peak memory, MB", "first response after, ms",
    ]  # fmt: skip
    lines = [_row(heads), _row(["---"] * len(heads))]
    for each in servers:
        samples = [samples[each.name] for samples in rounds]
        cells = [
            each.name,
            f"{median(it.throughput for it in samples):,.0f}",
            f"{median(it.effort for it in samples) * 1e6:.0f}",
            _speed(rounds, each.name, ceiling),
            _speed(rounds, each.name, bare),
            f"{median(it.memory for it in samples):.0f}",
            f"{median(it.start for it in samples) * 1000:,.0f}",
        ]
        lines.append(_row(cells))
    return "\n".join(lines)


def comparison(checkouts: Sequence[tuple[Contender, Contender]], rounds: Sequence[Round]) -> str:
    """Return the medians of two checkouts side by side, and the ratio of their speeds with its spread."""
    heads = [
        "",
        "processor time per request before, µs",
        "now, µs",
        "speed relative to before",
        "peak memory before, MB",
        "now, MB",
    ]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for before, now in checkouts:
        efforts, memory = (
            [median(getattr(samples[each.name], what) for samples in rounds) for each in (before, now)]
            for what in ("effort", "memory")
        )
        cells = [f"{each * 1e6:.0f}" for each in efforts]
        lines.append(
            _row([now.name, *cells, _speed(rounds, now.name, before.name), *(f"{each:.0f}" for each in memory)])
        )
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _speed(rounds: Sequence[Round], name: str, to: str) -> str:
    """Return the median of the ratios, the lowest and the highest."""
    if name == to:
        return "1"
    ratios = [samples[to].effort / samples[name].effort for samples in rounds]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _stable_members(response: Any) -> dict[str, Any]:
    """Return the members of a response that never change."""
    return {name: value for name, value in response.items() if name not in _TIMES}


def _versions_of_peers() -> str:
    packages = orjson.loads((HERE / "package.json").read_bytes())["dependencies"]
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description="Measure and write the table.")
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (default: 7)")
    parser.add_argument(
        "--seconds", type=int, default=5, help="seconds of load for each server in a round (default: 5)"
    )
    against = "compare the mock with that of another checkout; only print the table"
    parser.add_argument("--against", metavar="DIR", type=Path, help=against)
    options = parser.parse_args()
    try:
        if options.against:
            checkouts = pairs(options.against)
            rounds = measure([each for pair in checkouts for each in pair], options.rounds, options.seconds)
            print(f"{comparison(checkouts, rounds)}\n\n{versions()}.")
            return
        servers = contenders()
        rounds = measure(servers, options.rounds, options.seconds)
    except (MissingToolError, LoadError, DidNotRespondError, DifferentResponseError) as error:
        sys.exit(f"benchmarks.throughput: {error}")
    command = f"python -m benchmarks.throughput --rounds {options.rounds} --seconds {options.seconds}"
    measured, used = table(servers, rounds), f"{_versions_of_peers()}; {versions()}"
    text = f"Generated by `{command}`; do not edit.\n\n{measured}\n\n{READING}\n\n{used}.\n"
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
