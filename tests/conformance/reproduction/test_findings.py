"""Request sequences of findings, after the search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance import check
from conformance.reproduction.shrinker import PER_RUN, PER_STATEFUL_TEST
from conformance.results.result import Result
from tests.mutants.responses import FlagsAsBooleans
from tests.mutants.sequences import EarlyModelsEvicted, RejectionRevivesDeletedName, SecondRejectionResetsModel
from tests.mutants.updates import CostsSwapped
from tests.servers.fixtures import READ_WRITE_KEY
from tests.servers.plain import PlainServer


def _checked(server: PlainServer, *ids: str, **options: Any) -> Result:
    return check(server, api_key=READ_WRITE_KEY, only=list(ids), seed=1, **options)


def _sequence(result: Result, id: str) -> list[tuple[str, Mapping[str, Any], int]]:
    """Return the method, the body without the key, and the status of each exchange of the first finding."""
    exchanges = []
    for exchange in result.judged[id].findings[0].exchanges:
        body = json.loads(exchange.request.body or "{}")
        body.pop("model_name", None)
        exchanges.append((exchange.request.method, body, exchange.response.status))
    return exchanges


def test_a_bug_in_every_response_is_reproduced_by_one_request_and_one_field() -> None:
    [(method, body, status)] = _sequence(_checked(FlagsAsBooleans(), "SCH-03"), "SCH-03")
    assert (method, status) == ("POST", 201)
    assert len(body) == 1
    assert list(body.values()) in ([0], [1])


def test_a_stateful_test_is_reduced_to_the_steps_that_matter() -> None:
    sequence = _sequence(_checked(RejectionRevivesDeletedName(), "MOD-01"), "MOD-01")
    assert [method for method, _, _ in sequence] == ["DELETE", "POST", "POST"]
    assert [status for _, _, status in sequence[1:]] == [400, 200]


def test_a_stateful_test_with_a_fault_in_the_stored_state() -> None:
    sequence = _sequence(_checked(SecondRejectionResetsModel(), "MOD-02"), "MOD-02")
    assert [status for _, _, status in sequence] == [201, 400, 400, 200]
    assert [len(body) for _, body, _ in sequence] == [1, 1, 1, 0]


def test_a_directed_check_is_reduced_to_one_model() -> None:
    result = _checked(CostsSwapped(), "IDM-02", "SEM-03")
    assert [status for _, _, status in _sequence(result, "IDM-02")] == [201, 200]
    assert len(_sequence(result, "SEM-03")) == 4, "the base, its child, the child of that, and one more"


def test_a_read_of_a_model_that_the_run_created_earlier_is_no_reproduction() -> None:
    class FewModelsKept(EarlyModelsEvicted):
        capacity = 5

    [finding] = _checked(FewModelsKept(), "IDM-02", "IDM-27").judged["IDM-27"].findings
    assert finding.observed.startswith("404")
    assert not finding.reproduce
    assert finding.not_reproduced == "the requests alone do not show it again"


def test_shrinking_keeps_to_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk = _checked(SecondRejectionResetsModel(), "MOD", "SCH", "STA").requests
    for most in ("PER_RUN", "PER_STATEFUL_TEST"):
        monkeypatch.setattr(f"conformance.reproduction.shrinker.{most}", 0)
    plain = _checked(SecondRejectionResetsModel(), "MOD", "SCH", "STA").requests
    assert 0 < shrunk - plain <= PER_RUN + PER_STATEFUL_TEST


def test_no_search_if_the_user_limits_requests() -> None:
    result = _checked(FlagsAsBooleans(), "SCH-03", max_requests=1000)
    assert len(_sequence(result, "SCH-03")[0][1]) > 1
