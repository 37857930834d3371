"""Whether a target has a delete, found out without writing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.target.client import Client, Credentials
from conformance.target.names import Names
from conformance.target.probe import lacks_delete, warning_of_leftovers
from conformance.target.subject import RunOptions, Subject
from conformance.wire.in_process import InProcess
from contract import Contract
from tests.conformance.watched import Watched
from tests.servers.plain import PlainServer


def _answering(status: int) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(f"{status} It", [("Content-Length", "0")])
        return [b""]

    return app


def _subject(contract: Contract, app: Any) -> Subject:
    return Subject(
        contract, Client(InProcess(app)), Credentials.from_keys("demo-acme", None, None), Names(), RunOptions()
    )


@pytest.mark.parametrize(
    ("status", "lacks"), [(405, True), (501, True), (204, False), (404, None), (403, None), (500, None)]
)
def test_only_a_clear_response_decides(status: int, lacks: bool | None, contract: Contract) -> None:
    server = Watched(_answering(status))
    assert lacks_delete(_subject(contract, server)) is lacks
    assert server.methods == ["DELETE"]


def test_a_correct_server_does_not_tell(contract: Contract) -> None:
    server = PlainServer()
    assert lacks_delete(_subject(contract, server)) is None
    assert server.snapshot() == {}


def test_a_contract_without_delete_sends_nothing(contract: Contract) -> None:
    server = Watched(PlainServer())
    without = replace(contract, upsert=replace(contract.upsert, delete=None))
    assert lacks_delete(_subject(without, server)) is True
    assert server.methods == []


def test_the_number_is_printed() -> None:
    assert "about 1,316 models will stay" in warning_of_leftovers(1316)


def test_the_models_of_earlier_runs_are_distinguished_from_new_ones() -> None:
    assert warning_of_leftovers(16, 9).endswith("the run writes to 9 models of earlier runs, and to about 7 new models")
    assert warning_of_leftovers(2, 1).endswith("the run writes to 1 model of earlier runs, and to about 1 new model")
    assert warning_of_leftovers(16, 40).endswith("the run writes to 16 models of earlier runs")
