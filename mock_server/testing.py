"""The mock in your tests: `MockServer` on a socket, or `mock_app` as an ASGI app without one.

`MockServer` serves from a thread, not from a process of its own. So it starts fast, needs no second interpreter, and a
test reads and changes it by plain calls. `mock_app` is for ASGI clients in the same process, such as
`httpx2.ASGITransport`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypedDict, TypeVar, Unpack

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


class AppOptions(TypedDict, total=False):
    """The keyword arguments of `mock_app`: what the options of `respan-mock` are."""

    contract: Path | None
    """An OpenAPI document; the default is the bundled one."""
    fixtures: Path | None
    """A file with organizations, keys and built-in models; the default is the bundled one."""
    faults: Sequence[Mapping[str, Any]]
    """Fault rules, in addition to those of the scenario."""
    seed: int | None
    """The seed of all random choices."""
    clock: str | None
    """A fixed time, and perhaps its step for each write: `2026-02-01T12:00:00Z+1s`."""
    base_path: str | None
    """The path under which the API is served; the default is that of the contract."""
    scenario: Scenario
    """What the mock starts from and resets to."""
    journal: int
    """The maximum number of requests in the journal."""
    journal_bytes: int
    """The maximum size of the journal in memory."""
    max_model_bytes: int
    """The maximum size of a model, as JSON."""
    max_state_bytes: int
    """The maximum size of all models together."""


class ServerOptions(AppOptions, total=False):
    """The keyword arguments of `MockServer`: those of `mock_app`, and those of a server."""

    host: str | Sequence[str]
    """Where to listen; the default is 127.0.0.1."""
    port: int
    """The default is a free port."""
    admin_token: str | None
    """The token that the admin API requires; the default is a new token if other machines can reach a host."""
    limits: Limits
    """What a client may send, and how long the mock waits for it."""


class RequestFilter(TypedDict, total=False):
    """The keyword arguments that select requests. Those that are left out select all."""

    method: str | None
    path: str | None
    """The path as sent or decoded; `*` stands for any characters."""
    status: str | None
    """A status such as `404`, or a class such as `4xx`."""
    organization: str | None
    rejected: bool | None
    """Whether the request was rejected."""
    after: int
    """Only requests with a higher number."""


Part: TypeAlias = Literal["models", "journal", "faults", "clock"]


def _settings(options: AppOptions, **more: Any) -> Settings:
    """Return the settings of a mock for a test. Raises ValueError for the base path."""
    if unknown := options.keys() - AppOptions.__annotations__.keys():
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    settings: dict[str, Any] = {**options, **more, "failures": tuple(options.get("faults", ()))}
    settings.pop("faults", None)
    if (base_path := options.get("base_path")) is not None:
        settings["base_path"] = normal_base_path(base_path)
    if not isinstance(options.get("scenario"), Path):
        settings["scenario"] = None
    return Settings(**settings)


def _control(settings: Settings, scenario: Scenario) -> Control:
    """Return the parts of a mock.

    Raises ContractError, ScenarioError, FixturesError, FaultsError, RuleError, or ValueError for clock and base path.
    """
    return control_of(settings, start_of(settings, scenario if isinstance(scenario, Mapping) else None))


def token_for(hosts: Sequence[str]) -> str | None:
    """Return a new token for the admin API if other machines can reach one of `hosts`, else None."""
    return None if all(map(_is_local, hosts)) else secrets.token_urlsafe()


def _is_local(host: str) -> bool:
    try:
        return all(is_loopback(address[0]) for _, address in addresses_of(host))
    except AddressError:  # raised again when the mock starts to listen
        return True


def key_of(control: Control, organization: str | None = None, *, may_write: bool = True) -> str:
    """Return the first API key with these rights, of one organization or of any. Raises LookupError."""
    for key, caller in control.fixtures.keys.items():
        if caller.may_write == may_write and organization in (None, caller.organization):
            return key
    raise LookupError("the fixtures have no such API key")


class FaultRules:
    """The fault rules of a running mock."""

    def __init__(self, control: Control, call: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._control = control
        self._call = call

    def add(self, **rule: Any) -> str:
        """Add a rule, such as `status=503, method="POST", count=1`, and return its id. Raises RuleError."""
        added: dict[str, Any] = self._call(self._add(rule))
        return str(added["id"])

    def remove(self, name: str) -> bool:
        """Remove the rule with that id. Return whether there was one."""
        return bool(self._call(self._remove(name)))

    def clear(self) -> None:
        """Remove all rules."""
        self._call(self._clear())

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules as JSON; `fired` is how often each has acted."""
        return list(self._call(self._rules()))

    async def _add(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        return (await self._control.change_faults(lambda faults: faults.add(rule))).as_json

    async def _remove(self, name: str) -> bool:
        return await self._control.change_faults(lambda faults: faults.remove(name))

    async def _clear(self) -> None:
        await self._control.change_faults(lambda faults: faults.take([]))

    async def _rules(self) -> list[dict[str, Any]]:
        return await self._control.fault_rules()


T = TypeVar("T")

_PATIENCE = 30
"""The maximum seconds to start or to stop."""


class MockServer:
    """A mock that serves within a `with` statement, by default on a free port of this machine.

    The arguments are those of `ServerOptions`.

    >>> with MockServer(clock="2026-02-01T12:00:00Z") as mock:
    ...     mock.url.startswith("http://127.0.0.1:"), mock.api_key
    (True, 'demo-acme')
    """

    def __init__(self, **options: Unpack[ServerOptions]) -> None:
        host = options.pop("host", "127.0.0.1")
        hosts = (host,) if isinstance(host, str) else tuple(host)
        self.admin_token = options.pop("admin_token", None) or token_for(hosts)
        """The token that the admin API requires; None is no token."""
        self._limits = options.pop("limits", DEFAULT_LIMITS)
        port = options.pop("port", 0)
        self._settings = _settings(options, hosts=hosts, port=port, admin_token=self.admin_token)
        self._control = _control(self._settings, options.get("scenario"))
        self._app = app_of(self._settings, self._control)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""
        """The base URL of the API at the first host, with the base path. Empty until the mock serves."""
        self.origin = ""
        """The URL without the base path: the admin API is at `{origin}/_mock/`."""
        self.faults = FaultRules(self._control, self._call)
        """The fault rules."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start to serve, and return when the mock is ready. Raises AddressError if it cannot listen."""
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
        """Stop serving, and release the port."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(_PATIENCE)
            self._server = self._thread = self._loop = None
            self._ready.clear()

    @property
    def api_key(self) -> str:
        """A read-write API key."""
        return key_of(self._control)

    def key(self, organization: str | None = None, *, may_write: bool = True) -> str:
        """Return the first API key with these rights, of one organization or of any. Raises LookupError."""
        return key_of(self._control, organization, may_write=may_write)

    def reset(self, *parts: Part, organization: str | None = None, model: str | None = None) -> dict[str, int]:
        """Reset the mock to its start: all of it, or only some parts.

        With an organization, reset only its models, or its one `model`. Return how much was removed.
        """
        named = [ResetPart(part) for part in parts] or ([ResetPart.MODELS] if organization else list(ResetPart))
        return self._call(self._control.reset(named, organization, model))

    @property
    def scenario(self) -> dict[str, Any]:
        """Models, fixtures, faults and clock as a scenario that another mock can start from."""
        return self._call(self._control.scenario())

    @property
    def state(self) -> dict[str, Any]:
        """The custom models, as a document. Setting it replaces all, or raises StateError and changes nothing."""
        return self._call(self._control.state())

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self._call(self._control.replace_state(state))

    def requests(self, **criteria: Unpack[RequestFilter]) -> list[Entry]:
        """Return the requests in the journal that meet the criteria, from the earliest to the latest."""
        return self._call(self._matching(criteria))

    def wait_for(self, count: int = 1, timeout: float = 5, **criteria: Unpack[RequestFilter]) -> list[Entry]:
        """Wait for requests that meet the criteria, and return the first `count`, including earlier ones.

        Raises TimeoutError if there are fewer within `timeout` seconds.
        """
        found = self._call(self._awaited(count, timeout, criteria))
        if len(found) < count:
            raise TimeoutError(f"{len(found)} of {count} requests with {criteria} came within {timeout} seconds")
        return found

    async def _matching(self, criteria: RequestFilter) -> list[Entry]:
        return [self._control.entry(each) for each in await self._control.journal.matching(Criteria(**criteria))]

    async def _awaited(self, count: int, seconds: float, criteria: RequestFilter) -> list[Entry]:
        found = await self._control.journal.wait_for(Criteria(**criteria), count, seconds)
        return [self._control.entry(each) for each in found]

    def _note_ready(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`, which runs in the thread of the mock."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the mock is not running: use it in a with statement, or call start()")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class MockApp:
    """The mock as an ASGI app. `control` reads and changes it, in the same event loop."""

    def __init__(self, settings: Settings, scenario: Scenario) -> None:
        self.control = _control(settings, scenario)
        self._app = app_of(settings, self.control, Access())

    @property
    def api_key(self) -> str:
        """A read-write API key."""
        return key_of(self.control)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        await self._app(scope, receive, send)


def mock_app(**options: Unpack[AppOptions]) -> MockApp:
    """Return a mock without a socket. The arguments are those of `AppOptions`."""
    return MockApp(_settings(options), options.get("scenario"))
