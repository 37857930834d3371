"""Checks that a document follows the rules of OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from contract.errors import Problem
from contract.pointer import Tokens
from contract.values import value_faults

MEND = "see the OpenAPI 3.0.3 specification for what may stand there"

_REFERENCE = {"$ref": "#/definitions/Reference"}


def version_problems(written: dict[str, Any]) -> list[Problem]:
    """A problem where `written` is no OpenAPI 3.0 document at all."""
    version = written.get("openapi")
    if isinstance(version, str) and version.startswith("3.0."):
        return []
    return [Problem("#/openapi", f"the OpenAPI version is {version!r}", "use OpenAPI 3.0, such as openapi: 3.0.3")]


def openapi_faults(resolved: dict[str, Any]) -> list[tuple[Tokens, str]]:
    """Each way in which a document without references breaks the rules: where, and what."""
    errors = _errors(resolved)
    # The validator blames whole subtrees, or tells no place; what it found is sought anew, and its word is the last.
    return errors and (_structural_faults(resolved) or list(value_faults(resolved)) or errors)


def _errors(resolved: dict[str, Any]) -> list[tuple[Tokens, str]]:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    try:
        errors = OpenAPIV30SpecValidator(resolved).iter_errors()
        return [(tuple(error.absolute_path), _short(error.message)) for error in errors]
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001 - it raises what its parts raise on documents that they did not foresee
        return [((), _short(str(error) or type(error).__name__))]


def _structural_faults(resolved: dict[str, Any]) -> list[tuple[Tokens, str]]:
    """The deepest cause of each breach of the OpenAPI schema."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import best_match
    from openapi_spec_validator.schemas import schema_v30

    schema = _without_references(dict(schema_v30))
    validator = Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)
    causes = (best_match([error]) for error in validator.iter_errors(resolved))
    return [(tuple(cause.absolute_path), _short(cause.message)) for cause in causes if cause]


def _without_references(schema: Any) -> Any:
    """The OpenAPI schema as it is for resolved documents: where it asks for a thing or a reference, for the thing."""
    if isinstance(schema, list):
        return [_without_references(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {keyword: _without_references(value) for keyword, value in schema.items()}
    alternatives = kept.get("oneOf")
    if isinstance(alternatives, list) and _REFERENCE in alternatives:
        alternatives.remove(_REFERENCE)
        if len(alternatives) == 1:  # allOf is searched for the cause, of the only alternative no cause would be told
            kept["allOf"] = kept.pop("oneOf")
    return kept


def _short(message: str, limit: int = 300) -> str:
    """The message on one line, without the middle of the subtree that it quotes; the pointer says where to look."""
    line = " ".join(message.split())
    return line if len(line) <= limit else line[: limit // 2] + " ... " + line[-limit // 2 :]
