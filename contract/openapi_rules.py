"""Checks that a document follows the rules of OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from contract.errors import Problem
from contract.pointer import Tokens

Fault = tuple[Tokens, str]
"""Where, and what."""

MEND = "see the OpenAPI 3.0.3 specification for what may stand there"


def version_problems(written: dict[str, Any]) -> list[Problem]:
    """A problem where `written` is no OpenAPI 3.0 document at all."""
    version = written.get("openapi")
    if isinstance(version, str) and version.startswith("3.0."):
        return []
    return [Problem("#/openapi", f"the OpenAPI version is {version!r}", "use OpenAPI 3.0, such as openapi: 3.0.3")]


def openapi_faults(resolved: dict[str, Any]) -> list[Fault]:
    """Each way in which a document without references breaks the rules."""
    from openapi_spec_validator import OpenAPIV30SpecValidator

    try:
        errors: list[Exception] = list(OpenAPIV30SpecValidator(resolved).iter_errors())
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001 - the validator raises what its parts raise on files it did not foresee
        errors = [error]
    if not errors:
        return []
    return _structural_faults(resolved) or [
        (tuple(getattr(error, "absolute_path", ())), _short(error)) for error in errors
    ]


def _structural_faults(resolved: dict[str, Any]) -> list[Fault]:
    """The deepest cause of each breach of the OpenAPI schema, which the validator itself blames on a whole subtree."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import best_match
    from openapi_spec_validator.schemas import schema_v30

    causes = (best_match([error]) for error in Draft4Validator(dict(schema_v30)).iter_errors(resolved))
    return [(tuple(cause.absolute_path), _short(cause)) for cause in causes if cause]


def _short(error: Exception, limit: int = 300) -> str:
    """The message on one line, without the middle of the subtree that it quotes; the pointer says where to look."""
    line = " ".join((getattr(error, "message", "") or str(error) or type(error).__name__).split())
    return line if len(line) <= limit else line[: limit // 2] + " ... " + line[-limit // 2 :]
