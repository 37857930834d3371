"""Makes the parts of a mock for a test."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.place import normal_base_path
from mock_server.command.listening import AddressError, addresses_of, is_loopback
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
    base_path: str | None = None
    hosts: tuple[str, ...] = Settings().hosts
    port: int = 0
    admin_token: str | None = None
    scenario: Path | Mapping[str, Any] | None = None
    """A file, or what would be written in one."""
    journal: int = Settings().journal
    journal_bytes: int = Settings().journal_bytes
    max_model_bytes: int = Settings().max_model_bytes
    max_state_bytes: int = Settings().max_state_bytes

    @property
    def settings(self) -> Settings:
        """The settings of the mock. Raises ValueError for the base path."""
        return Settings(
            contract=self.contract,
            base_path=None if self.base_path is None else normal_base_path(self.base_path),
            fixtures=self.fixtures,
            failures=tuple(self.faults),
            seed=self.seed,
            clock=self.clock,
            hosts=self.hosts,
            port=self.port,
            admin_token=self.admin_token,
            scenario=self.scenario if isinstance(self.scenario, Path) else None,
            journal=self.journal,
            journal_bytes=self.journal_bytes,
            max_model_bytes=self.max_model_bytes,
            max_state_bytes=self.max_state_bytes,
        )


def control_for(wishes: Wishes) -> Control:
    """The parts of a mock.

    Raises ContractError, ScenarioError, FixturesError, RuleError, or ValueError for clock and base path.
    """
    written = wishes.scenario if isinstance(wishes.scenario, Mapping) else None
    return control_of(wishes.settings, start_of(wishes.settings, written))


def token_for(hosts: Sequence[str]) -> str | None:
    """Return a new token for the admin API where others can reach one of `hosts`, else None for no token."""
    return None if all(map(_is_local, hosts)) else secrets.token_urlsafe()


def _is_local(host: str) -> bool:
    try:
        return all(is_loopback(address[0]) for _, address in addresses_of(host))
    except AddressError:  # to be raised when the mock is to listen there
        return True


def key_of(control: Control, organization: str | None = None, *, may_write: bool = True) -> str:
    """The first API key with such rights, of that organization or of any. Raises LookupError."""
    for key, caller in control.fixtures.keys.items():
        if caller.may_write == may_write and organization in (None, caller.organization):
            return key
    raise LookupError("the fixtures have no such API key")
