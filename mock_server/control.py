"""What can be asked of a running mock about itself, by the admin API or by a test in the same process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from contract import Contract
from mock_server.clock import Clock
from mock_server.events import Events
from mock_server.faults.book import Faults
from mock_server.fixtures import Fixtures
from mock_server.journal.entry import entry_of
from mock_server.journal.exchange import Exchange
from mock_server.journal.journal import Journal
from mock_server.stores import Store


@dataclass(frozen=True, slots=True)
class Control:
    """The parts of a running mock. To be used in the thread of its event loop."""

    contract: Contract
    fixtures: Fixtures
    store: Store
    journal: Journal
    faults: Faults
    clock: Clock
    events: Events = field(default_factory=Events)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How it was started, without secrets."""

    def note(self, exchange: Exchange) -> None:
        """Take an exchange into the journal."""
        self.journal.add(exchange)
        self.events.publish("request", lambda: entry_of(exchange))

    def clear_journal(self) -> int:
        """Forget all exchanges. How many there were."""
        count = self.journal.clear()
        self.events.publish("cleared", lambda: {"journal": count})
        return count

    def faults_changed(self) -> None:
        """Tell those who watch."""
        self.events.publish("faults", lambda: [each.shown for each in self.faults.active])

    def info(self) -> dict[str, Any]:
        """What is served, for whom, and with which settings."""
        contract, fixtures = self.contract, self.fixtures
        return {
            "version": version("respan-contract"),
            "contract": {
                "title": contract.title,
                "version": contract.version,
                "digest": contract.digest,
                "file": str(contract.file),
            },
            "organizations": [self._organization(name) for name in fixtures.organizations],
            "built_in": list(fixtures.models),
            "settings": dict(self.settings),
        }

    def _organization(self, name: str) -> dict[str, Any]:
        keys = self.fixtures.keys.items()
        return {
            "name": name,
            "keys": [{"key": key, "may_write": it.may_write} for key, it in keys if it.organization == name],
            "providers": list(self.fixtures.organizations[name]),
        }
