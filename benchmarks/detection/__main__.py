"""`python -m benchmarks.detection`: every tool on every broken and every lawful server, as one table.

The tools take turns on each server, so that what else the machine does meanwhile hits all of them alike.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.detection.contenders import CONTENDERS, Contender, GaveUpError, Run
from benchmarks.detection.kept import Kept
from benchmarks.detection.table import CONFORMING, Server, Tried, table
from tests.mutants.catalogue import SECTIONS, mutants_in, title_of
from tests.servers import variants
from tests.servers.careless import carelessly_served
from tests.servers.plain import PlainServer
from tests.servers.serving import served

TABLE = Path(__file__).with_name("result.md")


class Counting:
    """A WSGI application that counts what it is asked."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests += 1
        response: Iterable[bytes] = self._app(environ, start_response)
        return response


def servers() -> Iterator[Server]:
    """All broken ones, then all lawful ones."""
    for section in SECTIONS:
        yield from (Server(title_of(section), mutant) for mutant in mutants_in(section))
    lawful: list[type[PlainServer]] = [PlainServer, *variants.CONFORMING]
    yield from (Server(CONFORMING, each) for each in lawful)


def sampled(all_of_them: Sequence[Server], size: int, seed: int) -> list[Server]:
    """So many broken and so many lawful ones, at most, and the correct one in any case."""
    chance = random.Random(seed)  # noqa: S311
    correct = [server for server in all_of_them if server.make is PlainServer]
    lawful = [server for server in all_of_them if server.group == CONFORMING and server not in correct]
    broken = [server for server in all_of_them if server.group != CONFORMING]
    return correct + [each for group in (broken, lawful) for each in chance.sample(group, min(size, len(group)))]


def tried(server: Server, kept: Kept) -> Tried:
    """What is kept of a server, or what is measured now, and kept."""
    before = kept.of(server)
    if before is not None:
        return before
    now = try_all(server)
    kept.keep(now)
    return now


def try_all(server: Server) -> Tried:
    """Run each tool on a server of its own. One that gave up accused nobody."""
    runs = dict[str, Run]()
    for contender in CONTENDERS:
        try:
            runs |= _try(server, contender)
        except GaveUpError as error:
            print(f"{server.name}: {error}", file=sys.stderr, flush=True)
    said = ", ".join(f"{reading}: {', '.join(sorted(run.faults)) or 'silent'}" for reading, run in runs.items())
    print(f"{server.group}: {server.name}: {said}", file=sys.stderr, flush=True)
    return Tried(server, runs)


def _try(server: Server, contender: Contender) -> Mapping[str, Run]:
    app = Counting(server.make())
    serve = carelessly_served if server.make.careless else served
    with tempfile.TemporaryDirectory() as folder, serve(app) as url:
        return contender.run(url, Path(folder), lambda: app.requests)


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description="Measure, and write the table.")
    parser.add_argument("--sample", type=int, metavar="N", help="take N of the broken and N of the lawful servers")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default: 1)")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="add what is measured to FILE; try what is not in it")
    parser.add_argument("--jobs", type=int, default=1, help="servers side by side (default: 1)")
    options = parser.parse_args()
    chosen = list(servers())
    if options.sample:
        chosen = sampled(chosen, options.sample, options.seed)
    kept = Kept(options.keep, chosen)
    with ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(lambda server: tried(server, kept), chosen))
    drawn = f" --sample {options.sample} --seed {options.seed}" if options.sample else ""
    drawn += " --keep FILE" if options.keep else ""
    text = f"Written by `python -m benchmarks.detection{drawn} --jobs {options.jobs}`.\n\n{table(rows)}"
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
