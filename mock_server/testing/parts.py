"""Makes the parts of a mock for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract import load
from mock_server.callers.fixtures import load_fixtures
from mock_server.control import Control
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

    @property
    def settings(self) -> Settings:
        """The settings of the mock."""
        return Settings(
            contract=self.contract,
            fixtures=self.fixtures,
            failures=tuple(self.faults),
            seed=self.seed,
            clock=self.clock,
        )


def control_for(wishes: Wishes) -> Control:
    """The parts of a mock. Raises ContractError, FixturesError, RuleError, or ValueError for the clock."""
    contract = load(wishes.contract)
    return control_of(wishes.settings, contract, load_fixtures(contract, wishes.fixtures))


def key_of(control: Control, organization: str | None = None, *, may_write: bool = True) -> str:
    """The first API key with such rights, of that organization or of any. Raises LookupError."""
    for key, caller in control.fixtures.keys.items():
        if caller.may_write == may_write and organization in (None, caller.organization):
            return key
    raise LookupError("the fixtures have no such API key")
