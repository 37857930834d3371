"""Targets that take only some names: a run goes by names that they take, and blames them for none that they refuse."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.target.ledger import read_ledger
from tests.conformance.command import KEYS, KNOWN, conformance
from tests.conformance.test_leftovers import Remembering
from tests.conformance.wire.pasting import BASH
from tests.servers.plain_fields import KEY
from tests.servers.serving import served
from tests.servers.wire import HttpError

ACME = "acme-[a-z0-9-]{1,40}"


class OnlySome(Remembering):
    """Takes names of one pattern."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern = re.compile(pattern)

    def requested_values(self, body: Any) -> Any:
        values = super().requested_values(body)
        if not self.pattern.fullmatch(values[KEY]):
            raise HttpError(400, f"{values[KEY]!r} does not match {self.pattern.pattern}")
        return values


@pytest.mark.parametrize("pattern", [ACME, "[a-z]{1,30}", "[A-Z0-9_]{16,24}", "team/[a-z0-9]+"])
def test_a_strict_run_finds_nothing_and_leaves_nothing(pattern: str, tmp_path: Path) -> None:
    server, ledger, report = OnlySome(pattern), tmp_path / "ledger", tmp_path / "report.json"
    with served(server) as url:
        arguments = (url, *KNOWN, "--strict", "--name-pattern", pattern, "--ledger", str(ledger))
        ran = conformance(*arguments, report=report, environment=KEYS)
    assert ran.with_verdict("fail", "deviates", "error", "unstable") == set()
    assert ran.code == 0, ran.stdout
    assert ran.with_verdict("not-testable") <= {"STA-18", "STA-22"}  # built-in models, slashes
    assert "the target has a read, the target has a delete" in ran.stdout
    assert len(server.ever) > 250
    assert server.there == []
    assert not ledger.exists()


def test_reproductions_go_by_such_names_too(tmp_path: Path) -> None:
    class Rounds(OnlySome):
        def serialize(self, organization: Any, stored: Any) -> Any:
            model = super().serialize(organization, stored)
            return {name: round(value, 2) if isinstance(value, float) else value for name, value in model.items()}

    server = Rounds(ACME)
    with served(server) as url:
        arguments = ("--only", "IDM-01", "--name-pattern", ACME)
        ran = conformance(url, *arguments, report=tmp_path / "report.json", environment=KEYS)
        assert ran.code == 1
        [finding, *_] = ran.requirement("IDM-01")["findings"]
        server.ever.clear()
        script = "\n".join(finding["reproduce"])
        assert "RUN=acme-rc-$(od" in script
        pasted = subprocess.run([BASH, "-eu"], input=script, text=True, capture_output=True, env=KEYS, check=True)
    assert "HTTP/1.1 201" in pasted.stdout
    assert server.ever
    assert all(re.fullmatch(ACME, name) for name in server.ever)


def test_what_is_left_is_deleted_by_the_ledger(tmp_path: Path) -> None:
    class Slow(OnlySome):
        deletes = False

        def delete(self, request: Any) -> Any:
            if not self.deletes:
                raise HttpError(409, "Not now.")
            return super().delete(request)

    server, ledger = Slow(ACME), tmp_path / "ledger"
    with served(server) as url:
        arguments = ("--only", "STA-01", "--name-pattern", ACME, "--ledger", str(ledger))
        assert conformance(url, *arguments, environment=KEYS).code == 0
        [run] = read_ledger(ledger)
        assert re.fullmatch("acme-rc-[0-9a-f]{8}", run.prefix)
        assert {entry.name for entry in run.entries} == set(server.there) != set()
        server.deletes = True
        ran = conformance("clean", str(ledger), environment=KEYS)
    assert ran.code == 0, ran.stdout
    assert server.there == []


def test_the_head_and_a_dry_run_say_which_names() -> None:
    with served(OnlySome(ACME)) as url:
        arguments = (url, "--only", "STA-01", "--name-pattern", ACME)
        ran, dry = conformance(*arguments, environment=KEYS), conformance(*arguments, "--dry-run", environment=KEYS)
    assert re.search(r"Writes    models named acme-rc-[0-9a-f]{8}-\.\.\., in about", ran.stdout)
    assert "Writes    models named like acme-rc-1a2b3c4d-0001, random in each run" in dry.stdout


def test_the_pattern_of_the_contract_is_followed(tmp_path: Path) -> None:
    document = yaml.safe_load(Path("openapi.yaml").read_text())
    del document["paths"]["/api/models/"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    request = document["components"]["schemas"]["ModelUpsert"]["properties"]["model_name"]
    request |= {"pattern": f"^{ACME}$", "maxLength": 30}
    contract = tmp_path / "openapi.yaml"
    contract.write_text(yaml.safe_dump(document))
    ran = conformance("--contract", str(contract), "--strict", report=tmp_path / "report.json")
    assert ran.with_verdict("fail", "deviates", "error", "unstable") == set()
    assert ran.code == 0, ran.stdout
    assert "models named acme-rc-" in ran.stdout


def test_a_pattern_without_room_for_a_name_ends_before_anything_is_sent() -> None:
    ran = conformance("http://127.0.0.1:9", "--name-pattern", "acme", environment=KEYS)
    assert (ran.code, ran.stdout) == (2, "")
    assert (
        "respan-conformance: --name-pattern acme: no unique name for a model matches it; a name needs room"
        in ran.stderr
    )
    ran = conformance("http://127.0.0.1:9", "--name-pattern", "acme-[a-z", environment=KEYS)
    assert (ran.code, ran.stdout) == (2, "")
    assert "--name-pattern: invalid regular expression" in ran.stderr
