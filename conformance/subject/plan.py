"""What a run is to do to its target, and what it knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.configuration.profile import PROFILES, Profile


@dataclass(frozen=True, slots=True)
class Known:
    """What the user told of the target, to test more of it."""

    builtin_models: Sequence[str] = ()
    providers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do."""

    known: Known = Known()
    seed: int = 0
    profile: Profile = PROFILES["default"]
