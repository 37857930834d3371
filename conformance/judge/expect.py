"""Judging in checks: each `expect_...` raises a Failure with the expected and the observed value."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from conformance.fields import stable_fields, stable_part
from conformance.judge.outcome import Cause, Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.redaction import shortened
from conformance.wire.exchange import Exchange, Json
from contract import Contract, ResponseField


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal.

    2 equals 2.0 and 0 equals -0.0, but 1 does not equal true. Strings are compared by code points. Integers beyond
    2^53 are equal if they are the same double: JSON readers may use doubles (RFC 8259, section 6).
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or _as_double(one) == _as_double(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def contains(one: Any, other: Any) -> bool:
    """Return whether `one` equals `other`, or has all of its members, at any depth."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(name in one and contains(one[name], value) for name, value in other.items())
    return same(one, other)


def _as_double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


Equality = Callable[[Any, Any], bool]
LONGEST_SUMMARY = 300


def as_json(value: Json, limit: int = 400) -> str:
    """Return a JSON value as text for a report, shortened."""
    return shortened(json.dumps(value, ensure_ascii=False), limit)


def summary(exchange: Exchange) -> str:
    """Return a response in one line, shortened."""
    response = exchange.response
    body = shortened(response.body.decode("utf-8", "replace"), LONGEST_SUMMARY)
    return f"{response.status} {body}" if body else f"{response.status} with an empty body"


def expect_status(exchange: Exchange, *statuses: int, when: str = "") -> None:
    """Expect a response with one of `statuses`."""
    if exchange.response.status not in statuses:
        expected = " or ".join(map(str, statuses))
        cause = Cause("status", expected, str(exchange.response.status))
        raise _of(exchange, f"status {expected}{f' {when}' if when else ''}", cause)


def expect_rejected(exchange: Exchange, what: str) -> None:
    """Expect a response that is not 2xx."""
    if exchange.response.successful:
        raise _of(exchange, f"an error response (4xx): {what}", Cause("status", "4xx", str(exchange.response.status)))


def expect_accepted(exchange: Exchange, what: str) -> None:
    """Expect a 2xx response."""
    if not exchange.response.successful:
        raise _of(exchange, f"success (2xx): {what}", Cause("status", "2xx", str(exchange.response.status)))


def expect_returned(
    members: Mapping[str, Json], field: ResponseField, value: Json, where: str, equal: Equality = same
) -> None:
    """Expect `value` in the response field. A value of a wrong type is left to the requirement that judges types."""
    if field.name not in members:
        absent = f"a response without {field.name}"
        expected = f"{field.name}: {as_json(value)} {where}"
        raise Failure(expected, absent, seen_in=[members], cause=Cause("member", field.name, "absent"))
    shown = members[field.name]
    if equal(value, shown):
        return
    if shown is not None and not _of_type(shown, field):
        raise NotTestable(
            f"{field.name} is {as_json(shown)}, which is not of its type", blocked_by=Prerequisite.VALID_MODEL
        )
    raise value_failure(
        f"{field.name}: {as_json(value)} {where}", f"{field.name}: {as_json(shown)}", value, shown, members
    )


def expect_entries(
    shown: Json, entries: Mapping[str, Json], field: ResponseField, where: str, equal: Equality = same
) -> None:
    """Expect each of `entries` in the object in `field`, except those that are null."""
    if shown is not None and not _of_type(shown, field):
        raise NotTestable(
            f"{field.name} is {as_json(shown)}, which is not of its type", blocked_by=Prerequisite.VALID_MODEL
        )
    for name, value in entries.items():
        if value is None:
            continue
        if not isinstance(shown, Mapping) or name not in shown or not equal(shown[name], value):
            came = shown.get(name) if isinstance(shown, Mapping) else None
            seen = as_json(came) if isinstance(shown, Mapping) and name in shown else "absent"
            place = f"{field.name}.{name}"
            raise value_failure(f"{place}: {as_json(value)} {where}", f"{place}: {seen}", value, came, shown)


