"""Values made from schemas tell what they are meant to tell."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.generate.values import EDGE_OBJECTS, MANY_ENTRIES, STRINGS, unique_value
from conformance.judge.expect import without_model_name


def test_plain_texts_are_of_1_to_100_printable_characters() -> None:
    assert all(1 <= len(text) <= 100 and text.isprintable() and text == text.strip() for text in STRINGS)
    assert max(map(len, STRINGS)) == 100
    assert len(set(STRINGS)) == len(STRINGS)


def test_odd_objects_can_be_sent_as_one() -> None:
    names = [name for entries in EDGE_OBJECTS for name in entries]
    assert len(names) == len(set(names))


def test_many_entries_are_more_than_a_plain_override_has() -> None:
    assert len(MANY_ENTRIES) > 100


@pytest.mark.parametrize("kind", ["string", "number", "integer", "object"])
def test_a_telling_value_is_that_of_one_name(kind: str) -> None:
    one, other = (unique_value({"type": kind}, f"rc-0123abcd-{number}", number) for number in (7, 8))
    assert one != other
    assert one is not None


@pytest.mark.parametrize("schema", [{"type": "boolean"}, {"enum": [0, 1]}, {"type": "string", "maxLength": 3}])
def test_a_schema_of_few_values_has_no_telling_one(schema: dict[str, Any]) -> None:
    assert unique_value(schema, "rc-0123abcd-7", 7) is None


@pytest.mark.parametrize("text", ["rc-0123abcd-7", "Rc 0123Abcd 7", "RC_0123ABCD_7"])
def test_a_text_made_from_the_name_is_left_out(text: str) -> None:
    assert without_model_name({"display_name": text, "cost": 7}, "rc-0123abcd-7") == {"display_name": "", "cost": 7}


def test_a_text_of_its_own_stays() -> None:
    assert without_model_name({"display_name": "Value 7"}, "rc-0123abcd-7") == {"display_name": "Value 7"}
