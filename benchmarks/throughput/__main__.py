"""`python -m benchmarks.throughput [--rounds N] [--seconds N]`: every server under the same load, as one table.

With `--against DIR` the mock of this checkout and that of another one, with the packages that are installed here.

In each of several rounds all servers run side by side, and are loaded in turn, one at a time, a second each time: what
else the machine does meanwhile hits all of them alike. Speeds are compared within a round, and by processor time: a
server under full load does nothing but compute, and how long it waits for a processor says something of the machine
only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from benchmarks.throughput.contenders import HERE, Contender, contenders, pairs
from benchmarks.throughput.load import Load, LoadError, MissingToolError, load
from benchmarks.throughput.process import DidNotAnswerError, Running, free_port, running

TABLE = Path(__file__).with_name("result.md")
WARMING = 1
"""Seconds of load before the measurement."""
READING = """\
Medians over the rounds. The speed is that by processor time; behind it stand the least and the greatest of the ratios
within a round. The ceiling does the same for an upsert that succeeds, written by hand, and nothing else. Prism
validates the request and answers with an example of the contract, whatever was sent."""
_TIMES = ("created_at", "updated_at")
_PACKAGES = ("connexion", "starlette", "uvicorn", "httptools", "uvloop", "jsonschema-rs", "orjson")


class DifferentAnswerError(Exception):
    """A server does not do the work of the ceiling, so that a comparison would mean nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured of one server in one round."""

    throughput: float
    """Requests per second."""
    effort: float
    """Processor time for each request, in seconds."""
    memory: float
    """The peak of resident memory, in MB."""
    start: float
    """Seconds to the first answer."""
    answer: Any


Round = Mapping[str, Sample]
"""A sample of each server, by name."""


def one_round(servers: Sequence[Contender], seconds: int) -> Round:
    """Start all servers, load each for `seconds`, a second at a time in turn, and end them."""
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
    """A second of load, and the processor time that it took."""
    before = server.processor_time
    return load(server.url, 1), server.processor_time - before


def _sample(server: Running, slices: Sequence[tuple[Load, float]]) -> Sample:
    requests = sum(done.requests for done, _ in slices)
    seconds, taken = sum(done.seconds for done, _ in slices), sum(taken for _, taken in slices)
    return Sample(requests / seconds, taken / requests, server.peak_memory, server.started, server.answer)


def measure(servers: Sequence[Contender], rounds: int, seconds: int) -> list[Round]:
    """So many rounds. Raises DifferentAnswerError."""
    done: list[Round] = []
    for number in range(1, rounds + 1):
        samples = one_round(servers, seconds)
        for each in servers:
            taken = samples[each.name]
            if not each.canned and _lasting(taken.answer) != _lasting(samples[servers[0].name].answer):
                raise DifferentAnswerError(f"{each.name} answers an upsert otherwise than {servers[0].name}")
            print(f"round {number}: {each.name}: {taken.throughput:,.0f} requests/s", file=sys.stderr, flush=True)
        done.append(samples)
    return done


def table(servers: Sequence[Contender], rounds: Sequence[Round]) -> str:
    """The medians, and the speed as a ratio to that of the first two servers, with its spread."""
    ceiling, bare = servers[0].name, servers[1].name
    heads = [
        "", "requests/s", "processor time of one, µs", f"speed to {ceiling}", f"speed to {bare}", "peak memory, MB",
        "first answer after, ms",
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
    heads = ["", "processor time of one before, µs", "now, µs", "speed to before", "peak memory before, MB", "now, MB"]
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
    """The median of the ratios, and the least and the greatest."""
    if name == to:
        return "1"
    ratios = [samples[to].effort / samples[name].effort for samples in rounds]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _lasting(answer: Any) -> dict[str, Any]:
    """The members of an answer that are the same each time."""
    return {name: value for name, value in answer.items() if name not in _TIMES}


def _versions() -> str:
    python = f"Python {sys.version.split()[0]}"
    prism = orjson.loads((HERE / "package.json").read_bytes())["dependencies"]["@stoplight/prism-cli"]
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    return f"{', '.join([python, *packages])}, Prism {prism}; {os.cpu_count()} cores"


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput", description="Measure, and write the table."
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often each server is started (default: 7)")
    parser.add_argument("--seconds", type=int, default=5, help="how long each is loaded, each time (default: 5)")
    against = "compare the mock with that of another checkout, and print the table only"
    parser.add_argument("--against", metavar="DIR", type=Path, help=against)
    options = parser.parse_args()
    try:
        if options.against:
            checkouts = pairs(options.against)
            rounds = measure([each for pair in checkouts for each in pair], options.rounds, options.seconds)
            print(f"{comparison(checkouts, rounds)}\n\n{_versions()}.")
            return
        servers = contenders()
        rounds = measure(servers, options.rounds, options.seconds)
    except (MissingToolError, LoadError, DidNotAnswerError, DifferentAnswerError) as error:
        sys.exit(f"benchmarks.throughput: {error}")
    command = f"python -m benchmarks.throughput --rounds {options.rounds} --seconds {options.seconds}"
    text = f"Written by `{command}`.\n\n{table(servers, rounds)}\n\n{READING}\n\n{_versions()}.\n"
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
