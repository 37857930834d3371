"""Findings as a report shows them: what happened, whole enough to repeat, and without a secret."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.checks.invalid_credentials import invalid_credentials
from conformance.judge.outcome import Failure
from conformance.results.finding import (
    LONGEST_BODY,
    LONGEST_SEQUENCE,
    RUN,
    UNSERVED,
    Evidence,
    Finding,
    Origin,
    Place,
    RedactedResponse,
    Replayed,
    finding_of,
)
from conformance.results.verdict import Verdict
from conformance.target.client import Credentials, token_of
from conformance.wire.exchange import Credential, Exchange, Request, Response
from tests.conformance.parts import drawn

KEY = "sk-Secret-Token-1"
OWNER = Credential(f"Bearer {KEY}", "Bearer $RESPAN_API_KEY")
VARIABLES = {KEY: "$RESPAN_API_KEY", "rc-0123abcd": RUN}
BASE = "http://127.0.0.1:8000"
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=30).map("sk-{}".format)


def _exchange(said: str, credential: Credential | None = OWNER, **request: Any) -> Exchange:
    asked = Request("POST", "/api/", (("Content-Type", "application/json"),), b"{}", credential)
    response = Response(400, (("X-Said", said[:100]),), said.encode(), 0.0)
    return Exchange(replace(asked, **request), response)


def _finding(
    *exchanges: Exchange,
    observed: str = "400",
    variables: dict[str, str] | None = None,
    place: Place = Place(BASE),  # noqa: B008 - it is frozen
    **more: Any,
) -> Finding:
    evidence = Evidence(Failure("status 200", observed), exchanges, **{"replay": Replayed.SHOWN, **more})
    return finding_of("IDM-01", evidence, Origin("IDM-02", "a case", "again"), place, variables or VARIABLES)


def test_a_finding_describes_what_happened() -> None:
    finding = _finding(_exchange("said"))
    assert (finding.requirement, finding.found_in, finding.case) == ("IDM-01", "IDM-02", "a case")
    assert finding.verdict == Verdict.FAIL
    assert (finding.expected, finding.observed) == ("status 200", "400")
    [command] = finding.reproduce
    assert command.startswith(f"curl -sS -i -w '\\n' -X POST {BASE}/api/")
    [exchange] = finding.exchanges
    assert exchange.request.headers[-1] == ("Authorization", "Bearer $RESPAN_API_KEY")
    assert exchange.response == RedactedResponse(400, (("X-Said", "said"),), "said")


def test_a_request_without_credentials_is_printed_without() -> None:
    finding = _finding(_exchange("said", None))
    assert "Authorization" not in repr(finding)


def test_bytes_that_are_not_text_are_printed_escaped() -> None:
    finding = _finding(_exchange("said", body=b"\xff\xfe{"))
    assert finding.exchanges[0].request.body == "\\xff\\xfe{"


def test_names_of_the_run_stand_in_exchanges_and_not_in_commands() -> None:
    finding = _finding(_exchange("said", body=b"rc-0123abcd-1"))
    assert finding.exchanges[0].request.body == "rc-0123abcd-1"
    assert not any("0123abcd" in command for command in finding.reproduce)


def test_what_was_replayed_is_printed_whole() -> None:
    finding = _finding(*(_exchange(f"response {number}") for number in range(LONGEST_SEQUENCE + 5)))
    assert len(finding.exchanges) == len(finding.reproduce) == LONGEST_SEQUENCE + 5
    assert (finding.not_reproduced, finding.rerun) == ("", "again")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (
            {"replay": Replayed.RACED},
            "some of the requests were sent concurrently, which commands cannot repeat reliably",
        ),
        ({"replay": Replayed.NOT_SHOWN}, "the requests alone do not show it again"),
        ({"verdict": Verdict.UNSTABLE}, "it failed once and then passed"),
    ],
)
def test_what_was_not_replayed_is_no_reproduction(what: dict[str, Any], why: str) -> None:
    finding = _finding(*(_exchange(f"response {number}") for number in range(LONGEST_SEQUENCE + 5)), **what)
    assert (finding.reproduce, finding.not_reproduced) == ((), why)
    assert len(finding.exchanges) == LONGEST_SEQUENCE
    assert finding.exchanges[-1].response.body == f"response {LONGEST_SEQUENCE + 4}"


def test_a_finding_without_exchanges_points_to_those_of_others() -> None:
    assert _finding().not_reproduced == "other findings of IDM-01 are shown with their requests"
    assert _finding(replay=Replayed.NO_RESPONSE).not_reproduced == "the last request got no response"


def test_an_application_is_served_first_where_a_path_leads_to_it() -> None:
    place = Place.of("my_project:App (in process)", "my_project.asgi:app")
    served, command, ended = _finding(_exchange("said"), place=place).reproduce
    assert served == 'eval "$(respan-conformance serve my_project.asgi:app)"'
    assert '"$RESPAN_URL"/api/' in command
    assert ended == 'kill "$RESPAN_SERVER"'
    unserved, _ = _finding(_exchange("said"), place=Place.of("app (in process)", None)).reproduce
    assert unserved == UNSERVED


def test_a_long_body_is_cut_and_measured() -> None:
    body = _finding(_exchange("x" * 5000)).exchanges[0].response.body
    assert body == "x" * LONGEST_BODY + "... (5000 characters)"


@given(TOKENS)
@drawn
def test_no_finding_contains_a_token_wherever_it_is_echoed(token: str) -> None:
    owner = Credentials.from_keys(token, None, None).primary
    echo = json.dumps({"detail": "unknown"}) + f" {token} Bearer {token}"
    sent = {"headers": (("X-Api-Key", token),), "target": f"/?token={token}", "body": f"token={token}".encode()}
    finding = _finding(_exchange(echo, owner, **sent), observed=f"400 {echo}", variables={token: "$RESPAN_API_KEY"})
    assert token not in "\n".join(_texts(finding))


@pytest.mark.parametrize("kind", invalid_credentials(OWNER))
def test_no_finding_contains_a_near_miss_of_a_token(kind: str) -> None:
    near = invalid_credentials(OWNER)[kind]
    echo = f"unknown key {token_of(near)}"
    texts = "\n".join(_texts(_finding(_exchange(echo, near), observed=f"400 {echo}")))
    assert KEY not in texts
    assert KEY[1:-1] not in texts
    assert KEY.swapcase() not in texts
    assert near.shell in texts


def test_a_token_at_the_cut_of_a_long_body_is_not_printed_in_part() -> None:
    echo = "x" * (LONGEST_BODY - len(KEY) + 1) + KEY + "y" * 100
    assert KEY[:-1] not in "\n".join(_texts(_finding(_exchange(echo))))


def _texts(finding: Finding) -> list[str]:
    """Every text in a finding, as it stands there."""
    return _strings(asdict(finding))


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for child in value.values() for text in _strings(child)]
    return [text for child in value for text in _strings(child)] if isinstance(value, tuple) else [str(value)]
