"""JSON is read by the letter, and what is read can be written again."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable
from time import process_time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.strict_json import LARGEST, SMALLEST, UnreadableError, read_json, read_json_exactly
from tests.mock_server.json_texts import broken

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(SMALLEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES, st.booleans())
def test_a_value_is_read_exactly_and_can_be_written(value: Any, escaped: bool) -> None:
    read = read_json(json.dumps(value, ensure_ascii=escaped).encode(), nesting=64)
    assert _same(read, value)
    assert _same(orjson.loads(orjson.dumps(read)), value)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_rejected(raw: bytes) -> None:
    try:
        value = read_json(raw, nesting=64)
    except UnreadableError:
        return
    assert _same(value, json.loads(raw))


@given(st.text(alphabet='{}[]",:0123456789.eE-+\\ud8cautrfslen \t', max_size=30))
def test_any_text_of_json_characters_is_read_or_rejected(text: str) -> None:
    try:
        value = read_json(text.encode(), nesting=3)
    except UnreadableError:
        return
    orjson.dumps(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": "b\tc"}', "The body is not valid JSON: line 1, column 9: Invalid control character."),
        ('{"a":\n"b}', "The body is not valid JSON: line 2, column 1: Unterminated string."),
        ('{"a": .5}', "The body is not valid JSON: line 1, column 7: Expecting value."),
    ],
)
def test_the_place_and_the_problem_are_a_sentence(text: str, message: str) -> None:
    with pytest.raises(UnreadableError, match=f"^{re.escape(message)}$"):
        read_json(text.encode(), nesting=3)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_counts_arrays_and_objects(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    assert read_json((opening * 3 + "1" + closing * 3).encode(), nesting=3)
    with pytest.raises(UnreadableError, match="more than 3 deep"):
        read_json((opening * 4 + "1" + closing * 4).encode(), nesting=3)


def test_brackets_in_strings_and_side_by_side_do_not_nest() -> None:
    assert read_json(b'["[[[[[", [], [], []]', nesting=2) == ["[[[[[", [], [], []]


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    for raw in (b"[" * 1_000_000, b'{"a":' * 200_000, b"[" * 900 + b"]" * 900):
        with pytest.raises(UnreadableError):
            read_json(raw, nesting=64)


def test_surrogate_pairs_are_characters_and_halves_are_not() -> None:
    assert read_json(rb'"\ud83d\ude80"', nesting=1) == "🚀"
    for half in (rb'"\ud83d"', rb'"\ude80"', rb'"\ude80\ud83d"', rb'{"\ud83d": 1}', rb'[["\uD83Dx"]]'):
        with pytest.raises(UnreadableError, match="half of a surrogate pair"):
            read_json(half, nesting=3)


def test_a_syntax_error_has_line_and_column() -> None:
    with pytest.raises(UnreadableError, match="line 2, column 3"):
        read_json(b'{"a": 1,\n  }', nesting=3)


@given(broken())
@settings(max_examples=300)
def test_the_fast_reader_and_the_exact_one_agree(raw: bytes) -> None:
    assert _outcome(read_json, raw) == _outcome(read_json_exactly, raw)


def _outcome(read: Callable[[bytes, int], Any], raw: bytes) -> str:
    """The value, with the types of numbers and the sign of zero, or the message."""
    try:
        return repr(read(raw, 4))
    except UnreadableError as error:
        return str(error)


@pytest.mark.parametrize("end", ["]", "}", "]x", ',"name 0":0}', ',"name 39999":0}', r',"\ud800":0}', ',"n":1e999}'])
def test_no_text_takes_much_longer_than_a_sound_one_of_its_size(end: str) -> None:
    members = "{" + ",".join(f'"name {number}":0' for number in range(40_000))
    sound, wrong = f"{members}}}".encode(), (members + end).encode()
    assert _seconds(wrong) < 30 * _seconds(sound)


def _seconds(raw: bytes) -> float:
    started = process_time()
    with contextlib.suppress(UnreadableError):
        read_json(raw, nesting=64)
    return process_time() - started


def _same(one: Any, other: Any) -> bool:
    """Equal in value, type and sign of zero."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)
