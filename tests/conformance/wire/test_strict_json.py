"""The strict reader of JSON: it names every fault, and finds none where there is none."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.strict_json import MAX_ERRORS, parse, parse_leniently
from tests.conformance.parts import drawn
from tests.mock_server.json_texts import broken

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)
FAULTY = {
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}, "byte order mark"),
    "bytes that are not UTF-8": (b'{"a": "\xff"}', {"a": "\ufffd"}, "byte 7 is not UTF-8"),
    "a name twice": (b'{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}, 'the name "a" occurs twice'),
    "a name twice, deep inside": (b'[{"b": {"a": 1, "a": 1}}]', [{"b": {"a": 1}}], 'the name "a" occurs twice'),
    "a name twice, spelled differently": (b'{"a": 1, "\\u0061": 2}', {"a": 2}, 'the name "a" occurs twice'),
    "Infinity": (b"[Infinity]", [math.inf], "Infinity is not a JSON number"),
    "-Infinity": (b"[-Infinity]", [-math.inf], "-Infinity is not a JSON number"),
}
UNREADABLE = {
    "nothing": (b"", "it is not JSON"),
    "a truncated object": (b'{"a": 1', "it is not JSON"),
    "a trailing comma": (b"[1,]", "it is not JSON"),
    "single quotes": (b"{'a': 1}", "it is not JSON"),
    "a comment": (b"[1] // one", "it is not JSON"),
    "two values": (b"{} {}", "at character 3"),
    "a control character in a string": (b'"\n"', "it is not JSON"),
    "a leading zero": (b"01", "it is not JSON"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "is not UTF-8"),
    "endless nesting": (b"[" * 100_000, "exceeds the limits of JSON readers"),
}


@pytest.mark.parametrize(("body", "value", "fault"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_named_and_the_rest_read(body: bytes, value: object, fault: str) -> None:
    text = parse(body)
    assert text.value == value
    assert len(text.errors) == 1
    assert fault in text.errors[0]


def test_nan_is_a_fault() -> None:
    text = parse(b"[NaN]")
    assert math.isnan(text.value[0])
    assert text.errors == ("NaN is not a JSON number",)


@pytest.mark.parametrize(("body", "fault"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_json_has_no_value(body: bytes, fault: str) -> None:
    text = parse(body)
    assert text.value is None
    assert any(fault in found for found in text.errors)


def test_every_fault_of_a_body_is_named() -> None:
    text = parse(b'\xef\xbb\xbf{"a": NaN, "a": "\xff"}')
    assert len(text.errors) == 4


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
@drawn
def test_what_json_dumps_writes_is_strict(value: object, ascii_only: bool, indent: int | None) -> None:
    text = parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent, allow_nan=False).encode())
    assert text.errors == ()
    assert text.value == value
    assert repr(text.value) == repr(json.loads(json.dumps(value)))


@given(VALUES, st.data())
@drawn
def test_a_body_cut_short_is_never_strict_and_the_same(value: object, data: st.DataObject) -> None:
    body = json.dumps([value]).encode()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    assert parse(cut).errors != ()


@given(broken())
@drawn
def test_the_fast_reader_and_the_lenient_one_agree(body: bytes) -> None:
    fast, lenient = parse(body), parse_leniently(body)
    assert fast.errors == lenient.errors
    assert repr(fast.value) == repr(lenient.value)


def test_many_faults_are_counted() -> None:
    text = parse(b"[" + b",".join([b'{"a":1,"a":2}'] * 100_000) + b"]")
    assert len(text.errors) == MAX_ERRORS + 1
    assert text.errors[-1] == f"{100_000 - MAX_ERRORS} more of these"


def test_a_long_name_is_shortened() -> None:
    name = b'"' + b"a" * 100_000 + b'"'
    (fault,) = parse(b"{" + name + b":1," + name + b":2}").errors
    assert len(fault) < 200
