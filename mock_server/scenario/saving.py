"""The present state of a mock as a scenario, to be saved and started from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract import Contract
from mock_server.callers.fixtures import Fixtures, written_fixtures
from mock_server.core.clock import Clock
from mock_server.core.stores import Scopes
from mock_server.faults.book import Faults
from mock_server.scenario.document import SCHEMA
from mock_server.state.document import state_of


def scenario_of(contract: Contract, fixtures: Fixtures, models: Scopes, faults: Faults, clock: Clock) -> dict[str, Any]:
    """The scenario from which a mock gives the same responses as one with these parts.

    The keys and the secret of the dashboard are in it: without them no request would be answered as before.
    """
    properties = SCHEMA["properties"]
    return {
        "format": properties["format"]["enum"][0],
        "version": properties["version"]["enum"][-1],
        **({} if clock.written is None else {"clock": clock.written}),
        **({} if faults.seed is None else {"seed": faults.seed}),
        "fixtures": written_fixtures(contract, fixtures),
        "faults": [*_rules(faults)],
        "models": state_of(models)["models"],
    }


def _rules(faults: Faults) -> Iterator[dict[str, Any]]:
    """The rules that can still act, each as often as it still may."""
    for each in faults.active:
        if not each.is_spent:
            left = {} if each.rule.count is None else {"count": each.rule.count - each.fired}
            yield {"id": each.id, **each.rule.written, **left}
