"""Says where fixtures are wrong without repeating the keys and the secret in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contract import Problem
from mock_server.hiding.bodies import HIDDEN
from mock_server.hiding.redaction import Hider

_KEYS = "/api_keys/"
_NAMED = re.compile(r"the key [^ ]+(?= is not a string)")
_SECRET = "/dashboard/secret"  # noqa: S105 - a place


def without_keys(problems: Sequence[Problem], written: Mapping[str, Any], under: str = "#") -> list[Problem]:
    """Return the problems of a file with fixtures `under` that place. An API key is named by its number in the file."""
    places = under + _KEYS
    pointed = (each.pointer.removeprefix(places).split("/")[0] for each in problems if each.pointer.startswith(places))
    keys = list(_strings(written.get("api_keys")))
    known = [*keys, *_strings(_secret(written)), *(each.replace("~1", "/").replace("~0", "~") for each in pointed)]
    hide = Hider(known).hide
    return [_without(each, keys, under, hide(each.what), hide(each.mend)) for each in problems]


def _without(problem: Problem, keys: Sequence[str], under: str, what: str, mend: str) -> Problem:
    pointer, places = problem.pointer, under + _KEYS
    if f"{pointer}/" == places:  # a key that is no string, so that it has no place of its own
        return Problem(pointer, _NAMED.sub("a key", what), mend)
    if pointer == under + _SECRET:
        return Problem(pointer, "is not valid", mend)
    if not pointer.startswith(places):
        return Problem(pointer, what, mend)
    token, slash, rest = pointer.removeprefix(places).partition("/")
    key = token.replace("~1", "/").replace("~0", "~")
    number = f" (of API key {keys.index(key) + 1} in the file)" if key in keys else ""
    return Problem(f"{places}{HIDDEN}{slash}{rest}", f"{what}{number}", mend)


def _secret(written: Mapping[str, Any]) -> Any:
    dashboard = written.get("dashboard")
    return dashboard.get("secret") if isinstance(dashboard, Mapping) else dashboard


def _strings(value: Any) -> Iterator[str]:
    """Yield what may be keys: the names of a mapping, the strings of a list, a string."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for each in value:
            yield from _strings(each)
