"""How many examples are made."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

_SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
_TIMES: Final = {"usual": 1, "long": 60}
PROFILE: Final = os.environ.get("FUZZ", "usual")

settings.register_profile(
    "usual fuzzing", derandomize=True, deadline=None, suppress_health_check=_SLOW, print_blob=True
)
settings.register_profile(
    "long fuzzing", derandomize=False, deadline=None, suppress_health_check=_SLOW, print_blob=True, phases=tuple(Phase)
)


def examples(usual: int) -> settings:
    """Return settings with so many examples in a usual run, and the same multiple of it in every other."""
    return settings(settings.get_profile(f"{PROFILE} fuzzing"), max_examples=usual * _TIMES[PROFILE])
