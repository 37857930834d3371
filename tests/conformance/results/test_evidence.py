"""Findings as a report shows them: what happened, whole enough to repeat, and without a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.checks.invalid_credentials import wrong_credentials
from conformance.judge.outcome import Failure
from conformance.results.finding import (
    LONGEST_BODY,
    LONGEST_STORY,
    RUN,
    UNSERVED,
    Finding,
    Place,
    Replayed,
    finding_record,
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
    return Exchange(Request(**{**vars(asked), **request}), response)


def _record(
    *exchanges: Exchange,
    observed: str = "400",
    variables: dict[str, str] | None = None,
    place: Place = Place(BASE),  # noqa: B008 - it is frozen
    **more: Any,
) -> dict[str, Any]:
    finding = Finding(Failure("status 200", observed), exchanges, **{"replay": Replayed.SHOWN, **more})
    return dict(finding_record("IDM-01", "a case", finding, place, variables or VARIABLES, "again"))


def test_a_record_tells_what_happened() -> None:
    record = _record(_exchange("said"))
    assert record["requirement"] == "IDM-01"
    assert record["case"] == "a case"
    assert record["verdict"] == Verdict.FAIL
    assert (record["expected"], record["observed"]) == ("status 200", "400")
    [command] = record["reproduce"]
    assert command.startswith(f"curl -sS -i -w '\\n' -X POST {BASE}/api/")
    [exchange] = record["exchanges"]
    assert exchange["request"]["headers"][-1] == ["Authorization", "Bearer $RESPAN_API_KEY"]
    assert exchange["response"] == {"status": 400, "headers": [["X-Said", "said"]], "body": "said"}


def test_a_request_without_credentials_is_shown_without() -> None:
    record = _record(_exchange("said", None))
    assert "Authorization" not in json.dumps(record)


def test_bytes_that_are_no_text_are_shown_escaped() -> None:
    record = _record(_exchange("said", body=b"\xff\xfe{"))
    assert record["exchanges"][0]["request"]["body"] == "\\xff\\xfe{"


def test_names_of_the_run_stand_in_exchanges_and_not_in_commands() -> None:
    record = _record(_exchange("said", body=b"rc-0123abcd-1"))
    assert record["exchanges"][0]["request"]["body"] == "rc-0123abcd-1"
    assert not any("0123abcd" in command for command in record["reproduce"])


def test_what_was_replayed_is_printed_whole() -> None:
    record = _record(*(_exchange(f"answer {number}") for number in range(LONGEST_STORY + 5)))
    assert len(record["exchanges"]) == len(record["reproduce"]) == LONGEST_STORY + 5
    assert (record["instead"], record["rerun"]) == ("", "again")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"replay": Replayed.RACED}, "some of the requests were sent at once, which no commands repeat for sure"),
        ({"replay": Replayed.NOT_SHOWN}, "the requests alone do not show it again"),
        ({"verdict": Verdict.UNSTABLE}, "it failed once and not again"),
    ],
)
def test_what_was_not_replayed_is_no_reproduction(what: dict[str, Any], why: str) -> None:
    record = _record(*(_exchange(f"answer {number}") for number in range(LONGEST_STORY + 5)), **what)
    assert (record["reproduce"], record["instead"]) == ([], why)
    assert len(record["exchanges"]) == LONGEST_STORY
    assert record["exchanges"][-1]["response"]["body"] == f"answer {LONGEST_STORY + 4}"


def test_a_finding_without_exchanges_says_where_others_are() -> None:
    assert _record()["instead"] == "other findings of IDM-01 are shown with their requests"
    assert _record(replay=Replayed.NO_RESPONSE)["instead"] == "the last request got no response"


def test_an_application_is_served_first_where_a_path_leads_to_it() -> None:
    place = Place.of("my_project:App (in process)", "my_project.asgi:app")
    served, command, ended = _record(_exchange("said"), place=place)["reproduce"]
    assert served == 'eval "$(respan-conformance serve my_project.asgi:app)"'
    assert '"$RESPAN_URL"/api/' in command
    assert ended == 'kill "$RESPAN_SERVER"'
    unserved, _ = _record(_exchange("said"), place=Place.of("app (in process)", None))["reproduce"]
    assert unserved == UNSERVED


def test_a_long_body_is_cut_and_measured() -> None:
    body = _record(_exchange("x" * 5000))["exchanges"][0]["response"]["body"]
    assert body == "x" * LONGEST_BODY + "... (5000 characters)"


@given(TOKENS)
@drawn
def test_no_record_contains_a_token_wherever_it_is_echoed(token: str) -> None:
    owner = Credentials.from_keys(token, None, None).primary
    echo = json.dumps({"detail": "unknown"}) + f" {token} Bearer {token}"
    sent = {"headers": (("X-Api-Key", token),), "target": f"/?token={token}", "body": f"token={token}".encode()}
    record = _record(_exchange(echo, owner, **sent), observed=f"400 {echo}", variables={token: "$RESPAN_API_KEY"})
    assert token not in "\n".join(_texts(record))


@pytest.mark.parametrize("kind", wrong_credentials(OWNER))
def test_no_record_contains_a_near_miss_of_a_token(kind: str) -> None:
    near = wrong_credentials(OWNER)[kind]
    echo = f"unknown key {token_of(near)}"
    texts = "\n".join(_texts(_record(_exchange(echo, near), observed=f"400 {echo}")))
    assert KEY not in texts
    assert KEY[1:-1] not in texts
    assert KEY.swapcase() not in texts
    assert near.shell in texts


def test_a_token_at_the_cut_of_a_long_body_is_not_shown_in_part() -> None:
    echo = "x" * (LONGEST_BODY - len(KEY) + 1) + KEY + "y" * 100
    assert KEY[:-1] not in "\n".join(_texts(_record(_exchange(echo))))


def _texts(value: Any) -> list[str]:
    """Every text in a record, as it stands there."""
    if isinstance(value, dict):
        return [text for child in value.values() for text in _texts(child)]
    return [text for child in value for text in _texts(child)] if isinstance(value, list) else [str(value)]
