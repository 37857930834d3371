"""SEM, fields that are not the client's to set."""

from __future__ import annotations

from conformance.judge.expect import written
from conformance.judge.outcome import Violation
from conformance.judge.same import same
from conformance.requirements import cases
from conformance.requirements.features import (
    SERVER_OWNED,
)
from conformance.requirements.level import OPEN, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Json
from contract import ResponseField


@requirement("SEM-10", SHOULD, clause="x-clauses/server-owned", about=[SERVER_OWNED])
@each("field", cases.server_owned)
def test_server_owned(subject: Subject, field: ResponseField) -> None:
    """A field that only the response has cannot be set by a request: it is ignored or refused."""
    value = "rc-forged" if field.schema.get("type") == "string" else {"rc-forged": 1}
    forged = {
        "string": {"date-time": "2001-01-01T00:00:00Z"}.get(field.schema.get("format", ""), value),
        "object": {
            "rc-forged": {"max": 1},
            "provider_id": "rc-forged",
            "id": "rc-forged",
            "number_of_requests": 424242,
        },
        "boolean": False,
    }.get(field.schema.get("type", ""), value)
    candidates = [*field.schema["enum"]] if "enum" in field.schema else [True, False] if forged is False else [forged]
    shown, key = [], subject.once("a model to forge", subject.names.fresh)
    for candidate in candidates:
        exchange = subject.upsert({**subject.full(1, key), field.name: candidate})
        if not exchange.response.successful:
            subject.observe(f"{field.name} in a request is answered {exchange.response.status}")
            return
        shown.append(exchange.response.members.get(field.name))
    if all(_takes(seen, candidate) for seen, candidate in zip(shown, candidates, strict=True)):
        raise Violation(f"{field.name} not set by the request", f"{field.name}: {written(shown[-1])}")


@requirement("SEM-12", OPEN, clause="x-clauses/unknown-fields")
def test_unknown_fields(subject: Subject) -> None:
    """A field that the contract does not name is ignored or refused."""
    exchange = subject.upsert({**subject.minimal(), "rc_unknown_field": "value"})
    subject.observe(f"an unknown field is answered {exchange.response.status}")


def _takes(shown: Json, forged: Json) -> bool:
    """Whether what is shown is what was forged; of an object one member is enough."""
    if isinstance(forged, dict) and isinstance(shown, dict):
        return any(name in shown and same(shown[name], value) for name, value in forged.items())
    return same(shown, forged)
