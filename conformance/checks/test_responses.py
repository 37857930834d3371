"""SCH: what a response looks like, whatever it answers. Judged on every exchange of the run."""

from __future__ import annotations

from conformance.fields import constants, lookups
from conformance.judge.expect import expect_returned, written
from conformance.judge.outcome import Cause, Failure
from conformance.judge.responses import SchemaJudge, assumed_body, error_body, is_json_media, judged_body, shown_model
from conformance.requirements import cases
from conformance.requirements.features import (
    CONSTANTS,
    DATE_TIMES,
    ERROR_SCHEMAS,
    IDENTIFIER,
    PROVIDERS,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import every_exchange
from conformance.target.names import is_of_a_run
from conformance.wire.exchange import Exchange
from contract import Contract, FromKey

JSON_MEDIA = "application/json, or a type that ends in +json"


@every_exchange("SCH-01", MUST, clause="x-clauses/json-text")
def test_strict_json(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response body is one valid JSON text in UTF-8, without a byte order mark or duplicate names."""
    if assumed_body(exchange, schemas, contract) and not is_json_media(exchange):
        return  # SCH-06 judges it
    if judged_body(exchange, schemas) and exchange.response.text.faults:
        raise Failure("strict JSON", exchange.response.text.faults[0])


@every_exchange("SCH-02", MUST, clause="x-clauses/json-text")
def test_media_type(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response with a body has a JSON media type."""
    media_type = exchange.response.media_type
    if assumed_body(exchange, schemas, contract):
        return  # SCH-06 judges it
    if judged_body(exchange, schemas) and not is_json_media(exchange):
        sent = f"Content-Type: {media_type or '(none)'}"
        cause = Cause("media type", "Content-Type: application/json", sent)
        raise Failure(f"Content-Type: {JSON_MEDIA}", sent, cause=cause)


@every_exchange("SCH-03", MUST, clause="x-clauses/model-body")
def test_model_schema(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A model in a response is valid against its schema; a null counts as an absent field."""
    if shown_model(exchange, schemas) is None:
        return
    faults = [fault for fault in schemas.faults(exchange, drop_null=True) if not fault.date_time]
    if faults:
        raise Failure(f"a model that is valid by the schema of {schemas.clause(exchange)}", str(faults[0]))


@every_exchange("SCH-04", SHOULD, clause="x-clauses/model-body")
def test_no_stray_null(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response omits a field that has no value and is not nullable; it does not return null for it."""
    if shown_model(exchange, schemas) is None or schemas.faults(exchange, drop_null=True):
        return
    faults = schemas.faults(exchange, drop_null=False)
    if faults:
        raise Failure("a value, or no such field", str(faults[0]))


@every_exchange("SCH-05", MUST, clause="x-clauses/error-body")
def test_error_object(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The body of an error response is a JSON object."""
    text = exchange.response.text
    if assumed_body(exchange, schemas, contract):
        return  # SCH-06 judges it
    if error_body(exchange, schemas) and not text.faults and not isinstance(text.value, dict):
        raise Failure("a JSON object", written(text.value))


@every_exchange("SCH-06", SHOULD, clause="x-clauses/error-body", about=[ERROR_SCHEMAS])
def test_error_schema(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The body of an error response is valid against its schema."""
    if assumed_body(exchange, schemas, contract) and not (exchange.response.members and is_json_media(exchange)):
        _expect_empty_object(exchange)
    if not error_body(exchange, schemas) or not exchange.response.members:
        return
    faults = schemas.faults(exchange, drop_null=True)
    if faults:
        raise Failure(f"an error that is valid by the schema of {schemas.clause(exchange)}", str(faults[0]))


def _expect_empty_object(exchange: Exchange) -> None:
    """A body without members is an object all the same, and said to be JSON."""
    text, media_type = exchange.response.text, exchange.response.media_type
    if not is_json_media(exchange):
        sent = f"Content-Type: {media_type or '(none)'}"
        raise Failure(f"Content-Type: {JSON_MEDIA}", sent, cause=Cause("media type", "application/json", sent))
    if not text.faults and not isinstance(text.value, dict):
        raise Failure("a JSON object", written(text.value))


@every_exchange("SCH-07", MUST, clause="x-clauses/model-body", about=[IDENTIFIER])
def test_identifier(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response returns the same value for the identifier of a model and for its name."""
    model = shown_model(exchange, schemas) or {}
    key = contract.upsert.key
    for field in contract.upsert.response.values():
        if (
            isinstance(field.source, FromKey)
            and field.name in model
            and key in model
            and model[field.name] != model[key]
        ):
            raise Failure(f"{field.name} equal to {key}", f"{written(model[field.name])} and {written(model[key])}")


@every_exchange("SCH-08", MUST, clause="x-clauses/model-body", about=[PROVIDERS])
def test_provider_identifier(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response returns the same value for `id` and `provider_id` of a provider."""
    model = shown_model(exchange, schemas) or {}
    for field, _ in lookups(contract):
        shown = model.get(field.name)
        if isinstance(shown, dict) and "id" in shown and "provider_id" in shown and shown["id"] != shown["provider_id"]:
            raise Failure("id equal to provider_id", f"{written(shown['id'])} and {written(shown['provider_id'])}")


@every_exchange("SCH-09", MUST, clause="x-clauses/model-body", about=[DATE_TIMES])
def test_date_times(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """Every date-time in a response follows RFC 3339."""
    if shown_model(exchange, schemas) is None:
        return
    faults = [fault for fault in schemas.faults(exchange, drop_null=True) if fault.date_time]
    if faults:
        raise Failure("a date-time such as 2026-02-01T12:00:00Z", str(faults[0]))


@every_exchange("SCH-10", MUST, clause="x-clauses/model-body", about=[CONSTANTS])
def test_constants(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The category and the source of a custom model always say that the model is custom."""
    model = shown_model(exchange, schemas)
    if model is None or not is_of_a_run(str(exchange.request.key)) or _forges(exchange, contract):
        return
    for name, value in constants(contract).items():
        if model.get(name) is not None:
            expect_returned(model, contract.upsert.response[name], value, "in a custom model")


def _forges(exchange: Exchange, contract: Contract) -> bool:
    """Whether the request tries to set what only a response has: another requirement judges what comes of it."""
    sent = exchange.request.json
    return isinstance(sent, dict) and any(name in sent for name in cases.server_owned(contract))


@every_exchange("SCH-11", MUST, clause="x-clauses/shown")
def test_about_the_model_asked_for(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response is about the model that the request names."""
    model, key = shown_model(exchange, schemas), contract.upsert.key
    if model is None or exchange.request.key is None or not isinstance(model.get(key), str):
        return
    if model[key] != exchange.request.key and _plain(exchange.request.key):
        raise Failure(f"{key}: {written(exchange.request.key)}", f"{key}: {written(model[key])}")


def _plain(key: str) -> bool:
    return key.isascii() and all(character.isalnum() or character in "._-/" for character in key)
