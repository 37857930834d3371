"""What a mock starts from: its options, its scenario, and the defaults. A reset returns to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from contract import Contract, Problem, load
from mock_server.callers.fixtures import Fixtures, load_fixtures
from mock_server.core.clock import clock_of
from mock_server.core.stores import Scopes
from mock_server.faults.file import FaultsError, problems_of, read_faults
from mock_server.faults.reach import Reach
from mock_server.scenario.document import Scenario, scenario_in
from mock_server.scenario.source import Source, read_source
from mock_server.settings import ADMIN_PREFIX, Settings


class BasePathError(ValueError):
    """Nothing can be served at the base path. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a mock starts from."""

    contract: Contract
    fixtures: Fixtures
    models: Scopes
    faults: Sequence[Mapping[str, Any]]
    clock: str | None
    """What `clock_of` reads; None is the real time."""
    seed: int | None


def start_of(settings: Settings, written: Mapping[str, Any] | None = None) -> Start:
    """What these settings say. For each part an option counts before the scenario, and the scenario before the default.

    The scenario is the one that is `written`, or the file of the settings. Raises ContractError, ScenarioError,
    FixturesError, FaultsError and BasePathError.
    """
    contract = contract_of(settings)
    scenario = _scenario(settings, written, contract)
    if settings.fixtures is None and scenario.fixtures is not None:
        fixtures = scenario.fixtures
    else:
        fixtures = load_fixtures(contract, settings.fixtures)
    clock = settings.clock or scenario.clock
    now = clock_of(clock).now() if clock else datetime.now(UTC)
    return Start(
        contract,
        fixtures,
        scenario.models(contract, fixtures, now),
        _faults(settings, scenario, Reach(contract, fixtures)),
        clock,
        scenario.seed if settings.seed is None else settings.seed,
    )


def contract_of(settings: Settings) -> Contract:
    """Return the contract to serve, under the base path that the settings give.

    Raises ContractError, and BasePathError for a base path at which the admin API answers.
    """
    contract = load(settings.contract)
    if settings.base_path is not None:
        contract = replace(contract, base_path=settings.base_path)
    if settings.admin and f"{contract.base_path}/".startswith(ADMIN_PREFIX):
        mend = "choose another one with --base-path, or leave the admin API out with --no-admin"
        raise BasePathError(f"at the base path {contract.base_path} the admin API answers: {mend}")
    return contract


def _scenario(settings: Settings, written: Mapping[str, Any] | None, contract: Contract) -> Scenario:
    if written is not None:
        return scenario_in(Source(written), contract)
    return scenario_in(read_source(settings.scenario), contract) if settings.scenario else Scenario(Source({}))


def _faults(settings: Settings, scenario: Scenario, reach: Reach) -> Sequence[Mapping[str, Any]]:
    """The rules in their order: `--delay`, those of the file or the scenario, `--fail`.

    `--delay` replaces the rule of its id in a scenario: one that was saved has the rule of the mock that saved it.
    """
    written = read_faults(settings.faults, reach) if settings.faults else scenario.faults
    if not settings.faults and (problems := problems_of({"faults": list(written)}, reach)):
        raise scenario.source.error(problems)
    if settings.delay is None:
        return [*written, *settings.failures]
    same = [number for number, each in enumerate(written) if each.get("id") == settings.delay["id"]]
    if settings.faults and same:
        what = f"the id {settings.delay['id']} is taken by --delay"
        problem = Problem(f"#/faults/{same[0]}/id", what, "give another, or leave out --delay")
        raise FaultsError(str(settings.faults), [problem])
    others = [each for number, each in enumerate(written) if number not in same]
    return [settings.delay, *others, *settings.failures]
