"""Reads requests: the JSON text, the values of its fields, and the name in a path."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes

from tests.servers.aiohttp_server.model import BASE, COSTS, FLAGS, OVERRIDE, PROVIDER
from tests.servers.aiohttp_server.views import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

PROVIDER_ALIAS = "provider_id"
LONGEST_NAME = 512
LARGEST_WINDOW = 2**63 - 1


class Problem(Exception):
    """Ends a request with an error response (RFC 9457)."""

    def __init__(self, status: int, detail: str, reasons: dict[str, str] | None = None) -> None:
        """Store the status, the reason, and the reason of each field."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reasons = reasons or {}


@dataclass(frozen=True, slots=True)
class Upsert:
    """What a request wants a model to be."""

    name: str
    values: dict[str, Any]
    """By field; the provider under one name."""
    aliases: tuple[str, ...]
    """Each provider that the request names."""


def read_upsert(body: bytes) -> Upsert:
    """Return what a body asks for."""
    document = read_object(body)
    reasons = {name: reason for name, value in document.items() if (reason := why_not(name, value))}
    if "model_name" not in document:
        reasons["model_name"] = "is missing"
    if reasons:
        raise Problem(400, "Some fields have no valid value.", reasons)
    name = document.pop("model_name")
    aliases = tuple(document[field] for field in (PROVIDER, PROVIDER_ALIAS) if field in document)
    document.pop(PROVIDER_ALIAS, None)
    return Upsert(name, canonical(document) | ({PROVIDER: aliases[0]} if aliases else {}), aliases)


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds; a byte order mark may precede it."""
    try:
        document = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=distinct,
            parse_constant=reject_constant,
            parse_float=finite,
        )
        json.dumps(document, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"The body is no JSON text that this server reads: {type(error).__name__}.") from error
    if not isinstance(document, dict):
        raise Problem(400, "The body is no JSON object.")
    return document


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names differ."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate names")
    return members


def finite(text: str) -> float:
    """Return a number that a double can hold."""
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond the doubles")
    return number


def reject_constant(text: str) -> NoReturn:
    """Reject NaN and Infinity."""
    raise ValueError(text)


def canonical(document: dict[str, Any]) -> dict[str, Any]:
    """Return the values as events hold them: costs as doubles, the window and flags as integers."""
    kinds: dict[str, Callable[[Any], Any]] = {**dict.fromkeys(COSTS, float), **dict.fromkeys(FLAGS, int)}
    kinds["max_context_window"] = int
    return {name: kinds[name](value) if name in kinds else value for name, value in document.items()}


def why_not(name: str, value: Any) -> str | None:
    """Return why a field cannot have a value, or None."""
    check = CHECKS.get(name)
    return check(value) if check else "is not a field of this request"


def not_a_name(value: Any) -> str | None:
    """Return why the name of a model is invalid, or None."""
    if not isinstance(value, str) or not value:
        return "must be a string of at least one character"
    if len(value) > LONGEST_NAME:
        return f"must have at most {LONGEST_NAME} characters"
    if value != value.strip() or any(ord(character) < 32 or ord(character) == 127 for character in value):
        return "must not have control characters or surrounding white space"
    return None


def not_a_reference(value: Any) -> str | None:
    """Return why the name of a base model or a provider is invalid, or None."""
    return None if isinstance(value, str) and value else "must be a string of at least one character"


def not_a_text(value: Any) -> str | None:
    """Return why a display name is invalid, or None."""
    return None if isinstance(value, str) else "must be a string"


def is_number(value: Any) -> bool:
    """Return whether a value is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def not_a_cost(value: Any) -> str | None:
    """Return why a cost is invalid, or None."""
    try:
        valid = is_number(value) and float(value) >= 0
    except OverflowError:
        valid = False
    return None if valid else "must be a number of USD, 0 or more"


def not_a_window(value: Any) -> str | None:
    """Return why a window is invalid, or None."""
    valid = is_number(value) and value == int(value) and 0 <= value <= LARGEST_WINDOW
    return None if valid else "must be an integer from 0 to 9223372036854775807"


def not_a_flag(value: Any) -> str | None:
    """Return why a flag is invalid, or None."""
    return None if is_number(value) and value in (0, 1) else "must be 0 or 1"


def not_an_override(value: Any) -> str | None:
    """Return why an override is invalid, or None."""
    return None if isinstance(value, dict) else "must be an object"


CHECKS: dict[str, Callable[[Any], str | None]] = {
    "model_name": not_a_name,
    BASE: not_a_reference,
    PROVIDER: not_a_reference,
    PROVIDER_ALIAS: not_a_reference,
    "display_name": not_a_text,
    **dict.fromkeys(COSTS, not_a_cost),
    "max_context_window": not_a_window,
    **dict.fromkeys(FLAGS, not_a_flag),
    OVERRIDE: not_an_override,
}


def name_in(raw_path: str) -> str:
    """Return the name in the path of a model, percent-decoded once."""
    encoded = raw_path.removeprefix(PREFIX).removesuffix("/")
    try:
        return unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError as error:
        raise Problem(404, "There is no such model.") from error
