"""Requests of checks that are written byte by byte: see `conformance.wire.raw_connection`."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.target.operations import JSON_HEADERS, READ_HEADERS, encoded
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Headers, Json, NoResponse, Request, WireFormat

CLOSE = ("Connection", "close")
HARMLESS_TRAILER = ("X-Rc-Checksum", "0")
"""A trailer that no server has a use for."""


def existing_name(subject: Subject) -> str:
    """The name of a model that is there."""
    return str(_existing_model(subject)[subject.contract.upsert.key])


def _existing_model(subject: Subject) -> dict[str, Json]:
    return subject.once("a model to read", lambda: subject.existing(subject.small_body()))


def update_request(subject: Subject) -> Request:
    """An upsert of a model that is there; it takes no request to delete."""
    operation, body, key = subject.contract.upsert.operation, _existing_model(subject), existing_name(subject)
    return Request(operation.method, operation.path, JSON_HEADERS, encoded(body), subject.credentials.primary, key=key)


def read_request(subject: Subject, key: str, *headers: tuple[str, str]) -> Request:
    """What reads a model, with some headers more."""
    read = subject.contract.upsert.read
    if read is None:
        raise NotTestable("the contract has no read")
    target = read.path.replace("{" + subject.contract.upsert.key + "}", quote(key, safe="/"))
    return Request(
        read.method, target, (*READ_HEADERS, *headers), None, subject.credentials.primary, read.operation_id, key
    )


def create_request(subject: Subject) -> Request:
    """A plain upsert of a model of its own."""
    operation, body = subject.contract.upsert.operation, subject.minimal_body()
    key = str(body[subject.contract.upsert.key])
    return Request(operation.method, operation.path, JSON_HEADERS, encoded(body), subject.credentials.primary, key=key)


def get_request(subject: Subject) -> Request:
    """A request that changes nothing; what answers it, and how, does not matter."""
    read = subject.contract.upsert.read or subject.contract.upsert.operation
    target = read.path.replace("{" + subject.contract.upsert.key + "}", existing_name(subject))
    return Request("GET", target, READ_HEADERS, None, subject.credentials.primary)


def send_raw(
    subject: Subject,
    request: Request,
    wire: WireFormat = WireFormat(),  # noqa: B008 - it is frozen
    more: Headers = (CLOSE,),
) -> Exchange:
    """The exchange of a request that is written byte by byte, over a connection of its own."""
    return subject.send(raw_request(subject, request, wire, more))


def raw_request(subject: Subject, request: Request, wire: WireFormat, more: Headers) -> Request:
    """The request as it is written by hand, with more headers, where that can be done."""
    if not subject.client.transport.has_connections:
        raise NotTestable("an application in the same process has no connections")
    if subject.client.route.httpcore_proxy() is not None:
        raise NotTestable("requests go through a proxy, which writes them itself")
    return replace(request, headers=(*request.headers, *more), wire_format=wire, may_be_intercepted=True)


def exchange_or_loss(
    subject: Subject,
    request: Request,
    wire: WireFormat = WireFormat(),  # noqa: B008 - it is frozen
    more: Headers = (),
) -> Exchange | NoResponse:
    """The exchange of a request that is written by hand, or how it was lost: a server may close any connection."""
    try:
        return send_raw(subject, request, wire, more)
    except NoResponse as lost:
        return lost


def send_with_trailer(subject: Subject, request: Request, trailer: tuple[str, str]) -> Exchange | None:
    """The exchange of a chunked request with a trailer; None, which is observed, where it got no response."""
    announced = (("Trailer", trailer[0]), CLOSE)
    answer = exchange_or_loss(subject, request, WireFormat(trailers=(trailer,)), announced)
    if isinstance(answer, Exchange):
        return answer
    subject.observe(f"a request with {trailer[0]} in its trailer section gets no response")
    return None


def accepts_trailers(subject: Subject, *trailers: tuple[str, str]) -> bool:
    """Whether a request with each of these trailers alone is taken, none of which changes what it says."""
    exchanges = (
        send_with_trailer(subject, replace(update_request(subject), chunked=True), trailer) for trailer in trailers
    )
    return all(exchange is not None and exchange.response.successful for exchange in exchanges)


def require_chunked_bodies(subject: Subject) -> None:
    """Continue only if the server accepts a plain request with a chunked body; it may reject one."""

    def send() -> None:
        answer = exchange_or_loss(subject, replace(update_request(subject), chunked=True), more=(CLOSE,))
        if isinstance(answer, NoResponse):
            raise NotTestable(
                "a request with a chunked body gets no response", blocked_by=Prerequisite.ACCEPTS_CHUNKED_BODY
            )
        if not answer.response.successful:
            raise NotTestable(f"a request with a chunked body is answered {answer.response.status}")

    subject.once("a chunked body", send)
