"""Texts of a target, made fit to be looked at: nothing lost, nothing hidden."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.output import KEPT, visible
from conformance.reports.page import contrast, pretty
from tests.conformance.parts import drawn

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
"""Categories of characters that show nothing, or change how their neighbours are shown."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text())
@drawn
def test_nothing_is_hidden(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in HIDDEN and c not in (" ", *KEPT)]
    assert [c for c in text if c.isprintable()] == [c for c in text if c in shown and c.isprintable()]


def test_what_hides_is_written_out() -> None:
    assert (
        visible("a\x00b\u202ec\ud800\U000e0001\u00a0\r\n\té🧪")
        == "a\\u0000b\\u202ec\\ud800\\U000e0001\\u00a0\\u000d\n\té🧪"
    )


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
@drawn
def test_json_is_laid_out_and_stays_what_it_is(value: object, indent: int | str | None, escaped: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=escaped)
    laid_out = pretty(body)
    assert json.loads(laid_out) == value
    if isinstance(value, dict | list):
        assert laid_out.replace(" ", "") == json.dumps(value, indent=2, ensure_ascii=escaped).replace(" ", "")


@pytest.mark.parametrize(
    ("body", "laid_out"),
    [
        ('{"a":0.10000000000000000001,"a":1E2}', '{\n  "a": 0.10000000000000000001,\n  "a": 1E2\n}'),
        ('{"a":{},"b":[ ]}', '{\n  "a": {},\n  "b": []\n}'),
        ('{"a":', '{"a":'),
        ("<p>", "<p>"),
        ('"text"', '"text"'),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_the_spelling_of_a_body_stays(body: str, laid_out: str) -> None:
    assert pretty(body) == laid_out


@given(st.text(max_size=60), st.text(max_size=60))
@drawn
def test_a_difference_is_of_both_texts(one: str, other: str) -> None:
    mine, theirs = contrast(one, other)
    assert "".join(part.text for part in mine) == one
    assert "".join(part.text for part in theirs) == other


def test_of_long_words_only_the_end_is_marked() -> None:
    long, short = contrast(f'name: "{"x" * 30}yz" shown', f'name: "{"x" * 30}"')
    assert [part.text for part in long if part.differs] == ["yz"]
    assert [part.text for part in short if part.differs] == []


@pytest.mark.parametrize(
    ("expected", "observed", "marked"),
    [
        ('name: "Value 2" in the response', 'name: "Value 1"', ({"2"}, {"1"})),
        ("input_cost: 1e-06 in the response to the create", "input_cost: 0.0", ({"1e-06"}, {"0.0"})),
        ("status 400", '201 {"id": "a"}', (set(), set())),
        ('name: "a" shown', 'name: "a" shown', (set(), set())),
    ],
)
def test_only_what_differs_is_marked(expected: str, observed: str, marked: tuple[set[str], set[str]]) -> None:
    sides = contrast(expected, observed)
    found = tuple("".join(part.text for part in side if part.differs) for side in sides)
    assert all(word in text for words, text in zip(marked, found, strict=True) for word in words)
    assert [bool(text) for text in found] == [bool(words) for words in marked]
    assert "response" not in found[0]
