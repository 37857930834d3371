"""Requests that checks write byte by byte. See `conformance.wire.raw_connection`."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.target.operations import JSON_HEADERS, READ_HEADERS
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Headers, Json, NoResponse, Request, WireFormat

CLOSE = ("Connection", "close")
HARMLESS_TRAILER = ("X-Rc-Checksum", "0")
"""A trailer that no server uses."""


def existing_name(subject: Subject) -> str:
    """Return the name of a model that exists."""
    return str(_existing_model(subject)[subject.contract.upsert.key])


def _existing_model(subject: Subject) -> dict[str, Json]:
    return subject.once("a model to read", lambda: subject.existing(subject.small_body()))


def update_request(subject: Subject) -> Request:
    """Return an upsert of a model that exists, so that it leaves no further model to delete."""
    operation, body, key = subject.contract.upsert.operation, _existing_model(subject), existing_name(subject)
    return Request(
        operation.method, operation.path, JSON_HEADERS, subject.encoded(body), subject.credentials.primary, key=key
    )


def read_request(subject: Subject, key: str, *headers: tuple[str, str]) -> Request:
    """Return a read of a model, with additional headers."""
    read = subject.contract.upsert.read
    if read is None:
        raise NotTestable("the contract has no read")
    target = read.path.replace("{" + subject.contract.upsert.key + "}", quote(key, safe="/"))
    return Request(
        read.method, target, (*READ_HEADERS, *headers), None, subject.credentials.primary, read.operation_id, key
    )


def create_request(subject: Subject) -> Request:
    """Return an upsert of a new model."""
    operation, body = subject.contract.upsert.operation, subject.minimal_body()
    key = str(body[subject.contract.upsert.key])
    return Request(
        operation.method, operation.path, JSON_HEADERS, subject.encoded(body), subject.credentials.primary, key=key
    )


def get_request(subject: Subject) -> Request:
    """Return a GET request that changes nothing. Its status does not matter."""
    read = subject.contract.upsert.read or subject.contract.upsert.operation
    target = read.path.replace("{" + subject.contract.upsert.key + "}", existing_name(subject))
    return Request("GET", target, READ_HEADERS, None, subject.credentials.primary)


def send_raw(
    subject: Subject,
    request: Request,
    wire: WireFormat = WireFormat(),  # noqa: B008 - it is frozen
    more: Headers = (CLOSE,),
) -> Exchange:
    """Write a request byte by byte over a connection of its own, and return the exchange."""
    return subject.send(raw_request(subject, request, wire, more))


def raw_request(subject: Subject, request: Request, wire: WireFormat, more: Headers) -> Request:
    """Return the request in a wire format, with additional headers. Raises NotTestable if it cannot be sent so."""
    if not subject.client.transport.has_connections:
        raise NotTestable("an application in the same process has no connections")
    if subject.client.route.httpcore_proxy() is not None:
        raise NotTestable("requests go through a proxy, which writes them itself")
    return replace(request, headers=(*request.headers, *more), wire_format=wire, may_be_intercepted=True)


def try_raw(
    subject: Subject,
    request: Request,
    wire: WireFormat = WireFormat(),  # noqa: B008 - it is frozen
    more: Headers = (),
) -> Exchange | NoResponse:
    """Send a raw request. Return its exchange, or NoResponse, because a server may close any connection."""
    try:
        return send_raw(subject, request, wire, more)
    except NoResponse as no_response:
        return no_response


def send_with_trailer(subject: Subject, request: Request, trailer: tuple[str, str]) -> Exchange | None:
    """Send a chunked request with a trailer. Return its exchange, or None and observe that there was no response."""
    announced = (("Trailer", trailer[0]), CLOSE)
    outcome = try_raw(subject, request, WireFormat(trailers=(trailer,)), announced)
    if isinstance(outcome, Exchange):
        return outcome
    subject.observe(f"a request with {trailer[0]} in its trailer section gets no response")
    return None


def accepts_trailers(subject: Subject, *trailers: tuple[str, str]) -> bool:
    """Return whether the server accepts a request with each of these trailers alone, which all change nothing."""
    exchanges = (
        send_with_trailer(subject, replace(update_request(subject), chunked=True), trailer) for trailer in trailers
    )
    return all(exchange is not None and exchange.response.successful for exchange in exchanges)


def require_chunked_bodies(subject: Subject) -> None:
    """Continue only if the server accepts a plain request with a chunked body; it may reject one."""

    def send() -> None:
        outcome = try_raw(subject, replace(update_request(subject), chunked=True), more=(CLOSE,))
        if isinstance(outcome, NoResponse):
            raise NotTestable(
                "a request with a chunked body gets no response", blocked_by=Prerequisite.ACCEPTS_CHUNKED_BODY
            )
        if not outcome.response.successful:
            raise NotTestable(f"a request with a chunked body gets {outcome.response.status}")

    subject.once("a chunked body", send)
