"""What the scope of a request says of the faults that acted on it."""

from __future__ import annotations

from dataclasses import dataclass

FAULTS = "mock_server.faults"
"""Where the scope of a request keeps the faults that acted on it."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that has acted on a request."""

    id: str
    effect: str
    """In a word or two."""
