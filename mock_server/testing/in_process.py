"""The mock as an ASGI app for clients in the same process, such as `httpx2.ASGITransport`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from mock_server.admin.app import Access
from mock_server.settings import Settings
from mock_server.setup import app_of
from mock_server.testing.parts import Wishes, control_for, key_of


class MockApp:
    """An ASGI app. `control` is what can be asked of it about itself, in the same event loop."""

    def __init__(self, wishes: Wishes) -> None:
        self.control = control_for(wishes)
        self._app = app_of(wishes.settings, self.control, Access())

    @property
    def api_key(self) -> str:
        """An API key that may write."""
        return key_of(self.control)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._app(scope, receive, send)


def mock_app(  # noqa: PLR0913 - one for each option
    *,
    contract: Path | None = None,
    fixtures: Path | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
    seed: int | None = None,
    clock: str | None = None,
    base_path: str | None = None,
    scenario: Path | Mapping[str, Any] | None = None,
    journal: int = Settings().journal,
    journal_bytes: int = Settings().journal_bytes,
    max_model_bytes: int = Settings().max_model_bytes,
    max_state_bytes: int = Settings().max_state_bytes,
) -> MockApp:
    """A mock without a socket. The arguments are what the options of `respan-mock` are; `faults` are rules.

    `scenario` is a file, or what would be written in one; `faults` are added to its rules.
    """
    wishes = Wishes(
        contract=contract,
        fixtures=fixtures,
        faults=faults,
        seed=seed,
        clock=clock,
        base_path=base_path,
        scenario=scenario,
        journal=journal,
        journal_bytes=journal_bytes,
        max_model_bytes=max_model_bytes,
        max_state_bytes=max_state_bytes,
    )
    return MockApp(wishes)
