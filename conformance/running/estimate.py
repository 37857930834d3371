"""About how many requests a run sends, by what runs against the bundled mock sent, and how long they take."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.configuration.profile import Profile
from conformance.judge.outcome import Disrupted
from conformance.subject.budget import Restraint

OVERHEAD = 30
"""Requests that look at the target before anything is judged, and make what most sections look at."""
DELETES = 0.27
"""Requests that delete what was created, for each that is sent before."""
USUAL = {"AUT": 1.8, "STA": 1.9, "IDM": 3.1, "SEM": 3.0, "TEN": 3.9, "SCH": 1.0}
"""Requests for each test of a section."""
RACE, WALK = 3.9, 17.0
"""Requests for each round of a test of CON, and for each walk of MOD."""
MODELS = 60
"""Models of a run that are on the target at one time, where it has a delete."""
MARGIN = 1.25
"""How much longer than expected a run may take, for a time budget that is suggested."""
A_SECOND = 100.0
"""Requests a second of walks that go on for a time."""


def estimated_requests(profile: Profile, tests: Mapping[str, int]) -> int:
    """About how many requests so many tests of each section send in all."""
    walks = A_SECOND * profile.seconds if profile.seconds else WALK * profile.walks
    judged = sum(USUAL.get(section, 0.0) * count for section, count in tests.items())
    raced = RACE * profile.races * tests.get("CON", 0) + walks * (tests.get("MOD", 0) > 0)
    reckoned = round((OVERHEAD + judged + raced) * (1 + DELETES))
    return reckoned if profile.requests is None else min(reckoned, profile.requests)


def expected_seconds(requests: int, response: float, restraint: Restraint) -> float:
    """How long so many requests take, one after the other, where a response takes so many seconds."""
    return requests * max(response, 1 / restraint.rate if restraint.rate else 0.0)


def require_time(requests: int, response: float, restraint: Restraint) -> float:
    """Return how many seconds the run may take. Raises Disrupted where that is more than its time budget."""
    expected = expected_seconds(requests, response, restraint)
    if expected > restraint.seconds:
        needed = -(-expected * MARGIN // 60) * 60
        raise Disrupted(
            f"a response took about {response:.1f} s, so that about {requests:,} requests take {duration(expected)}, "
            f"more than the time budget of {duration(restraint.seconds)}; give --time-budget {needed:.0f}, or choose "
            "fewer requirements with --only or --profile quick"
        )
    return expected


def duration(seconds: float) -> str:
    """A number of seconds as people say it."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def estimated_models(requests: int) -> int:
    """Return about how many models a run of so many requests leaves where nothing can be deleted."""
    return round(requests * DELETES / (1 + DELETES))
