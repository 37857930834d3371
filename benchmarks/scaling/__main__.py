"""`python -m benchmarks.scaling connections|models|memory`: whether the cost of a request grows, as a table and a plot.

Speed and latency are those of this machine: measure on an idle one. Processor time per request depends less on other
work of the machine, and so shows best whether the cost grows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scaling.fill import fill
from benchmarks.scaling.plot import Panel, plot
from benchmarks.throughput.contenders import Contender, mocks
from benchmarks.throughput.load import LoadError, MissingToolError, load
from benchmarks.throughput.process import DidNotRespondError, Running, free_port, running
from benchmarks.throughput.versions import versions

HERE = Path(__file__).parent
CONNECTIONS = (1, 4, 16, 64, 256)
SAMPLES = 20
"""How often memory is measured."""
_LOGS = "`--quiet` logs warnings only; without it, each request is logged, here to a file."
"""Said only of tables that have rows without `--quiet`."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a server did under one load."""

    at: float
    """The number of connections, models or requests."""
    throughput: float = 0
    """Requests per second."""
    effort: float = 0
    """Processor time per request, in µs."""
    median_ms: float = 0
    p99_ms: float = 0
    memory: float = 0
    """Resident memory after it, in MB."""


Lines = Mapping[str, Sequence[Point]]
"""The points of each server, by name."""


def under_load(server: Running, at: float, seconds: int, connections: int = 16, models: int = 100) -> Point:
    """Load a server for some seconds, and return what it did."""
    before = server.processor_time
    done = load(server.url, seconds, connections, models)
    effort = (server.processor_time - before) / done.requests * 1e6
    return Point(at, done.requests / done.seconds, effort, done.median_ms, done.p99_ms, server.memory)


def of_connections(server: Running, options: argparse.Namespace) -> list[Point]:
    """Measure a server with more and more connections."""
    return [under_load(server, each, options.seconds, connections=each) for each in CONNECTIONS]


def of_models(server: Running, options: argparse.Namespace) -> list[Point]:
    """Measure a server with more and more stored models, of which random ones are updated."""
    points, stored = [], 0
    for count in _powers_of_ten(options.models):
        fill(server.url, range(stored, count))
        stored = count
        points.append(under_load(server, count, options.seconds, models=count))
    return points


def _powers_of_ten(most: int) -> list[int]:
    """Return 1, 100, 10,000 and so on, up to `most`.

    >>> _powers_of_ten(50_000)
    [1, 100, 10000, 50000]
    """
    counts = [1]
    while counts[-1] < most:
        counts.append(min(counts[-1] * 100, most))
    return counts


def of_memory(server: Running, options: argparse.Namespace) -> list[Point]:
    """Measure the memory of a server while it gets many requests about a hundred models."""
    points, part = [Point(0, memory=server.memory)], max(options.requests // SAMPLES, 1)
    for number in range(1, SAMPLES + 1):
        fill(server.url, [each % 100 for each in range(part)])
        points.append(Point(number * part, memory=server.memory))
    return points


def speed(lines: Lines, x: str) -> list[Panel]:
    """Return the panels of a measurement under load."""
    return [
        Panel(x, y, {name: [(it.at, getattr(it, what)) for it in line] for name, line in lines.items()}, True)
        for y, what in (
            ("requests/s", "throughput"),
            ("processor time per request, µs", "effort"),
            ("99 % of latencies, ms", "p99_ms"),
        )
    ]


def connections(options: argparse.Namespace) -> None:
    """Write the table and the plot of throughput and latency by connections."""
    lines = _measured(mocks(), of_connections, options)
    about = f"Throughput and latency by the number of connections. {_LOGS}"
    _write(options, "connections", lines, about, "connections")


def models(options: argparse.Namespace) -> None:
    """Write the table and the plot of throughput, latency and memory by stored models."""
    room = ("--max-state-bytes", str(max(options.models * 1000, 2**26)))
    lines = _measured(mocks(*room)[:2], of_models, options)
    first, last = (next(iter(lines.values()))[at] for at in (0, -1))
    each = (last.memory - first.memory) * 1e6 / max(last.at - first.at, 1)
    about = (
        f"Random ones of the stored models are updated over 16 connections. A model takes {each:,.0f} bytes of memory."
    )
    _write(options, "models", lines, about, "stored models")


def memory(options: argparse.Namespace) -> None:
    """Write the table and the plot of memory over time."""
    lines = _measured(mocks(), of_memory, options)
    about = f"Upserts of a hundred models, sent over one connection, 64 at a time. {_LOGS}"
    panel = Panel("requests", "memory, MB", {name: [(it.at, it.memory) for it in line] for name, line in lines.items()})
    plot(HERE / "memory.svg", "Memory", [panel])
    heads = ["requests", *lines]
    rows = [
        [f"{points[0].at:,.0f}", *(f"{it.memory:.1f}" for it in points)] for points in zip(*lines.values(), strict=True)
    ]
    _write_page(options, "memory", about, [heads, *rows])


def _measured(
    servers: Sequence[Contender],
    measure: Callable[[Running, argparse.Namespace], list[Point]],
    options: argparse.Namespace,
) -> Lines:
    lines = {}
    for each in servers:
        port = free_port()
        with running(each.command(port), port) as server:
            lines[each.name] = measure(server, options)
        print(f"{each.name}: measured", file=sys.stderr, flush=True)
    return lines


def _write(options: argparse.Namespace, name: str, lines: Lines, about: str, x: str) -> None:
    plot(HERE / f"{name}.svg", f"By {x}", speed(lines, x))
    heads = [x, "", "requests/s", "processor time per request, µs", "median latency, ms", "99 %, ms", "memory, MB"]
    rows = [
        [f"{it.at:,}", server, f"{it.throughput:,.0f}", f"{it.effort:.0f}", f"{it.median_ms:.2f}", f"{it.p99_ms:.2f}",
         f"{it.memory:,.0f}"]
        for server, line in lines.items()
        for it in line
    ]  # fmt: skip
    _write_page(options, name, about, [heads, *rows])


def _write_page(options: argparse.Namespace, name: str, about: str, rows: Sequence[Sequence[str]]) -> None:
    heads, *others = (f"| {' | '.join(row)} |" for row in rows)
    table = "\n".join([heads, f"|{' --- |' * len(rows[0])}", *others])
    given = f"--{options.option} {getattr(options, options.option)}"
    command = f"Generated by `python -m benchmarks.scaling {name} {given}`; do not edit."
    text = f"{command}\n\n{table}\n\n{about}\n\n{versions()}.\n"
    (HERE / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def main() -> None:
    """Measure and write one table and one plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description="Write a table and a plot.")
    commands = parser.add_subparsers(required=True, metavar="connections|models|memory")
    for run, option, default, about in (
        (connections, "seconds", 10, "seconds of load for each number of connections"),
        (models, "models", 1_000_000, "the highest number of stored models"),
        (memory, "requests", 1_000_000, "the number of requests"),
    ):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.add_argument(f"--{option}", type=int, default=default, help=f"{about} (default: %(default)s)")
        command.set_defaults(run=run, option=option)
        if option == "models":
            command.set_defaults(seconds=10)
    options = parser.parse_args()
    try:
        options.run(options)
    except (MissingToolError, LoadError, DidNotRespondError, ModuleNotFoundError) as error:
        sys.exit(f"benchmarks.scaling: {error}")


if __name__ == "__main__":
    main()
