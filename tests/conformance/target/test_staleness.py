"""Reads that say that they may be shown for a while after a write are no witness of what was written."""

from __future__ import annotations

import pytest

from conformance.target.probe import may_be_stale

STALE = ("max-age=1", "private, max-age=60", "Max-Age=10", 'max-age="5"', "max-age=0, s-maxage=010")
FRESH = ("", "max-age=0", "max-age=00", "no-store", "no-store, max-age=60", "max-age=60, No-Cache", "must-revalidate")


@pytest.mark.parametrize("cache_control", STALE)
def test_a_response_that_may_be_cached_may_be_stale(cache_control: str) -> None:
    assert may_be_stale(cache_control)


@pytest.mark.parametrize("cache_control", FRESH)
def test_a_response_that_must_be_revalidated_is_fresh(cache_control: str) -> None:
    assert not may_be_stale(cache_control)
