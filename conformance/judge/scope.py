"""Which responses are judged, and as what."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.judge.schema import SchemaJudge
from conformance.wire.exchange import Exchange, Json
from contract import Contract

ANY_SERVER = frozenset({405, 408, 411, 413, 414, 415, 429, 431, 501, 503})
"""Statuses that HTTP lets any server send, often from before the implementation. Their bodies are not judged."""
NO_CONTENT = 204


def blames_the_server(exchange: Exchange) -> bool:
    """Whether the status is a server error that not every server may send; 505 answers a version of HTTP."""
    status, wire = exchange.response.status, exchange.request.wire
    old = wire is not None and wire.version != "1.1"
    return status >= 500 and status not in ANY_SERVER and not (old and status == 505)


def is_implied(exchange: Exchange, contract: Contract) -> bool:
    """Whether the status follows from the contract, or from HTTP, though no response of the operation declares it.

    415 says that the media type is none that the server takes; 401 that credentials are asked for; 404 to a read or a
    delete that there is no such model; and what refuses a write refuses a delete.
    """
    upsert, status, called = contract.upsert, exchange.response.status, exchange.request.operation_id
    operations = {it.operation_id: it for it in (upsert.operation, upsert.read, upsert.delete) if it is not None}
    if called not in operations:
        return False
    by_key = called != upsert.operation.operation_id
    deletes = operations[called] is upsert.delete
    return (
        status == 415
        or (status == 401 and operations[called].credentials)
        or (status == 404 and by_key)
        or (status in (upsert.forbidden, upsert.reserved) and deletes)
    )


def judged_body(exchange: Exchange, schemas: SchemaJudge) -> bool:
    """Whether the response's body is the implementation's own, of a declared status."""
    status = exchange.response.status
    return (
        schemas.declares(exchange)
        and exchange.request.ordinary
        and status not in ANY_SERVER
        and status != NO_CONTENT
        and exchange.request.method != "HEAD"
    )


def error_body(exchange: Exchange, schemas: SchemaJudge) -> bool:
    """Whether the body is that of a declared error."""
    return judged_body(exchange, schemas) and not exchange.response.successful


def assumed_body(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> bool:
    """Whether the body is one of which nothing but a shape that is assumed is known: that of an invalid request."""
    return error_body(exchange, schemas) and exchange.response.status == contract.upsert.invalid


def is_json_media(exchange: Exchange) -> bool:
    """Whether the body is said to be JSON."""
    media_type = exchange.response.media_type
    return media_type == "application/json" or media_type.endswith("+json")


def shown_model(exchange: Exchange, schemas: SchemaJudge) -> Mapping[str, Json] | None:
    """The model that the response shows; None where it shows none. One that is no JSON object is an empty model."""
    if not judged_body(exchange, schemas) or not exchange.response.successful:
        return None
    return exchange.response.members if not exchange.response.text.faults else None
