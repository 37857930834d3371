"""What is said of two values that differ."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.expect import difference


@pytest.mark.parametrize(
    ("expected", "observed"), [(1, 2), ("a", "b"), (None, {"a": 1}), ({"a": 1}, None), ([], {}), (True, 1), ("", "x")]
)
def test_values_that_speak_for_themselves_are_left_alone(expected: Any, observed: Any) -> None:
    assert difference(expected, observed) == ()


def test_objects_differ_line_by_line_whatever_the_order_of_their_members() -> None:
    expected = {"top_p": {"max": 1}, "stop": {"max": 4, "list": True}, "a": {}, "b": {}}
    observed = {"b": {}, "a": {}, "stop": {"max": 3, "list": True}, "top_p": {"max": 1}}
    assert difference(expected, observed) == [
        '      "list": true,',
        '-     "max": 4',
        '+     "max": 3',
        "    },",
    ]


def test_what_is_missing_and_what_is_there_too_much() -> None:
    assert difference({"a": 1, "b": 2}, {"b": 2, "c": 3}) == [
        "  {",
        '-   "a": 1,',
        '-   "b": 2',
        '+   "b": 2,',
        '+   "c": 3',
        "  }",
    ]


@pytest.mark.parametrize(
    ("expected", "observed", "lines"),
    [
        ("é", "e\u0301", ['- "\\u00e9"', '+ "e\\u0301"', "  first at character 1"]),
        (" a ", "a", ['- " a "', '+ "a"', "  first at character 1"]),
        ("ab ", "ab", ['- "ab "', '+ "ab"', "  first at character 3"]),
        (
            "x" * 100 + "y" + "z" * 50,
            "x" * 100 + "z" * 50,
            [f'- ... "{"x" * 24}y{"z" * 23}" ...', f'+ ... "{"x" * 24}{"z" * 24}" ...', "  first at character 101"],
        ),
    ],
)
def test_texts_differ_where_they_first_do_with_nothing_hidden(expected: str, observed: str, lines: list[str]) -> None:
    assert list(difference(expected, observed)) == lines
