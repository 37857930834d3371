"""Waivers as a user meets them: written of what fails today, applied tomorrow, expired the day after."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.command import KEYS, conformance
from tests.mutants.responses import ByteOrderMark
from tests.servers.plain import PlainServer, Stored
from tests.servers.plain_fields import Values
from tests.servers.serving import served

OWNER = {"RESPAN_API_KEY": KEYS["RESPAN_API_KEY"]}
FEW = ("--only", "IDM-01,STA-01,STA-02,SCH-01")


class RoundsNumbers(PlainServer):
    """Costs come back with two decimals, for some."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        model = super().serialize(organization, stored)
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in model.items()}


class RoundsOnce(RoundsNumbers):
    """The first cost of all comes back with two decimals, and then none does."""

    rounded = False

    def serialize(self, organization: str, stored: Stored) -> Values:
        exact = PlainServer.serialize(self, organization, stored)
        if self.rounded:
            return exact
        self.rounded = exact != super().serialize(organization, stored)
        return super().serialize(organization, stored)


def _waiver(id: str, expires: str = "9999-12-31") -> str:
    return f'[[waiver]]\nid = "{id}"\nreason = "the ledger rounds"\nowner = "jane"\nexpires = {expires}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waivers.toml"


def test_a_gate_is_switched_on_before_all_is_mended(file: Path, tmp_path: Path) -> None:
    with served(RoundsNumbers()) as url:
        words = ("--waiver-owner", "jane", "--waiver-reason", "the ledger rounds")
        first = conformance(url, *FEW, "--write-waivers", str(file), *words, environment=OWNER)
        second = conformance(url, *FEW, "--waivers", str(file), report=tmp_path / "report.json", environment=OWNER)
        strict = conformance(url, *FEW, "--waivers", str(file), "--strict", environment=OWNER)
    assert first.code == 1
    assert f"{file} has 1 waiver; check the reasons and owners" in first.stderr
    assert (second.code, strict.code) == (0, 0)
    assert second.verdict_on("IDM-01") == "waived"
    assert second.requirement("IDM-01")["waiver"]["owner"] == "jane"
    assert "by jane: the ledger rounds)" in second.stdout
    assert "CONFORMANT" in second.stdout


def test_what_is_waived_costs_no_second_look(file: Path, tmp_path: Path) -> None:
    file.write_text(_waiver("IDM-01"))
    with served(RoundsNumbers()) as url:
        full = conformance(url, *FEW, report=tmp_path / "full.json", environment=OWNER)
        waived = conformance(url, *FEW, "--waivers", str(file), report=tmp_path / "w.json", environment=OWNER)
    assert full.report is not None
    assert waived.report is not None
    assert waived.report["run"]["requests"] < full.report["run"]["requests"]


def test_an_expired_waiver_fails_and_names_its_owner(file: Path) -> None:
    file.write_text(_waiver("IDM-01", "2020-01-31"))
    with served(RoundsNumbers()) as url:
        ran = conformance(url, *FEW, "--waivers", str(file), environment=OWNER)
    assert ran.code == 1
    assert "the waiver of IDM-01 (jane) expired on 2020-01-31: fix it, or agree on a later date" in ran.stdout


def test_a_waiver_that_is_not_needed_fails_a_strict_run_only(file: Path) -> None:
    file.write_text(_waiver("IDM-01"))
    with served(PlainServer()) as url:
        ran = conformance(url, *FEW, "--waivers", str(file), environment=OWNER)
        strict = conformance(url, *FEW, "--waivers", str(file), "--strict", environment=OWNER)
    assert (ran.code, strict.code) == (0, 1)
    assert "the waiver of IDM-01 (jane) is no longer needed" in ran.stdout
    assert "OUTDATED WAIVERS" in strict.stdout


def test_an_unstable_requirement_that_is_waived_leaves_no_doubt(file: Path) -> None:
    file.write_text(_waiver("IDM-01"))
    with served(RoundsOnce()) as url:
        assert conformance(url, *FEW, environment=OWNER).code == 4
    with served(RoundsOnce()) as url:
        assert conformance(url, *FEW, "--waivers", str(file), environment=OWNER).code == 0


def test_a_fault_on_every_exchange_is_waived_wherever_it_comes_up(file: Path) -> None:
    file.write_text(_waiver("SCH-01"))
    with served(ByteOrderMark()) as url:
        assert conformance(url, *FEW, environment=OWNER).code == 1
        assert conformance(url, *FEW, "--waivers", str(file), environment=OWNER).code == 0


def test_a_waiver_that_cannot_be_read_is_wrong_use(file: Path) -> None:
    file.write_text(_waiver("IDM-1"))
    for option in ("--waivers", "--write-waivers"):
        ran = conformance("http://127.0.0.1:9", option, str(file))
        assert ran.code == 2
        assert f"{file}:2: waiver 1 (IDM-1): id: there is no requirement IDM-1; did you mean IDM-01?" in ran.stderr
