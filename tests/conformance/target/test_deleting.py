"""What a run takes for its own, and how it is deleted: everything that a path leads to, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.requests import is_deletable
from conformance.target.cleanup import SILENCES, delete_models, leftover_summary
from conformance.target.client import Client, Credentials
from conformance.target.ledger import Entry
from conformance.target.names import Names
from conformance.target.subject import RunOptions, Subject
from conformance.wire.exchange import RACE, NoResponse, Request, Response
from conformance.wire.in_process import InProcess
from conformance.wire.transport import Transport
from contract import Contract
from tests.servers.plain import PlainServer

KEYS = ("demo-acme", "demo-globex", None)
ODD = ["a b", "a//b", "a/", "/a", "a\nb", "a\x00b", "é", "%41", "?a=b", "#", "x" * 2000]


class Recording(Transport):
    """A transport to an application that remembers the paths of deletes."""

    base_url = "http://in-process"

    def __init__(self, app: Any) -> None:
        self.inner = InProcess(app)
        self.deleted: list[str] = []

    def send(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.deleted.append(request.target)
        return self.inner.send(request)

    def close(self) -> None:
        self.inner.close()


def _subject(contract: Contract, app: Any) -> tuple[Subject, Recording]:
    transport = Recording(app)
    return Subject(contract, Client(transport), Credentials.from_keys(*KEYS), Names(), RunOptions()), transport


def _clean(subject: Subject) -> dict[str, str]:
    cleaned = delete_models(subject, subject.creations.models().items())
    return {entry.name.removeprefix(subject.names.prefix): why for entry, why in cleaned.remaining.items()}


@pytest.mark.parametrize("tail", ODD)
def test_odd_names_are_deleted_too(tail: str, contract: Contract) -> None:
    server = PlainServer()
    subject, _ = _subject(contract, server)
    subject.upsert({contract.upsert.key: subject.names.new_name() + tail})
    assert len(server.models) == 1
    assert _clean(subject) == {}
    assert server.snapshot() == {}


@pytest.mark.parametrize("tail", ["/../gpt-4o", "/..", "/.", "/status", "/x/list"])
def test_no_path_is_asked_that_may_lead_elsewhere(tail: str, contract: Contract) -> None:
    subject, transport = _subject(contract, PlainServer())
    name = subject.names.new_name() + tail
    assert not is_deletable(name)
    subject.upsert({contract.upsert.key: name})
    assert list(_clean(subject).values()) == ["its name cannot be written safely in a path"]
    assert transport.deleted == []


def test_each_model_is_deleted_by_the_key_that_created_it(contract: Contract) -> None:
    server = PlainServer()
    subject, _ = _subject(contract, server)
    name = subject.minimal_body()
    subject.upsert(name)
    subject.upsert(name, subject.credentials.other_org)
    assert {entry.key_variable for entry in subject.creations.models()} == {"RESPAN_API_KEY", "RESPAN_OTHER_ORG_KEY"}
    assert _clean(subject) == {}
    assert server.snapshot() == {}


def test_what_a_failing_server_may_have_stored_is_its_own(contract: Contract) -> None:
    class FailsAfterwards(PlainServer):
        def serialize(self, organization: Any, stored: Any) -> Any:
            raise RuntimeError

    server = FailsAfterwards()
    subject, _ = _subject(contract, server)
    assert subject.upsert(subject.minimal_body()).response.status == 500
    assert len(server.models) == 1
    assert _clean(subject) == {}
    assert server.snapshot() == {}


def test_a_rejected_model_does_not_belong_to_the_run(contract: Contract) -> None:
    subject, _ = _subject(contract, PlainServer())
    subject.upsert({**subject.minimal_body(), "input_cost": "free"})
    assert subject.creations.models() == {}


def test_what_was_there_before_is_not_its_own(contract: Contract) -> None:
    server = PlainServer()
    users, _ = _subject(contract, server)
    users.upsert({contract.upsert.key: "of-the-user"})
    subject, _ = _subject(contract, server)
    subject.upsert({contract.upsert.key: "of-the-user"})
    assert subject.creations.models() == {}


def test_what_was_not_there_before_is_its_own_whatever_it_is_called(contract: Contract) -> None:
    class TakesNumbersForNames(PlainServer):
        def json_body(self, request: Any) -> Any:
            return {name: str(value) for name, value in super().json_body(request).items()}

    server = TakesNumbersForNames()
    subject, _ = _subject(contract, server)
    subject.upsert({contract.upsert.key: 123})
    assert list(subject.creations.models()) == [Entry("123", "RESPAN_API_KEY")]
    assert _clean(subject) == {}
    assert server.snapshot() == {}


def test_what_a_check_deleted_is_not_deleted_again(contract: Contract) -> None:
    subject, _ = _subject(contract, PlainServer())
    subject.capabilities.delete_removes_model = True
    name = subject.existing(subject.minimal_body())[contract.upsert.key]
    subject.delete(name)
    assert subject.creations.models() == {}


def test_a_rejected_delete_leaves_the_model(contract: Contract) -> None:
    class KeepsAll(PlainServer):
        def handler(self, request: Any) -> Any:
            return super().handler(request) if request.method != "DELETE" else self._refuse

        def _refuse(self, request: Any) -> Any:
            raise self.unauthorized("no")

    subject, _ = _subject(contract, KeepsAll())
    subject.existing(subject.minimal_body())
    assert list(_clean(subject).values()) == ["its delete got 401"]


def test_a_target_that_is_gone_is_not_asked_for_ever(contract: Contract) -> None:
    class Gone(Recording):
        def send(self, request: Request) -> Response:
            if request.method == "DELETE":
                self.deleted.append(request.target)
                raise NoResponse(request, "the connection broke")
            return super().send(request)

    transport = Gone(PlainServer())
    subject = Subject(contract, Client(transport), Credentials.from_keys(*KEYS), Names(), RunOptions())
    for _ in range(SILENCES + 2):
        subject.existing(subject.minimal_body())
    cleaned = delete_models(subject, subject.creations.models().items())
    assert len(transport.deleted) == SILENCES
    assert leftover_summary(cleaned.remaining) == (
        "5 models are left on the target (3: the connection broke; 2: the target stopped responding)"
    )


def test_what_was_raced_for_is_deleted_once_more(contract: Contract) -> None:
    """An upsert that raced with the delete may have come after it, whichever got its response first."""
    server = PlainServer()
    subject, _ = _subject(contract, server)
    subject.capabilities.delete_removes_model = True
    body = subject.existing(subject.minimal_body())
    race = RACE.set(1)
    subject.delete(str(body[contract.upsert.key]))
    RACE.reset(race)
    server.write("acme", str(body[contract.upsert.key]), body)
    assert _clean(subject) == {}
    assert server.snapshot() == {}


def test_rejected_models_are_deleted_too_where_responses_are_doubtful(contract: Contract) -> None:
    """A response may have been the one to another request."""
    server, name = PlainServer(), "model_name"
    subject, _ = _subject(contract, server)
    refused = subject.upsert({**subject.minimal_body(), "input_cost": "much"})
    server.write("acme", str(refused.request.key), {name: refused.request.key})
    assert _clean(subject) == {}
    assert len(server.models) == 1
    subject.creations.distrust_rejections()
    assert _clean(subject) == {}
    assert server.snapshot() == {}