def without_model_name(members: Mapping[str, Json], key: str) -> dict[str, Json]:
    """Return the members of a response without the model's name in their texts: a default may be derived from it.

    The name is also found with other capitals or punctuation, such as spaces instead of hyphens.
    """
    return {name: _without(key, value) if isinstance(value, str) else value for name, value in members.items()}


def _without(key: str, text: str) -> str:
    name, squeezed = _squeezed(key), _squeezed(text)
    return squeezed.replace(name, "") if name in squeezed else text


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def expect_unchanged(
    contract: Contract,
    before: Mapping[str, Json],
    after: Mapping[str, Json],
    where: str,
    apart: Collection[str] = (),
) -> None:
    """Expect the same values before and after in every stable field; null and absent are the same."""
    for field in stable_fields(contract):
        one, other = stable_part(before.get(field.name), field.schema), stable_part(after.get(field.name), field.schema)
        if field.name not in apart and not same(one, other):
            raise value_failure(
                f"{field.name}: {as_json(one)} {where}", f"{field.name}: {as_json(other)}", one, other, after
            )


@contextmanager
def attributed_to(*exchanges: Exchange) -> Iterator[None]:
    """Attribute failures in the block to `exchanges` instead of to all exchanges of the check."""
    try:
        yield
    except Failure as failure:
        failure.exchanges = failure.exchanges or exchanges
        raise


def value_failure(expected: str, observed: str, value: Json, came: Json, *seen_in: object) -> Failure:
    """Return a Failure for a JSON value that differs from the expected one."""
    return Failure(expected, observed, difference=difference(value, came), seen_in=seen_in)


def _of(exchange: Exchange, expected: str, cause: Cause) -> Failure:
    """Return a Failure of a response as a whole."""
    return Failure(expected, summary(exchange), seen_in=[exchange.response], cause=cause)


_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int, float), "boolean": (bool,), "object": (dict,),
    "array": (list,),
}  # fmt: skip


def _of_type(value: Json, field: ResponseField) -> bool:
    expected = _PYTHON_TYPES.get(field.schema.get("type", ""), (object,))
    return isinstance(value, expected) and (bool in expected or not isinstance(value, bool))


CONTEXT = 1
"""Lines of a document before and after one that differs."""
AROUND = 24
"""Characters of a text before and after the first that differs."""
PLAIN_LENGTH = 40


def difference(expected: Any, observed: Any) -> Sequence[str]:
    """Return lines with `-` for the expected and `+` for the observed value; none if the difference is obvious."""
    if isinstance(expected, dict | list) and isinstance(observed, dict | list):
        return _of_documents(_lines(expected), _lines(observed))
    if isinstance(expected, str) and isinstance(observed, str) and not (_is_plain(expected) and _is_plain(observed)):
        return _of_texts(expected, observed)
    return ()


def _of_documents(expected: Sequence[str], observed: Sequence[str]) -> Sequence[str]:
    if len(expected) == 1 and len(observed) == 1:
        return ()
    lines = difflib.unified_diff(expected, observed, n=CONTEXT, lineterm="")
    return [line[:1] + " " + line[1:] for line in lines if not line.startswith(("---", "+++", "@@"))]


def _lines(value: Any) -> Sequence[str]:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True).split("\n")


def _is_plain(text: str) -> bool:
    """Return whether a reader recognizes every character of the text."""
    return len(text) <= PLAIN_LENGTH and text.isascii() and text.isprintable() and text == text.strip()


def _of_texts(expected: str, observed: str) -> Sequence[str]:
    """Return both texts around the first character that differs, with escapes for characters that are not ASCII."""
    pairs = zip(expected, observed, strict=False)
    shorter = min(len(expected), len(observed))
    at = next((index for index, (one, other) in enumerate(pairs) if one != other), shorter)
    return [f"- {_around(expected, at)}", f"+ {_around(observed, at)}", f"  first at character {at + 1}"]


def _around(text: str, at: int) -> str:
    start, end = max(0, at - AROUND), at + AROUND
    shown = json.dumps(text[start:end])
    return f"{'... ' if start else ''}{shown}{' ...' if end < len(text) else ''}"
