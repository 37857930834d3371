"""`python -m benchmarks.detection`: run every tool on every server that has no measurement yet, and write the tables.

The tools take turns on each server, so that other work of the machine affects all of them alike.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.detection.contenders import CONTENDERS, Contender, GaveUpError
from benchmarks.detection.measurements import Measurements, Run, Runs
from benchmarks.detection.servers import Server, all_servers
from benchmarks.detection.table import document
from tests.servers.careless import carelessly_served
from tests.servers.serving import served

DOCUMENT = Path(__file__).with_name("result.md")


class Counting:
    """A WSGI application that counts its requests. All else about it, such as its HTTP server, is that of `app`."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests += 1
        response: Iterable[bytes] = self._app(environ, start_response)
        return response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)


def run_all_tools(server: Server) -> Runs:
    """Run each tool on a fresh instance of the server. A tool that gives up has no run."""
    runs = dict[str, Run]()
    for contender in CONTENDERS:
        try:
            runs |= _run(server, contender)
        except GaveUpError as error:
            print(f"{server.name}: {error}", file=sys.stderr, flush=True)
    reports = ", ".join(f"{reading}: {', '.join(sorted(run.faults)) or 'no fault'}" for reading, run in runs.items())
    print(f"{server.group}: {server.name}: {reports}", file=sys.stderr, flush=True)
    return runs


def _run(server: Server, contender: Contender) -> Runs:
    app = Counting(server.make())
    serve = carelessly_served if server.make.careless else served
    with tempfile.TemporaryDirectory() as folder, serve(app) as url:
        return contender.run(url, Path(folder), lambda: app.requests)


def chosen(options: argparse.Namespace, measurements: Measurements, servers: Sequence[Server]) -> list[Server]:
    """Return the servers to measure: the named ones, all, or those without a measurement."""
    if options.names:
        return [server for server in servers if server.name in options.names]
    return list(servers) if options.all else measurements.missing(servers)[: options.at_most]


def update(
    options: argparse.Namespace,
    measurements: Measurements,
    servers: Sequence[Server],
    measure: Callable[[Server], Runs] = run_all_tools,
) -> str:
    """Measure what is to be measured, forget servers that no longer exist, and return the tables."""
    measurements.drop_removed(servers)
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda server: measurements.measure(server, measure), chosen(options, measurements, servers)))
    return document(measurements, servers)


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection",
        description="Measure the servers that have no measurement yet, and write the tables.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure this server again, such as ZeroMeansUnset")
    parser.add_argument("--all", action="store_true", help="measure all servers again, which takes hours")
    parser.add_argument("--at-most", type=int, metavar="N", help="measure at most N of the missing servers")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="servers at the same time (default: 1)")
    return parser


def main() -> None:
    """Measure, and write the tables."""
    parser = arguments()
    options = parser.parse_args()
    servers = list(all_servers())
    unknown = set(options.names) - {server.name for server in servers}
    if unknown:
        parser.error(f"unknown server: {', '.join(sorted(unknown))}")
    text = update(options, Measurements(), servers)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
