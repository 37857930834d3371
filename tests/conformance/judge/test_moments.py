"""Date-times of RFC 3339, told from what only looks like one, and compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.moments import parse_moment
from tests.conformance.parts import drawn

WELL_FORMED = [
    "2026-02-01T12:00:00Z",
    "2026-02-01t12:00:00z",
    "2026-02-01 12:00:00Z",
    "2026-02-01T12:00:00.1Z",
    "2026-02-01T12:00:00.123456789Z",
    "2026-02-01T12:00:00+05:30",
    "2026-02-01T12:00:00-00:00",
    "2024-02-29T00:00:00Z",
    "1990-12-31T23:59:60Z",
    "1990-12-31T15:59:60-08:00",
    "2016-12-31T23:59:60.5Z",
]
MALFORMED: list[Any] = [
    "2026-02-01T12:00:00",
    "2026-02-01",
    "12:00:00Z",
    "2026-02-01T12:00Z",
    "2026-02-01T12:00:00+0530",
    "2026-02-01T12:00:00+05",
    "2026-02-01T12:00:00,5Z",
    "2026-02-01T12:00:00.Z",
    "2026-2-1T12:00:00Z",
    "2026-02-30T12:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-02-01T25:00:00Z",
    "2026-02-01T12:60:00Z",
    "2026-02-01T12:00:60Z",
    "2026-02-01T23:59:61Z",
    "2026-02-01T12:00:00+24:00",
    "2026-W05-7T12:00:00Z",
    "\uff12\uff10\uff12\uff16-02-01T12:00:00Z",
    "2026-02-01T12:00:00Z\n",
    " 2026-02-01T12:00:00Z",
    "Sun, 01 Feb 2026 12:00:00 GMT",
    "",
    "yesterday",
    1769947200,
    1769947200.5,
    None,
    True,
    ["2026-02-01T12:00:00Z"],
]


@pytest.mark.parametrize("text", WELL_FORMED)
def test_well_formed(text: str) -> None:
    found = parse_moment(text)
    assert found is not None
    assert found.text == text
    assert found.at.tzinfo is not None


@pytest.mark.parametrize("value", MALFORMED, ids=repr)
def test_malformed(value: Any) -> None:
    assert parse_moment(value) is None


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001  zones are drawn apart
    st.integers(-23 * 60, 23 * 60),
    st.sampled_from("T t"),
)
@drawn
def test_every_date_time_that_python_writes_is_read_as_it_was_meant(at: datetime, minutes: int, letter: str) -> None:
    meant = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    found = parse_moment(meant.isoformat(sep=letter))
    assert found is not None
    assert found.at == meant
    assert found.whole_seconds is (meant.microsecond == 0)
    assert found.whole_minutes is (meant.microsecond == meant.second == 0)


def test_the_same_moment_in_two_zones_is_one() -> None:
    assert parse_moment("2026-02-01T12:00:00Z") == parse_moment("2026-02-01T13:30:00+01:30")


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=2, unique=True))
@drawn
def test_moments_are_ordered_by_time_not_by_spelling(microseconds: list[int]) -> None:
    early, late = (datetime(2026, 2, 1, tzinfo=UTC) + timedelta(microseconds=offset) for offset in sorted(microseconds))
    one, other = (
        parse_moment(early.astimezone(timezone(timedelta(hours=9))).isoformat()),
        parse_moment(late.isoformat()),
    )
    assert one is not None
    assert other is not None
    assert one < other


def test_digits_beyond_microseconds_do_not_reorder() -> None:
    one, other = parse_moment("2026-02-01T12:00:00.1234561Z"), parse_moment("2026-02-01T12:00:00.1234569Z")
    assert one is not None
    assert other is not None
    assert one <= other
    assert not one.whole_seconds


def test_a_leap_second_stands_between_its_neighbours() -> None:
    before, leap, after = (parse_moment(f"2016-12-31T23:59:{end}") for end in ("59.2Z", "60.2Z", "60.9Z"))
    assert before is not None
    assert leap is not None
    assert after is not None
    assert before < leap < after


AT = "2026-02-01T12:00:05"
ONE_MOMENT = [
    (f"{AT}Z", f"{AT}Z"),
    (f"{AT}.4Z", f"{AT}Z"),
    (f"{AT}.123456789Z", f"{AT}.123457Z"),
    (f"{AT}.123456Z", f"{AT}.123Z"),
    (f"{AT}.9996Z", "2026-02-01T12:00:06Z"),
    (f"{AT}.5Z", "2026-02-01T12:00:00Z"),
]
TWO_MOMENTS = [
    (f"{AT}Z", "2026-02-01T12:00:06Z"),
    (f"{AT}.123456Z", f"{AT}.123457Z"),
    (f"{AT}.123Z", f"{AT}.125001Z"),
    (f"{AT}.5Z", "2026-02-01T12:00:07Z"),
    ("2026-02-01T12:00:00Z", "2026-02-01T12:01:00Z"),
    (f"{AT}.5Z", "2026-02-01T12:02:00Z"),
]


@pytest.mark.parametrize(("one", "other"), ONE_MOMENT)
def test_a_coarser_grain_makes_no_other_moment(one: str, other: str) -> None:
    first, second = parse_moment(one), parse_moment(other)
    assert first is not None
    assert second is not None
    assert first.is_same(second)
    assert second.is_same(first)
    assert not first.is_before(second)
    assert not second.is_before(first)


@pytest.mark.parametrize(("one", "other"), TWO_MOMENTS)
def test_moments_that_no_grain_explains_are_two(one: str, other: str) -> None:
    first, second = parse_moment(one), parse_moment(other)
    assert first is not None
    assert second is not None
    assert not first.is_same(second)
    assert first.is_before(second)
    assert not second.is_before(first)
