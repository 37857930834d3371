"""`check`: the suite as a function, on an application in this process, shut off from the pytest around it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from conformance import NoResult, check
from conformance.reports import as_json
from conformance.results.verdict import RunVerdict, Verdict
from contract import ContractError
from tests.conformance.parts import wsgi
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer

KEY = "demo-acme"
FEW = ["STA-01", "STA-02", "AUT-01"]

pytestmark = pytest.mark.usefixtures("no_settings")


def _verdicts(verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    return {id: verdict.value for id, verdict in verdicts.items() if verdict is not Verdict.NOT_SELECTED}


def test_a_correct_application_conforms() -> None:
    result = check(PlainServer(), api_key=KEY, only=FEW)
    assert result.verdict() is RunVerdict.CONFORMANT
    assert _verdicts(result.verdicts()) == dict.fromkeys(sorted(FEW), "pass")
    assert 0 < result.requests < 60
    assert result.notes == [
        "the target has a read",
        "the target has a delete",
        "an upsert keeps omitted fields",
    ]


def test_a_bug_is_found_and_reported_without_the_key() -> None:
    result = check(AlwaysCreated(), api_key=KEY, only=FEW)
    assert result.verdict() is RunVerdict.NON_CONFORMANT
    assert _verdicts(result.verdicts()) == {"STA-01": "pass", "STA-02": "fail", "AUT-01": "pass"}
    [finding] = result.judged["STA-02"].findings
    assert finding.expected == "status 200 for a name that existed"
    assert KEY not in as_json(result)


def test_what_a_run_made_is_deleted_afterwards() -> None:
    server = PlainServer()
    there = set(server.snapshot())
    check(server, api_key=KEY, only=FEW)
    assert set(server.snapshot()) == there


@pytest.mark.parametrize("seed", [0, 7, "8"])
def test_a_run_uses_the_seed_of_the_user(seed: Any) -> None:
    assert check(PlainServer(), api_key=KEY, only=["STA-01"], seed=seed).seed == int(seed)


def test_without_a_seed_each_run_has_its_own() -> None:
    seeds = {check(PlainServer(), api_key=KEY, only=["STA-01"]).seed for _ in range(2)}
    assert len(seeds) == 2


def test_strict_is_a_matter_of_reading_the_result() -> None:
    result = check(PlainServer(), api_key=KEY, only="STA-01,STA-02", strict=True)
    assert result.strict
    assert _verdicts(result.verdicts()) == {"STA-01": "pass", "STA-02": "pass"}


def test_settings_of_pytest_around_do_not_reach_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    before = dict(os.environ)
    result = check(PlainServer(), api_key=KEY, only=["STA-01"])
    assert result.verdicts()["STA-01"] is Verdict.PASS
    assert dict(os.environ) == before


def test_a_target_that_is_not_there_gives_no_result() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "http://{}:{}".format(*listener.getsockname())
    with pytest.raises(NoResult, match="refused the connection: nothing listens there"):
        check(url, only=["STA-01"])


def test_a_wrong_key_gives_no_result() -> None:
    with pytest.raises(NoResult, match="rejects the API key"):
        check(PlainServer(), api_key="demo-nobody", only=["STA-01"])


def test_something_else_at_the_place_of_the_endpoint_gives_no_result() -> None:
    with pytest.raises(NoResult, match="the endpoint is not there"):
        check(wsgi(lambda *_: (404, {})), api_key=KEY, only=["STA-01"])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"only": ["STA-1"]}, "only: there is no requirement or section STA-1; did you mean STA-01?"),
        ({"only": ["STA-01"], "skip": ["STA"]}, "select no requirement"),
        ({"time_limit": 5}, "--time-limit needs --profile thorough"),
        ({"header": ["X-Gateway"]}, "header: write it as"),
        ({"waivers": "/no/such/file"}, "/no/such/file"),
        ({"seed": "seven"}, "seed: 'seven' is not a whole number"),
    ],
)
def test_a_wrong_option_raises_an_error_in_python(options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=re.escape(error)):
        check(PlainServer(), api_key=KEY, **options)


def test_a_missing_contract_raises_an_error_in_python() -> None:
    with pytest.raises(ContractError, match="/no/such"):
        check(PlainServer(), api_key=KEY, contract="/no/such/openapi.yaml")
