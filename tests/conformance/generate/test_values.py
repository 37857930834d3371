"""Values made from schemas tell what they are meant to tell."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.generate.values import (
    EDGE_OBJECTS,
    MANY_ENTRIES,
    STRINGS,
    distinct_value,
    has_few_values,
    plain_values,
    unique_value,
)
from conformance.judge.expect import without_model_name
from conformance.judge.requests import Validity, classify_value, is_valid


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


KINDS: list[dict[str, Any]] = [
    {"type": "string"},
    *(
        {"type": "string", "format": name}
        for name in ("byte", "date", "email", "hostname", "ipv4", "ipv6", "uri", "uuid")
    ),
    {"type": "number", "minimum": 0},
    {"type": "integer", "format": "int32"},
]


@pytest.mark.parametrize("schema", KINDS, ids=str)
def test_values_of_variants_are_valid_and_differ(schema: dict[str, Any]) -> None:
    values = [distinct_value(schema, variant) for variant in range(300)]
    assert len(set(values)) == len(values)
    assert all(is_valid(schema, value) for value in values)
    assert not has_few_values(schema)


NARROW: list[dict[str, Any]] = [
    {"type": "boolean"},
    {"type": "string", "maxLength": 5},
    {"type": "string", "pattern": "^[A-Z]{3}$"},
    {"type": "integer", "minimum": 1, "maximum": 10},
    {"type": "number", "multipleOf": 0.1},
    {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
]


@pytest.mark.parametrize("schema", NARROW, ids=str)
def test_plain_values_of_a_narrow_schema_are_valid_and_too_few_to_tell_models_apart(schema: dict[str, Any]) -> None:
    plain = plain_values(schema)
    assert len(plain) >= 2
    assert all(classify_value(schema, value) is Validity.PLAIN for value in plain)
    assert has_few_values(schema)


def test_an_allowed_value_is_no_schema() -> None:
    value = {"format": "int32"}
    assert is_valid({"enum": [value]}, value)


def test_a_time_has_no_plain_value() -> None:
    assert plain_values({"type": "string", "format": "date-time"}) == []


@pytest.mark.parametrize("text", ["rc-0123abcd-7", "Rc 0123Abcd 7", "RC_0123ABCD_7"])
def test_a_text_made_from_the_name_is_left_out(text: str) -> None:
    assert without_model_name({"display_name": text, "cost": 7}, "rc-0123abcd-7") == {"display_name": "", "cost": 7}


def test_a_text_of_its_own_stays() -> None:
    assert without_model_name({"display_name": "Value 7"}, "rc-0123abcd-7") == {"display_name": "Value 7"}
