"""`python -m benchmarks.detection [--sample N]`: every contender on broken and on correct servers, as one table."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.detection.contenders import CONTENDERS, Contender, Run
from tests.mutants.catalogue import MUTANTS
from tests.servers.plain import PlainServer
from tests.servers.serving import served
from tests.servers.variants import VARIANTS

TABLE = Path(__file__).with_name("result.md")


@dataclass(slots=True)
class Tally:
    """What a contender did on a group of servers."""

    servers: int = 0
    accused: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    seconds: float = 0.0

    def row(self, reading: str) -> str:
        """The columns of the table."""
        each = f"{self.requests // self.servers} | {self.seconds / self.servers:.1f}"
        return f"{self.accused[reading]} of {self.servers} | {each}"


class Counting:
    """A WSGI application that counts what it is asked."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests += 1
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer


def tally(contender: Contender, servers: Sequence[type[PlainServer]], jobs: int) -> Tally:
    """Run a contender on each server, `jobs` at a time."""
    total = Tally()

    def try_on(server: type[PlainServer]) -> tuple[Run, int]:
        app = Counting(server())
        with tempfile.TemporaryDirectory() as folder, served(app) as url:
            return contender.run(url, Path(folder)), app.requests

    with ThreadPoolExecutor(jobs) as pool:
        for server, (run, requests) in zip(servers, pool.map(try_on, servers), strict=True):
            total.servers += 1
            total.accused += Counter(name for name, accused in run.accused.items() if accused)
            total.requests += requests
            total.seconds += run.seconds
            print(f"{server.__name__}: {run.accused}", flush=True)
    return total


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="take N of the broken and N of the lawful servers")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    options = parser.parse_args()
    broken: list[type[PlainServer]] = list(MUTANTS)
    lawful: list[type[PlainServer]] = [PlainServer, *VARIANTS]
    if options.sample:
        chance = random.Random(options.seed)  # noqa: S311
        broken, lawful = chance.sample(broken, options.sample), chance.sample(lawful, min(options.sample, len(lawful)))
    sampled = f" --sample {options.sample} --seed {options.seed}" if options.sample else ""
    command = f"python -m benchmarks.detection{sampled} --jobs {options.jobs}"
    lines = [f"Written by `{command}`.", "", HEAD, RULE]
    for contender in CONTENDERS:
        caught, alarms = tally(contender, broken, options.jobs), tally(contender, lawful, options.jobs)
        lines += [f"| {reading} | {caught.row(reading)} | {alarms.row(reading)} |" for reading in contender.readings]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


HEAD = "| tool | broken servers caught | requests each | seconds | lawful servers accused | requests each | seconds |"
RULE = "|---|---|---|---|---|---|---|"

if __name__ == "__main__":
    main()
