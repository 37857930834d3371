"""The mock in the tests of those who use the endpoint: on a socket in a thread, or as an app without one.

In a thread and not in a process of its own: it is ready in the time that it takes to put the app together, needs no
interpreter of its own, and what the test asks of it about itself are plain calls. The app without a socket is for ASGI
clients in the same process, such as `httpx2.ASGITransport`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import uvicorn
from starlette.types import Receive, Scope, Send

from contract.place import normal_base_path
from mock_server.admin.app import Access
from mock_server.control import Control, ResetPart
from mock_server.journal.entry import Entry
from mock_server.journal.journal import Criteria
from mock_server.mock import app_of, control_of
from mock_server.scenario import start_of
from mock_server.server import AddressError, addresses_of, is_loopback, listen, server
from mock_server.settings import DEFAULT_LIMITS, Limits, Settings

Scenario: TypeAlias = Path | Mapping[str, Any] | None
"""A file, or what would be written in one."""


def _settings(
    base_path: str | None, faults: Sequence[Mapping[str, Any]], scenario: Scenario, port: int = 0, **options: Any
) -> Settings:
    """Return the settings of a mock for a test. Raises ValueError for the base path."""
    return Settings(
        base_path=None if base_path is None else normal_base_path(base_path),
        failures=tuple(faults),
        scenario=scenario if isinstance(scenario, Path) else None,
        port=port,
        **options,
    )


def _control(settings: Settings, scenario: Scenario) -> Control:
    """Return the parts of a mock.

    Raises ContractError, ScenarioError, FixturesError, FaultsError, RuleError, or ValueError for clock and base path.
    """
    return control_of(settings, start_of(settings, scenario if isinstance(scenario, Mapping) else None))


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


class FaultRules:
    """The rules of a running mock. `call` does its work in the thread of the mock."""

    def __init__(self, control: Control, call: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._control = control
        self._call = call

    def add(self, **rule: Any) -> str:
        """Take one more rule, such as `status=503, method="POST", count=1`. Its id. Raises RuleError, a ValueError."""
        shown: dict[str, Any] = self._call(self._add(rule))
        return str(shown["id"])

    def remove(self, name: str) -> bool:
        """Drop the rule of that id. Whether it was there."""
        return bool(self._call(self._remove(name)))

    def clear(self) -> None:
        """Drop all rules."""
        self._call(self._clear())

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules as JSON; `fired` says how often each has acted."""
        return list(self._call(self._shown()))

    async def _add(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        added = self._control.faults.add(rule)
        self._control.faults_changed()
        return added.as_json

    async def _remove(self, name: str) -> bool:
        removed = self._control.faults.remove(name)
        self._control.faults_changed()
        return removed

    async def _clear(self) -> None:
        self._control.faults.replace([])
        self._control.faults_changed()

    async def _shown(self) -> list[dict[str, Any]]:
        return [each.as_json for each in self._control.faults.active]


T = TypeVar("T")

_PATIENCE = 30
"""Seconds that starting, stopping and a call may take."""


class MockServer:
    """A mock that serves while the context lasts, by default on a free port of this machine alone.

    The arguments are what the options of `respan-mock` are; `faults` are rules, as `--faults` reads them. Several hosts
    are a sequence. Where others can reach a host, the admin API asks for `admin_token`, or for a new token if there is
    none. `scenario` is a file, or what would be written in one; `faults` are added to its rules. `limits` say what a
    client may send, and for how long the mock waits for it.

    >>> with MockServer(clock="2026-02-01T12:00:00Z") as mock:
    ...     mock.url.startswith("http://127.0.0.1:"), mock.api_key
    (True, 'demo-acme')
    """

    def __init__(  # noqa: PLR0913 - keywords only, one for each option
        self,
        *,
        contract: Path | None = None,
        fixtures: Path | None = None,
        faults: Sequence[Mapping[str, Any]] = (),
        seed: int | None = None,
        clock: str | None = None,
        base_path: str | None = None,
        host: str | Sequence[str] = "127.0.0.1",
        port: int = 0,
        admin_token: str | None = None,
        scenario: Scenario = None,
        journal: int = Settings().journal,
        journal_bytes: int = Settings().journal_bytes,
        max_model_bytes: int = Settings().max_model_bytes,
        max_state_bytes: int = Settings().max_state_bytes,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        hosts = (host,) if isinstance(host, str) else tuple(host)
        self.admin_token = admin_token or token_for(hosts)
        """What the admin API asks for; None is nothing."""
        self._settings = _settings(
            base_path,
            faults,
            scenario,
            port,
            contract=contract,
            fixtures=fixtures,
            seed=seed,
            clock=clock,
            hosts=hosts,
            admin_token=self.admin_token,
            journal=journal,
            journal_bytes=journal_bytes,
            max_model_bytes=max_model_bytes,
            max_state_bytes=max_state_bytes,
        )
        self._limits = limits
        self._control = _control(self._settings, scenario)
        self._app = app_of(self._settings, self._control)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""
        """Base URL of the API at the first host, base path included, no slash at its end. Known once it serves."""
        self.origin = ""
        """The same without the base path: the admin API is at `{origin}/_mock/`."""
        self.faults = FaultRules(self._control, self._call)
        """The rules by which requests fail."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve. Returns when it answers. Raises AddressError where it cannot listen."""
        listeners = listen(self._settings.hosts, self._settings.port)
        self.origin = self._control.url = listeners.urls[0]
        self.url = self.origin + self._control.contract.base_path
        self._server = server(self._app, self._note_ready, self._limits)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": listeners.sockets}, name="respan-mock", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_PATIENCE):
            raise RuntimeError(f"the mock did not start within {_PATIENCE} seconds")

    def stop(self) -> None:
        """Stop serving, and give the port back."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(_PATIENCE)
            self._server = self._thread = self._loop = None
            self._ready.clear()

    @property
    def api_key(self) -> str:
        """An API key that may write."""
        return key_of(self._control)

    def key(self, organization: str | None = None, *, may_write: bool = True) -> str:
        """An API key with such rights, of that organization or of any. Raises LookupError."""
        return key_of(self._control, organization, may_write=may_write)

    def reset(self, *parts: str, organization: str | None = None, model: str | None = None) -> dict[str, int]:
        """Go back to the start: all of it, or the parts named (`models`, `journal`, `faults`, `clock`).

        With an organization only its models, or its one `model`. How much was removed.
        """
        named = [ResetPart(part) for part in parts] or ([ResetPart.MODELS] if organization else list(ResetPart))
        return self._call(self._control.reset(named, organization, model))

    @property
    def scenario(self) -> dict[str, Any]:
        """What the mock holds now, as a scenario that another one can start from."""
        return self._call(self._control.scenario())

    @property
    def state(self) -> dict[str, Any]:
        """The custom models, as a document. Setting it replaces all, or raises StateError and changes nothing."""
        return self._call(self._control.state())

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self._call(self._control.replace_state(state))

    def requests(self, **criteria: Any) -> list[Entry]:
        """The requests that it had, from the earliest to the latest; criteria are those of Criteria."""
        return self._call(self._matching(criteria))

    def wait_for(self, count: int = 1, timeout: float = 5, **criteria: Any) -> list[Entry]:
        """The first `count` requests that meet the criteria, those included that it had already.

        Raises TimeoutError where there are not so many within `timeout` seconds.
        """
        found = self._call(self._awaited(count, timeout, criteria))
        if len(found) < count:
            raise TimeoutError(f"{len(found)} of {count} requests with {criteria} came within {timeout} seconds")
        return found

    async def _matching(self, criteria: Mapping[str, Any]) -> list[Entry]:
        return [self._control.entry(each) for each in await self._control.journal.matching(Criteria(**criteria))]

    async def _awaited(self, count: int, seconds: float, criteria: Mapping[str, Any]) -> list[Entry]:
        found = await self._control.journal.wait_for(Criteria(**criteria), count, seconds)
        return [self._control.entry(each) for each in found]

    def _note_ready(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, done in the thread of the mock."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the mock does not serve: use it in a with statement, or start it")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class MockApp:
    """An ASGI app. `control` is what can be asked of it about itself, in the same event loop."""

    def __init__(self, settings: Settings, scenario: Scenario) -> None:
        self.control = _control(settings, scenario)
        self._app = app_of(settings, self.control, Access())

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
    scenario: Scenario = None,
    journal: int = Settings().journal,
    journal_bytes: int = Settings().journal_bytes,
    max_model_bytes: int = Settings().max_model_bytes,
    max_state_bytes: int = Settings().max_state_bytes,
) -> MockApp:
    """A mock without a socket. The arguments are what the options of `respan-mock` are; `faults` are rules.

    `scenario` is a file, or what would be written in one; `faults` are added to its rules.
    """
    settings = _settings(
        base_path,
        faults,
        scenario,
        contract=contract,
        fixtures=fixtures,
        seed=seed,
        clock=clock,
        journal=journal,
        journal_bytes=journal_bytes,
        max_model_bytes=max_model_bytes,
        max_state_bytes=max_state_bytes,
    )
    return MockApp(settings, scenario)
