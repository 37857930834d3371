"""What is left of the stories that runs find."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance import check
from conformance.reproduction.shrinker import PER_RUN, PER_WALK
from conformance.results.result import Result
from tests.mutants.responses import FlagsAsBooleans
from tests.mutants.sequences import RejectionRevivesDeletedName, SecondRejectionResetsModel
from tests.mutants.updates import CostsSwapped
from tests.servers.fixtures import READ_WRITE_KEY
from tests.servers.plain import PlainServer


def _checked(server: PlainServer, *ids: str, **options: Any) -> Result:
    return check(server, api_key=READ_WRITE_KEY, only=list(ids), seed=1, **options)


def _story(result: Result, id: str) -> list[tuple[str, Mapping[str, Any], int]]:
    """Method, body without the model's name, and status of each exchange that the finding shows."""
    told = []
    for exchange in result.judged[id].findings[0]["exchanges"]:
        body = json.loads(exchange["request"]["body"] or "{}")
        body.pop("model_name", None)
        told.append((exchange["request"]["method"], body, exchange["response"]["status"]))
    return told


def test_a_fault_in_any_answer_is_shown_by_one_request_with_what_it_takes() -> None:
    [(method, body, status)] = _story(_checked(FlagsAsBooleans(), "SCH-03"), "SCH-03")
    assert (method, status) == ("POST", 201)
    assert len(body) == 1
    assert list(body.values()) in ([0], [1])


def test_a_walk_is_told_by_the_steps_that_matter() -> None:
    story = _story(_checked(RejectionRevivesDeletedName(), "MOD-01"), "MOD-01")
    assert [method for method, _, _ in story] == ["DELETE", "POST", "POST"]
    assert [status for _, _, status in story[1:]] == [400, 200]


def test_a_walk_of_another_kind() -> None:
    story = _story(_checked(SecondRejectionResetsModel(), "MOD-02"), "MOD-02")
    assert [status for _, _, status in story] == [201, 400, 400, 200]
    assert [len(body) for _, body, _ in story] == [1, 1, 1, 0]


def test_a_directed_check_is_told_by_the_model_that_shows_it() -> None:
    result = _checked(CostsSwapped(), "IDM-02", "SEM-03")
    assert [status for _, _, status in _story(result, "IDM-02")] == [201, 200]
    assert len(_story(result, "SEM-03")) == 4, "the base, its child, the child of that, and one more"


def test_shrinking_keeps_to_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk = _checked(SecondRejectionResetsModel(), "MOD", "SCH", "STA").requests
    for most in ("PER_RUN", "PER_WALK"):
        monkeypatch.setattr(f"conformance.reproduction.shrinker.{most}", 0)
    plain = _checked(SecondRejectionResetsModel(), "MOD", "SCH", "STA").requests
    assert 0 < shrunk - plain <= PER_RUN + PER_WALK


def test_where_requests_are_counted_none_is_sent_for_a_shorter_story() -> None:
    result = _checked(FlagsAsBooleans(), "SCH-03", max_requests=1000)
    assert len(_story(result, "SCH-03")[0][1]) > 1
