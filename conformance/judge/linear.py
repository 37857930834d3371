"""Whether a history of reads and writes of one register could have happened one after the other.

Wing and Gong's search: take any operation that no other one wholly precedes, apply it, and go on with the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """A read that saw `value`, or a write of it."""

    writes: bool
    value: Any
    began: float
    ended: float


def linearizable(history: Sequence[Operation], initial: Any) -> bool:
    """Whether an order of `history` exists that keeps real time and in which each read sees the latest write."""
    if not history:
        return True
    first_end = min(operation.ended for operation in history)
    for index, operation in enumerate(history):
        if operation.began > first_end:
            continue
        if operation.writes or operation.value == initial:
            rest = [*history[:index], *history[index + 1 :]]
            if linearizable(rest, operation.value if operation.writes else initial):
                return True
    return False
