"""`python -m benchmarks.throughput.scale [--rounds N] [--seconds N]`: what a shared store costs, and what workers gain.

In each round, all mocks run side by side and get load in turn, a second at a time. Processor time is that of all
processes of a mock, and that of Redis beside it: on a busy machine, it says more than requests per second.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.throughput.contenders import Contender
from benchmarks.throughput.load import LoadError, MissingToolError, load
from benchmarks.throughput.process import DidNotRespondError, Running, free_port, running
from mock_server.shared.private import private_redis, redis_server

TABLE = Path(__file__).with_name("scale.md")
WARMING = 1
READING = """\
Medians over the rounds, with the lowest and the highest in parentheses. All run on one machine, beside the client that
sends the load, and with the default journal. The processor time of Redis is what it takes for each request. Beside
other work, requests per second vary widely, and only processor time says what a mock costs."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """The measurements of one mock in one round."""

    throughput: float
    """Requests per second."""
    mock: float
    """Processor time of the mock for each request, in microseconds."""
    redis: float
    """Processor time of Redis for each request, in microseconds."""


@dataclass(frozen=True, slots=True)
class _Started:
    name: str
    running: Running
    redis: subprocess.Popen[bytes] | None

    @property
    def processor_time(self) -> float:
        return sum(_processor_time(each) for each in _family(self.running.pid))

    @property
    def redis_time(self) -> float:
        return _processor_time(self.redis.pid) if self.redis else 0


def _family(pid: int) -> Iterator[int]:
    """Yield a process and all that it has started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        yield from _family(int(child))


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _start(stack: contextlib.ExitStack, workers: int, *, stored: bool) -> _Started:
    port = free_port()
    options, redis = ["--quiet", "--workers", str(workers)], None
    name = (
        "`respan-mock --quiet" + (f" --workers {workers}" if workers > 1 else "") + (" --store ...`" if stored else "`")
    )
    if stored:
        address, redis = stack.enter_context(private_redis())
        options += ["--store", address]
    command = [sys.executable, "-m", "mock_server", *options, "--port"]
    contender = Contender(name, lambda port: [*command, str(port)])
    return _Started(name, stack.enter_context(running(contender.command(port), port)), redis)


def one_round(seconds: int, most: int) -> dict[str, Sample]:
    """Start all mocks, load each for `seconds` in turn, and stop them."""
    with contextlib.ExitStack() as stack:
        counts = [1, *range(2, most + 1)]
        started = [_start(stack, 1, stored=False), *(_start(stack, count, stored=True) for count in counts)]
        for each in started:
            load(each.running.url, WARMING)
        slices: dict[str, list[tuple[int, float, float, float]]] = {each.name: [] for each in started}
        for _ in range(seconds):
            for each in started:
                before = each.processor_time, each.redis_time
                done = load(each.running.url, 1)
                taken = each.processor_time - before[0], each.redis_time - before[1]
                slices[each.name].append((done.requests, done.seconds, *taken))
        return {name: _sample(done) for name, done in slices.items()}


def _sample(slices: Sequence[tuple[int, float, float, float]]) -> Sample:
    requests, seconds, mock, redis = (sum(column) for column in zip(*slices, strict=True))
    return Sample(requests / seconds, mock / requests * 1e6, redis / requests * 1e6)


def table(rounds: Sequence[dict[str, Sample]]) -> str:
    """Return the medians, and the throughput relative to one worker with a store."""
    single = list(rounds[0])[1]
    heads = ["", "requests/s", "relative to one worker with a store", "processor time of the mock, µs", "of Redis, µs"]
    lines = [heads, ["---"] * len(heads)]
    for name in rounds[0]:
        ratios = [samples[name].throughput / samples[single].throughput for samples in rounds]
        lines.append(
            [
                name,
                _median(rounds, name, lambda it: it.throughput),
                f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                _median(rounds, name, lambda it: it.mock),
                _median(rounds, name, lambda it: it.redis),
            ]
        )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _median(rounds: Sequence[dict[str, Sample]], name: str, what: Callable[[Sample], float]) -> str:
    values = [what(samples[name]) for samples in rounds]
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def _server() -> str:
    """Return the version of redis-server."""
    printed = subprocess.run([redis_server(), "--version"], capture_output=True, text=True, check=True).stdout
    return f"redis-server {printed.split('v=')[1].split()[0]}"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput.scale", description="Measure workers.")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: 5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of load for each mock in a round (default: 4)")
    parser.add_argument("--workers", type=int, default=2, help="measure 1 to this number of workers (default: 2)")
    options = parser.parse_args()
    rounds = []
    try:
        for number in range(options.rounds):
            rounds.append(one_round(options.seconds, options.workers))
            print(f"round {number + 1}: {rounds[-1]}", file=sys.stderr, flush=True)
    except (MissingToolError, LoadError, DidNotRespondError) as error:
        sys.exit(f"benchmarks.throughput.scale: {error}")
    command = f"python -m benchmarks.throughput.scale --rounds {options.rounds} --seconds {options.seconds}"
    versions = f"Python {sys.version.split()[0]}, redis {version('redis')}, {_server()}; {os.cpu_count()} cores"
    text = f"Generated by `{command}`; do not edit.\n\n{table(rounds)}\n\n{READING}\n\n{versions}.\n"
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
