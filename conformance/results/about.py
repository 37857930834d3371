"""How a run was set up, as its reports tell it: enough to publish a result and to repeat the run. No secret in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from conformance.configuration.command import Command
from conformance.configuration.options import JUDGING, TARGET
from conformance.configuration.settings import Settings

DISTRIBUTION = "respan-contract"
TOLD_ELSEWHERE = {"url", "app", "seed", "strict", "profile"}
"""Options that have a place of their own in a report."""


@dataclass(frozen=True, slots=True)
class About:
    """What was asked of a run."""

    implementation: str | None = None
    """What the user calls the implementation under test."""
    implementation_version: str | None = None
    profile: str = "default"
    options: Mapping[str, Any] = field(default_factory=dict)
    """What was given beside, by name."""
    credentials: Sequence[str] = ()
    """Names of the options for keys that were given."""
    started: datetime | None = None
    command: Command = field(default_factory=Command)
    """How the run is made again."""

    @classmethod
    def of(cls, settings: Settings, profile: str, *, now: datetime | None = None) -> About:
        """What `settings` ask for, at `now`."""
        given = [option for option in (*TARGET, *JUDGING) if option.name in settings.origins and not option.holds]
        return cls(
            settings["implementation"],
            settings["implementation-version"],
            profile,
            {o.name: settings[o.name] for o in given if not o.secret and o.name not in TOLD_ELSEWHERE},
            [option.name for option in given if option.secret],
            now or datetime.now(UTC),
        )


def suite_version() -> str:
    """The version of this suite; of a checkout that is not installed none is known."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
