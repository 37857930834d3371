"""Histories of one register: those that could have happened one after the other, and those that could not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.target.races import RegisterOperation, linearizable
from tests.conformance.parts import drawn

POSSIBLE = {
    "nothing happened": [],
    "a read of what was there": [("r", 0, 0, 1)],
    "a write, then a read of it": [("w", 1, 0, 1), ("r", 1, 2, 3)],
    "a read beside a write sees the old value": [("w", 1, 0, 3), ("r", 0, 1, 2)],
    "a read beside a write sees the new value": [("w", 1, 0, 3), ("r", 1, 1, 2)],
    "two writes at once, either wins": [("w", 1, 0, 2), ("w", 2, 0, 2), ("r", 1, 3, 4)],
    "two reads beside a write, old and then new": [("w", 1, 0, 9), ("r", 0, 1, 2), ("r", 1, 3, 4)],
    "operations that touch may be swapped": [("w", 1, 0, 1), ("r", 0, 1, 2)],
}
IMPOSSIBLE = {
    "a value that nobody wrote": [("w", 1, 0, 1), ("r", 7, 2, 3)],
    "a stale read": [("w", 1, 0, 1), ("r", 0, 2, 3)],
    "a lost write": [("w", 1, 0, 1), ("w", 2, 2, 3), ("r", 1, 4, 5)],
    "a read of what is yet to be written": [("r", 1, 0, 1), ("w", 1, 2, 3)],
    "new and then old again, beside one write": [("w", 1, 0, 9), ("r", 1, 1, 2), ("r", 0, 3, 4)],
    "two readers that saw two writes in different orders": [
        *[("w", 1, 0, 1), ("w", 2, 0, 1)],
        *[("r", 1, 2, 3), ("r", 2, 4, 5), ("r", 1, 6, 7)],
    ],
}


def _history(rows: list[tuple[str, int, float, float]]) -> list[RegisterOperation]:
    return [RegisterOperation(kind == "w", value, began, ended) for kind, value, began, ended in rows]


@pytest.mark.parametrize("rows", POSSIBLE.values(), ids=POSSIBLE)
def test_possible(rows: list[tuple[str, int, float, float]]) -> None:
    assert linearizable(_history(rows), 0)
    assert linearizable(_history(rows)[::-1], 0)


@pytest.mark.parametrize("rows", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible(rows: list[tuple[str, int, float, float]]) -> None:
    assert not linearizable(_history(rows), 0)
    assert not linearizable(_history(rows)[::-1], 0)


@st.composite
def _of_a_register(draw: st.DrawFn) -> list[RegisterOperation]:
    """What clients of a real register see: each operation takes effect at one instant within its interval."""
    value, history = 0, []
    for instant in range(draw(st.integers(1, 7))):
        writes = draw(st.booleans())
        value = draw(st.integers(1, 3)) if writes else value
        before, after = draw(st.floats(0, 4)), draw(st.floats(0, 4))
        history.append(RegisterOperation(writes, value, instant - before, instant + after))
    return draw(st.permutations(history))


@given(_of_a_register())
@drawn
def test_histories_of_a_register_are_linearizable(history: list[RegisterOperation]) -> None:
    assert linearizable(history, 0)


@given(_of_a_register())
@drawn
def test_a_value_that_nobody_wrote_makes_any_history_impossible(history: list[RegisterOperation]) -> None:
    assert not linearizable([*history, RegisterOperation(False, 99, 0.0, 1.0)], 0)


@given(_of_a_register(), st.integers(1, 3))
@drawn
def test_a_late_read_of_what_was_overwritten_is_impossible(history: list[RegisterOperation], value: int) -> None:
    end = max(operation.ended for operation in history)
    later = [RegisterOperation(True, value, end + 1, end + 2), RegisterOperation(False, value + 1, end + 3, end + 4)]
    assert not linearizable([*history, *later], 0)
