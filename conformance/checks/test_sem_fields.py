"""SEM, fields that a client cannot set."""

from __future__ import annotations

from conformance.fields import identifying_fields
from conformance.judge.expect import as_json, same
from conformance.judge.outcome import Failure
from conformance.requirements import cases
from conformance.requirements.features import (
    SERVER_OWNED,
)
from conformance.requirements.level import OPEN, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json
from contract import ResponseField


@requirement("SEM-10", SHOULD, clause="x-clauses/server-owned", about=[SERVER_OWNED])
@each("field", cases.server_owned)
def test_server_owned(subject: Subject, field: ResponseField) -> None:
    """A request cannot set a field that only the response has; the server ignores or rejects it."""
    forged, returned = _forged_values(field), list[Json]()
    if field.name in identifying_fields(subject.contract) and subject.first_create:  # a server may take it for the name
        forged = [subject.first_create.request.json[subject.contract.upsert.key]]
    for number, candidate in enumerate(forged):
        exchange = _send_forged(subject, number, field, candidate)
        if not exchange.response.successful:
            subject.observe(f"{field.name} in a request gets {exchange.response.status}")
            return
        returned.append(exchange.response.members.get(field.name))
    if all(_has_forged(seen, candidate) for seen, candidate in zip(returned, forged, strict=True)):
        raise Failure(f"{field.name} not set by the request", f"{field.name}: {as_json(returned[-1])}")


def _forged_values(field: ResponseField) -> list[Json]:
    """Return values to forge; all values, if the field has few."""
    if "enum" in field.schema:
        return [*field.schema["enum"]]
    of_text = "2001-01-01T00:00:00Z" if field.schema.get("format") == "date-time" else "rc-forged"
    of_object = {"rc-forged": {"max": 1}, "provider_id": "rc-forged", "id": "rc-forged", "number_of_requests": 424242}
    forged: dict[str, list[Json]] = {"string": [of_text], "object": [of_object], "boolean": [True, False]}
    return forged.get(field.schema.get("type", ""), [{"rc-forged": 1}])


def _send_forged(subject: Subject, number: int, field: ResponseField, candidate: Json) -> Exchange:
    """Forge all fields in one update, or only this one if the server rejects that. Forge an identifier alone."""
    key = subject.once("a model to forge", subject.names.model_name)
    own = cases.server_owned(subject.contract).values()
    alone = {field.name: candidate}
    if field.name not in identifying_fields(subject.contract):
        others = [it for it in own if it.name not in identifying_fields(subject.contract)]
        row = {it.name: forged[number % len(forged)] for it in others if (forged := _forged_values(it))}
        together = subject.once(
            f"all fields forged, {number}", lambda: subject.upsert({**subject.full_body(1, key), **row})
        )
        if together.response.successful and row[field.name] == candidate:
            return together
    return subject.upsert({**subject.full_body(1, key), **alone})


@requirement("SEM-12", OPEN, clause="x-clauses/unknown-fields")
def test_unknown_fields(subject: Subject) -> None:
    """The server ignores or rejects a field that the contract does not name."""
    exchange = subject.upsert({**subject.minimal_body(), "rc_unknown_field": "value"})
    subject.observe(f"an unknown field gets {exchange.response.status}")


def _has_forged(returned: Json, forged: Json) -> bool:
    """Return whether the response has the forged value, or a member of a forged object."""
    if isinstance(forged, dict) and isinstance(returned, dict):
        return any(name in returned and same(returned[name], value) for name, value in forged.items())
    return same(returned, forged)
