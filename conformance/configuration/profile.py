"""How much a run does: what it leaves out, and how often it repeats what is a matter of chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Profile:
    """One of the sizes that a run comes in."""

    name: str
    races: int
    """Rounds of each race."""
    walks: int
    """Random walks beside the reference model."""
    history: int
    """Steps of the histories that one model is led through, each of them."""
    examples: int
    """Requests that Schemathesis makes up by fuzzing, on top of its examples and its coverage of the schema."""
    leaves_out: frozenset[str] = frozenset()
    """Sections and requirements that are not judged."""
    must_only: bool = False
    """Whether what is no MUST is left out too."""
    requests: int | None = None
    """Requests in all, whatever is found: what is made up takes what the rest leaves. None where nobody counts them."""
    seconds: float | None = None
    """How long the walks go on; None where their number is fixed."""


QUICK_LEAVES_OUT = frozenset({
    "AUT-07", "AUT-12", "AUT-13", "CON", "IDM-01", "IDM-04", "IDM-07", "IDM-08", "IDM-10", "IDM-17", "IDM-18", "IDM-19",
    "IDM-23", "IDM-24", "IDM-25", "IDM-29", "MOD", "SCH-25", "SCH-26", "SCH-27", "SEM-02", "SEM-05", "SEM-08", "SEM-09",
    "SEM-11", "SEM-13", "SEM-16", "SEM-22", "STA-06", "STA-09", "STA-15", "STA-16", "STA-17", "STA-19", "STA-21",
    "STA-22", "STA-23", "STA-24", "STA-26", "STA-27", "STA-29", "STA-31", "STA-32", "STA-33", "STA-34", "STA-35",
    "STA-40", "STA-41", "STA-42", "STA-43", "STA-44", "STA-45", "STA-47", "STA-48", "STA-49", "TEN-05",
})  # fmt: skip
"""What takes many requests; the faults that these find are mostly found by what is left."""

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("quick", races=0, walks=0, history=1, examples=0, leaves_out=QUICK_LEAVES_OUT, must_only=True),
            Profile("default", races=4, walks=1, history=3, examples=3, requests=1500),
            Profile("thorough", races=25, walks=40, history=5, examples=200, seconds=60.0),
        )
    }
)
