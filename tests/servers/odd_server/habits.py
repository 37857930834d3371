"""What one odd server always does; drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

ODDITIES = (
    "negative costs",
    "negative zeros",
    "control characters",
    "surrounding space",
    "long names",
    "empty display names",
    "integers beyond 32 bits",
    "whole floats",
    "unknown fields",
    "duplicate names",
    "byte order marks",
    "chunked bodies",
    "cycles of bases",
)
"""What a server may refuse with 400, or 411 for chunked bodies, or may take."""
OPTIONAL = ("affiliation_category", "is_called_by_custom_name", "source", "model_type", "throughput", "provider")
"""Response fields that a server need not show whatever was sent."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The choices of one server."""

    reads: bool
    """Whether models are read and deleted at their path."""
    refuses: frozenset[str]
    absent: frozenset[str]
    null_times: frozenset[str]
    grain: timedelta
    """Of the clock."""
    repeats_update: bool
    """Whether a repeated request moves the update time."""
    merges_overrides: bool
    inherits_too: frozenset[str]
    default_params: dict[str, Any]
    judges_rights_first: bool
    """Whether a read-only caller is told so before the body is judged."""
    closes_connections: bool


def drawn(random: Random, *, reads: bool) -> Habits:
    """Habits at random."""

    def some(choices: Iterable[str]) -> frozenset[str]:
        return frozenset(choice for choice in choices if random.random() < 0.5)

    return Habits(
        reads=reads,
        refuses=some(ODDITIES),
        absent=some((*OPTIONAL, "created_at", "updated_at")),
        null_times=some(("created_at", "updated_at")),
        grain=timedelta(microseconds=random.choice((1, 1000, 1_000_000))),
        repeats_update=random.random() < 0.5,
        merges_overrides=random.random() < 0.5,
        inherits_too=some(("display_name", "custom_provider_id")),
        default_params=random.choice(({}, {"stream": {"type": "boolean"}, "n": 1})),
        judges_rights_first=random.random() < 0.5,
        closes_connections=random.random() < 0.3,
    )
