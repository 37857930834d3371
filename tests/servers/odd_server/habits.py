"""What one odd server always does, drawn once."""

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
"""What a server may reject with 400 (411 for chunked bodies) or accept."""
OPTIONAL = ("affiliation_category", "is_called_by_custom_name", "source", "model_type", "throughput", "provider")
"""Response fields that a server may always omit."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The choices of one server."""

    reads: bool
    """Whether models can be read and deleted by path."""
    rejects: frozenset[str]
    absent: frozenset[str]
    null_times: frozenset[str]
    clock_resolution: timedelta
    repeats_update: bool
    """Whether a repeated request changes the update time."""
    merges_overrides: bool
    inherits_too: frozenset[str]
    default_params: dict[str, Any]
    checks_permission_first: bool
    """Whether a read-only key is rejected before the body is validated."""
    closes_connections: bool


def draw_habits(random: Random, *, reads: bool) -> Habits:
    """Return random habits."""

    def some(choices: Iterable[str]) -> frozenset[str]:
        return frozenset(choice for choice in choices if random.random() < 0.5)

    return Habits(
        reads=reads,
        rejects=some(ODDITIES),
        absent=some((*OPTIONAL, "created_at", "updated_at")),
        null_times=some(("created_at", "updated_at")),
        clock_resolution=timedelta(microseconds=random.choice((1, 1000, 1_000_000))),
        repeats_update=random.random() < 0.5,
        merges_overrides=random.random() < 0.5,
        inherits_too=some(("display_name", "custom_provider_id")),
        default_params=random.choice(({}, {"stream": {"type": "boolean"}, "n": 1})),
        checks_permission_first=random.random() < 0.5,
        closes_connections=random.random() < 0.3,
    )
