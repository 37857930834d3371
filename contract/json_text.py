"""Reads JSON texts as such: YAML takes most of them, but not all characters, and none of their surrogate pairs."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def json_in(content: bytes, nesting: int) -> dict[str, Any] | None:
    r"""Return the object that is written in JSON, or None where the text is not sound, and may be YAML.

    It is not sound where a name stands twice, a number is beyond a double, arrays and objects nest too deep, or a
    surrogate stands alone.

    >>> json_in(b'{"smile": "\\ud83d\\ude00"}', 10) == {"smile": chr(0x1F600)}
    True
    >>> json_in(b'{"a": 1, "a": 2}', 10), json_in(b"a: 1", 10)
    (None, None)
    """
    if not content.lstrip().startswith(b"{"):
        return None
    try:
        value = _DECODER.decode(content.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _depth(value) <= nesting else None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError
    return value


def _constant(_: str) -> NoReturn:
    raise ValueError


def _depth(value: Any) -> int:
    """How deep `value` nests."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, (dict, list))]:
        depth += 1
        level = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
    return depth


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
