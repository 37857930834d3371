"""The client: patient with a busy target, and with a memory of all that was exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from conformance.judge.outcome import Obstacle
from conformance.target.client import LONGEST_WAIT, SECOND_TRY, TRIES, Busy, Client
from conformance.wire.exchange import Headers, NoResponse, Request, Response
from conformance.wire.transport import Transport

REQUEST = Request("GET", "/")
Answer = tuple[int, Headers]


class Scripted(Transport):
    """A transport that returns its responses in turn, and the last one for ever; 0 stands for no response."""

    base_url = "http://target"

    def __init__(self, *responses: Answer) -> None:
        self.responses = list(responses)

    def send(self, request: Request) -> Response:
        status, headers = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if not status:
            raise NoResponse(request, "no answer")
        return Response(status, headers, b"", 0.0)

    def close(self) -> None:
        raise AssertionError("the client leaves the transport open")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Sequence[float]:
    """What the client waited, without waiting."""
    slept: list[float] = []
    monkeypatch.setattr("conformance.target.budget.time.sleep", slept.append)
    return slept


def _statuses(client: Client) -> list[int]:
    return [exchange.response.status for exchange in client.drain()]


def test_a_response_is_returned_at_once(waits: Sequence[float]) -> None:
    client = Client(Scripted((200, ())))
    assert client.send(REQUEST).response.status == 200
    assert list(waits) == []
    assert client.requests == 1


@pytest.mark.parametrize("busy", [408, 429, 503])
def test_a_busy_target_is_waited_out(busy: int, waits: Sequence[float]) -> None:
    client = Client(Scripted((busy, (("Retry-After", "2"),)), (busy, (("retry-after", "0"),)), (201, ())))
    assert client.send(REQUEST).response.status == 201
    assert list(waits) == [2.0, 0.1]
    assert _statuses(client) == [busy, busy, 201]
    assert client.requests == 3


@pytest.mark.parametrize("status", [400, 401, 409, 500, 502, 504])
def test_other_failures_are_no_reason_to_wait(status: int, waits: Sequence[float]) -> None:
    assert Client(Scripted((status, (("Retry-After", "9"),)))).send(REQUEST).response.status == status
    assert list(waits) == []


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("Wed, 21 Oct 2026 07:28:07 GMT", 7.0),
        ("Wednesday, 21-Oct-26 07:28:07 GMT", 7.0),
        ("Wed Oct 21 07:28:07 2026", 7.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
    ],
)
def test_a_date_is_waited_for_by_the_clock_of_the_target(asked: str, waited: float, waits: Sequence[float]) -> None:
    headers = (("Date", "Wed, 21 Oct 2026 07:28:00 GMT"), ("Retry-After", asked))
    Client(Scripted((429, headers), (200, ()))).send(REQUEST)
    assert list(waits) == [waited]


def test_without_its_clock_a_date_is_waited_for_by_ours(waits: Sequence[float]) -> None:
    asked = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    Client(Scripted((503, (("Retry-After", asked),)), (200, ()))).send(REQUEST)
    assert 15 < waits[0] <= 20


@pytest.mark.parametrize("asked", ["", "-1", "1.5", "soon", "\u00b2", "Wed, 41 Oct 2026 07:28:00 GMT"])
def test_without_a_number_of_seconds_the_wait_grows(asked: str, waits: Sequence[float]) -> None:
    headers = (("Retry-After", asked),)
    Client(Scripted((429, headers), (429, headers), (429, headers), (200, ()))).send(REQUEST)
    assert list(waits) == sorted(set(waits))
    assert len(waits) == 3
    assert all(0 < wait < 1 for wait in waits)


def test_no_wait_is_longer_than_bearable(waits: Sequence[float]) -> None:
    Client(Scripted((429, (("Retry-After", "299"),)), (200, ()))).send(REQUEST)
    assert list(waits) == [LONGEST_WAIT]


def test_a_target_that_wants_to_be_left_alone_is_asked_once_more(waits: Sequence[float]) -> None:
    client = Client(Scripted((503, (("Retry-After", "3600"),))))
    with pytest.raises(Busy, match="kept returning 503"):
        client.send(REQUEST)
    assert list(waits) == [SECOND_TRY]


def test_a_target_that_stays_busy_makes_the_check_not_testable(waits: Sequence[float]) -> None:
    client = Client(Scripted((429, ())))
    with pytest.raises(Busy, match="kept returning 429") as given_up:
        client.send(REQUEST)
    assert given_up.value.obstacle is Obstacle.DISRUPTED
    assert _statuses(client) == [429] * TRIES
    assert len(waits) <= TRIES


def test_a_lost_request_is_counted_and_has_no_exchange(waits: Sequence[float]) -> None:
    client = Client(Scripted((200, ()), (0, ())))
    client.send(REQUEST)
    with pytest.raises(NoResponse):
        client.send(REQUEST)
    assert client.requests == 2
    assert _statuses(client) == [200]


def test_a_request_that_was_not_sent_is_not_counted() -> None:
    class Unconnected(Scripted):
        def send(self, request: Request) -> Response:
            raise NoResponse(request, "nothing listens there", unsent=True)

    client = Client(Unconnected())
    with pytest.raises(NoResponse):
        client.send(REQUEST)
    assert client.requests == 0


def test_the_memory_is_emptied_when_it_is_read() -> None:
    client = Client(Scripted((200, ())))
    client.send(REQUEST)
    assert len(client.drain()) == 1
    assert client.drain() == []
    assert client.requests == 1


def test_threads_lose_no_exchange() -> None:
    client = Client(Scripted((200, ())))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.send(REQUEST), range(400)))
    assert client.requests == len(client.drain()) == 400
