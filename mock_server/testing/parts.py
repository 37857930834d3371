"""Makes the parts of a mock for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_server.control import Control
from mock_server.scenario.start import start_of
from mock_server.settings import Settings
from mock_server.setup import control_of


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a test can choose: the options of `respan-mock`; `faults` are rules."""

    contract: Path | None = None
    fixtures: Path | None = None
    faults: Sequence[Mapping[str, Any]] = ()
    seed: int | None = None
    clock: str | None = None
    scenario: Path | Mapping[str, Any] | None = None
    """A file, or what would be written in one."""

    @property
    def settings(self) -> Settings:
        """The settings of the mock."""
        return Settings(
            contract=self.contract,
            fixtures=self.fixtures,
            failures=tuple(self.faults),
            seed=self.seed,
            clock=self.clock,
            scenario=self.scenario if isinstance(self.scenario, Path) else None,
        )


def control_for(wishes: Wishes) -> Control:
    """The parts of a mock.

    Raises ContractError, ScenarioError, FixturesError, RuleError, or ValueError for the clock.
    """
    written = wishes.scenario if isinstance(wishes.scenario, Mapping) else None
    return control_of(wishes.settings, start_of(wishes.settings, written))


def key_of(control: Control, organization: str | None = None, *, may_write: bool = True) -> str:
    """The first API key with such rights, of that organization or of any. Raises LookupError."""
    for key, caller in control.fixtures.keys.items():
        if caller.may_write == may_write and organization in (None, caller.organization):
            return key
    raise LookupError("the fixtures have no such API key")
