"""The Prefer field is read as RFC 7240 writes it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.prefer import listed, read_preferences

READ = {
    "one": (["code=403"], "code=403"),
    "several in one field": (["code=403, wait=2"], "code=403, wait=2"),
    "several fields": (["code=403", "wait=2"], "code=403, wait=2"),
    "separated by semicolons": (["code=403; wait=2"], "code=403"),
    "names in capitals": (["CODE=403, Example=A"], "code=403, example=A"),
    "quoted": (['example="a, b; c=d"'], 'example="a, b; c=d"'),
    "quoted without need": (['code="403"'], "code=403"),
    "escapes": ([r'example="a \"b\" \\"'], r'example="a \"b\" \\"'),
    "white space": (["  code = 403\t,\twait\t=\t2 ;a ; b = c"], "code=403, wait=2"),
    "no value": (["dynamic"], "dynamic"),
    "an empty value is none": (['dynamic=""'], "dynamic"),
    "empty elements": ([",, code=403 ,,"], "code=403"),
    "empty parameters": (["code=403;; ;"], "code=403"),
    "the first counts": (["code=403, code=404", "CODE=500"], "code=403"),
    "unknown ones": (["respond-async, handling=lenient"], "respond-async, handling=lenient"),
    "malformed ones are left out": (["code 403, =x, a=, b=/, (c), wait=2"], "wait=2"),
    "an open quote": (['wait=2, example="a, code=403'], "wait=2"),
    "nothing": (["", " "], ""),
}


@pytest.mark.parametrize(("fields", "found"), READ.values(), ids=READ)
def test_preferences_are_read(fields: list[str], found: str) -> None:
    assert listed(read_preferences(fields).values()) == found


def test_parameters_belong_to_their_preference() -> None:
    found = read_preferences(['dynamic=true; Seed="a b"; seed=c; x, code=403;seed=d'])
    assert found["dynamic"].parameters == {"seed": "a b", "x": ""}
    assert found["code"].parameters == {"seed": "d"}


@given(st.lists(st.text('ab=;," \t\\', max_size=30)))
def test_what_is_applied_reads_as_it_was_read(fields: list[str]) -> None:
    found = read_preferences(fields)
    again = read_preferences([listed(found.values())])
    assert [(each.name, each.value) for each in again.values()] == [(each.name, each.value) for each in found.values()]


@pytest.mark.parametrize("repeated", ["; ", 'a="', '"\\', ",", "a=b;", 'a="\\"'])
def test_a_long_field_is_read_at_once(repeated: str) -> None:
    began = time.process_time()
    read_preferences([f"a={repeated * 20_000}="])
    assert time.process_time() - began < 2
