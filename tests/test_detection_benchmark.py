"""The detection benchmark measures only what is missing, and its tables are those of the stored measurements."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from benchmarks.detection.__main__ import DOCUMENT, Counting, arguments, update
from benchmarks.detection.contenders import READINGS
from benchmarks.detection.measurements import Measurements, Run, Runs
from benchmarks.detection.servers import CORRECT, Server, all_servers
from benchmarks.detection.table import document
from tests.mutants.statuses import AlwaysCreated, AlwaysOk
from tests.servers.careless import carelessly_served
from tests.servers.variants.connections import Http10

SERVERS = [Server("Statuses", AlwaysCreated), Server("Statuses", AlwaysOk), CORRECT]
STALE = "stale; run: python -m benchmarks.detection --at-most 0"


class Bench:
    """The benchmark with tools that only note which servers they were run on."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.measured: list[str] = []

    def run(self, *words: str, servers: list[Server] = SERVERS) -> str:
        options = arguments().parse_args(words)
        return update(options, Measurements(self.file), servers, self._measure)

    def _measure(self, server: Server) -> Runs:
        self.measured.append(server.name)
        faults = frozenset[str]() if server is CORRECT else frozenset({"STA-01"})
        return {reading: Run(faults, requests=10, seconds=1.0, version="tool 1.0") for reading in READINGS}

    def stored(self) -> set[str]:
        return set(json.loads(self.file.read_text(encoding="utf-8")))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "measurements.json")


def test_the_first_run_measures_every_server_and_the_correct_one_first(bench: Bench) -> None:
    table = bench.run()
    assert bench.measured[0] == "PlainServer"
    assert bench.stored() == set(bench.measured) == {"AlwaysCreated", "AlwaysOk", "PlainServer"}
    assert "Measured: 3 of 3 servers, with tool 1.0." in table
    assert "| respan-conformance | 2 of 2 | 0 of 1 | 2 of 2 | 10 | 1.0 | 0 |" in table


def test_a_later_run_measures_only_a_new_server(bench: Bench) -> None:
    bench.run(servers=[CORRECT, SERVERS[0]])
    bench.measured.clear()
    bench.run()
    assert bench.measured == ["AlwaysOk"]


def test_a_run_without_a_new_server_measures_nothing_and_writes_the_same_tables(bench: Bench) -> None:
    first = bench.run()
    bench.measured.clear()
    assert bench.run() == first
    assert bench.measured == []


def test_a_removed_server_is_dropped(bench: Bench) -> None:
    bench.run()
    table = bench.run(servers=[CORRECT, SERVERS[0]])
    assert bench.stored() == {"AlwaysCreated", "PlainServer"}
    assert "Measured: 2 of 2 servers" in table


def test_all_measures_every_server_again(bench: Bench) -> None:
    bench.run()
    bench.measured.clear()
    bench.run("--all")
    assert sorted(bench.measured) == ["AlwaysCreated", "AlwaysOk", "PlainServer"]


def test_a_named_server_is_measured_again(bench: Bench) -> None:
    bench.run()
    bench.measured.clear()
    bench.run("AlwaysOk")
    assert bench.measured == ["AlwaysOk"]


def test_at_most_bounds_a_run(bench: Bench) -> None:
    assert "Measured: 1 of 3 servers" in bench.run("--at-most", "1")
    assert bench.stored() == {"PlainServer"}


def test_an_interrupted_run_keeps_what_it_has_measured(bench: Bench) -> None:
    class Interrupted(Bench):
        def _measure(self, server: Server) -> Runs:
            if self.measured:
                raise KeyboardInterrupt
            return super()._measure(server)

    with pytest.raises(KeyboardInterrupt):
        Interrupted(bench.file).run()
    assert bench.stored() == {"PlainServer"}


def test_a_server_is_measured_over_its_own_http() -> None:
    app = Counting(Http10())
    with carelessly_served(app) as url:
        assert httpx2.get(url).http_version == "HTTP/1.0"
    assert app.requests == 1


def test_names_of_servers_are_unique() -> None:
    names = [server.name for server in all_servers()]
    assert sorted(names) == sorted(set(names))


def test_the_tables_are_current() -> None:
    measurements, servers = Measurements(), list(all_servers())
    assert set(measurements.runs) <= {server.name for server in servers}, STALE
    assert DOCUMENT.read_text(encoding="utf-8") == document(measurements, servers), STALE
