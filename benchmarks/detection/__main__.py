"""`python -m benchmarks.detection [--sample N]`: every contender on broken and on correct servers, as one table."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.detection.contenders import CONTENDERS, Contender
from tests.mutants.catalogue import MUTANTS
from tests.servers.plain import PlainServer
from tests.servers.serving import served
from tests.servers.variants import VARIANTS

TABLE = Path(__file__).with_name("result.md")


@dataclass(slots=True)
class Tally:
    """What a contender did on a group of servers."""

    servers: int = 0
    accused: int = 0
    requests: int = 0
    seconds: float = 0.0

    def row(self) -> str:
        """The columns of the table."""
        return f"{self.accused} of {self.servers} | {self.requests // self.servers} | {self.seconds / self.servers:.1f}"


class Counting:
    """A WSGI application that counts what it is asked."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests += 1
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer


def tally(contender: Contender, servers: Iterable[type[PlainServer]]) -> Tally:
    """Run a contender on each server."""
    total = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for server in servers:
            app = Counting(server())
            with served(app) as url:
                run = contender.run(url, Path(folder))
            total.servers += 1
            total.accused += run.accused
            total.requests += app.requests
            total.seconds += run.seconds
            print(f"{contender.name}: {server.__name__}: {'accused' if run.accused else '-'}", flush=True)
    return total


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="take N of the broken and N of the lawful servers")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    options = parser.parse_args()
    broken, lawful = list(MUTANTS), [PlainServer, *VARIANTS]
    if options.sample:
        chance = random.Random(options.seed)  # noqa: S311
        broken, lawful = chance.sample(broken, options.sample), chance.sample(lawful, min(options.sample, len(lawful)))
    sampled = f" --sample {options.sample} --seed {options.seed}" if options.sample else ""
    command = f"python -m benchmarks.detection{sampled}"
    lines = [f"Written by `{command}`.", "", HEAD, RULE]
    for contender in CONTENDERS:
        caught, alarms = tally(contender, broken), tally(contender, lawful)
        lines.append(f"| {contender.name} | {caught.row()} | {alarms.row()} |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


HEAD = "| tool | broken servers caught | requests each | seconds | lawful servers accused | requests each | seconds |"
RULE = "|---|---|---|---|---|---|---|"

if __name__ == "__main__":
    main()
