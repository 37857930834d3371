"""The server: uvicorn with httptools and uvloop, on all addresses of all hosts, with one port.

A host may be a name with several addresses, and `::` accepts IPv4 connections too if the system can. An address that
another one covers (such as 127.0.0.1 and `0.0.0.0`) gets no socket of its own: the system would not allow it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

import uvicorn

from mock_server.http.protocol import Protocol, protocol_of
from mock_server.settings import DEFAULT_LIMITS, TOKEN_VARIABLE, Limits, Settings

_TICKS = 5
"""Tenths of a second between two checks of the timeouts of all connections."""


def serve(
    app: Any,
    sockets: Sequence[socket.socket],
    ready: Callable[[], None],
    limits: Limits = DEFAULT_LIMITS,
    must_stop: Callable[[], bool] | None = None,
) -> None:
    """Serve `app` until SIGINT, SIGTERM or SIGHUP stops it cleanly. `ready` is called when the server accepts requests.

    `must_stop` is asked several times a second whether to stop without a signal. Afterwards, the previous handler of
    the signal runs, and may raise.
    """
    server(app, ready, limits, must_stop).run(sockets=list(sockets))


def server(
    app: Any,
    ready: Callable[[], None],
    limits: Limits = DEFAULT_LIMITS,
    must_stop: Callable[[], bool] | None = None,
) -> uvicorn.Server:
    """Return a server of `app` to run. It calls `ready` in its event loop; setting `should_exit` stops it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=protocol_of(limits),
        interface="asgi3",  # uvicorn takes an app whose call is no coroutine function for ASGI 2
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=limits.grace_seconds,  # type: ignore[arg-type]  # any number will do
    )
    return _Server(config, ready, must_stop)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], must_stop: Callable[[], bool] | None) -> None:
        super().__init__(config)
        self._ready = ready
        self._must_stop = must_stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGHUP too, unless it is ignored, as under nohup."""
        with super().capture_signals():
            if (
                threading.current_thread() is not threading.main_thread()
                or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            ):
                yield
                return
            before = signal.signal(signal.SIGHUP, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and call `ready`."""
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Check the timeouts of connections. Return whether to stop."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Protocol):
                    connection.check_time(now)
        return await super().on_tick(counter) or bool(self._must_stop and self._must_stop())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop. Requests that are cut off by this are not errors, so uvicorn does not report them."""
        logger = logging.getLogger("uvicorn.error")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            await super().shutdown(sockets)
            await asyncio.gather(*self.server_state.tasks, return_exceptions=True)  # cancelled tasks
        finally:
            logger.setLevel(level)  # in a test, the process continues


_BACKLOG = 2048
_TRIES = 20
"""The maximum number of ports to try until one is free at all addresses."""
_ANY4, _ANY6 = "0.0.0.0", "::"  # noqa: S104 - compared with what the user asks for
_HERE = {_ANY4: "127.0.0.1", _ANY6: "::1"}
"""The address of a server that listens at all addresses, for clients on this machine."""
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""The errors for an address that this machine does not have."""

Address: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and what `bind` takes, with the port in second place."""


class AddressError(Exception):
    """The mock cannot listen at an address. The message says what to do."""


class _BindError(Exception):
    def __init__(self, address: Address, error: OSError) -> None:
        super().__init__(str(error))
        self.address = address
        self.error = error


@dataclass(frozen=True, slots=True)
class Listeners:
    """Listening sockets, all with the same port. Leaving the context closes them."""

    hosts: tuple[str, ...]
    """The hosts that were asked for."""
    sockets: list[socket.socket]

    @property
    def port(self) -> int:
        """The port of all sockets."""
        return int(self.sockets[0].getsockname()[1])

    @property
    def addresses(self) -> list[str]:
        """The IP addresses."""
        return [str(each.getsockname()[0]) for each in self.sockets]

    @property
    def urls(self) -> list[str]:
        """The URL of each host for clients on this machine, without a final slash."""
        authorities = [_authority(_HERE.get(host, host), self.port) for host in self.hosts]
        return [f"http://{each}" for each in dict.fromkeys(authorities)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for each in self.sockets:
            each.close()


def listen(hosts: Iterable[str], port: int) -> Listeners:
    """Listen at `port` of all `hosts`. Clients can connect from now on.

    Port 0 picks a port that is free at all hosts. Raises AddressError.
    """
    distinct = tuple(dict.fromkeys(hosts))
    found = {host: addresses_of(host, port) for host in distinct}
    for attempt in range(_TRIES):
        try:
            return Listeners(distinct, _bound(found, port))
        except AddressError as error:
            taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
            if port or not taken or attempt == _TRIES - 1:
                raise
    raise AssertionError  # the last attempt has returned or raised


def addresses_of(host: str, port: int = 0) -> list[Address]:
    """Return all addresses of a host. Raises AddressError if there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _unavailable(host, host, port, error) from error
    addresses = [(family, address) for family, _, _, _, address in found]
    if host.lower() == "localhost":  # browsers may use either, whatever the system says (RFC 6761, section 6.3)
        addresses += [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port, 0, 0))]
    return list(dict.fromkeys(addresses))


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an IP address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _bound(hosts: dict[str, list[Address]], port: int) -> list[socket.socket]:
    """Return a socket for each address of each host. Raises AddressError, and then no socket is bound."""
    everything = [address for addresses in hosts.values() for address in addresses]
    sockets: dict[Address, socket.socket] = {}
    with contextlib.ExitStack() as undoing:
        for host, addresses in hosts.items():
            failures: list[_BindError] = []
            for address in addresses:
                if address in sockets or _is_covered(address, everything):
                    continue
                chosen = port or next((each.getsockname()[1] for each in sockets.values()), 0)
                try:
                    sockets[address] = undoing.enter_context(_socket(address, chosen))
                except _BindError as failure:
                    if failure.error.errno not in _ABSENT:
                        raise _unavailable(host, address[1][0], chosen, failure.error) from failure.error
                    failures.append(failure)
            if failures and len(failures) == len(
                addresses
            ):  # otherwise, the machine has at least one address of the host
                failed = failures[0]
                raise _unavailable(host, failed.address[1][0], port, failed.error) from failed.error
        undoing.pop_all()
    return list(sockets.values())


def _socket(address: Address, port: int) -> socket.socket:
    family, (name, _, *more) = address
    both = name == _ANY6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((name, port, *more), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        raise _BindError(address, error) from error


def _is_covered(address: Address, everything: Sequence[Address]) -> bool:
    """Return whether a connection to `address` reaches the socket of another address."""
    names = {each[1][0] for each in everything}
    family, (name, *_) = address
    any6 = _ANY6 in names
    if family == socket.AF_INET6:
        return any6 and name != _ANY6
    return (any6 and socket.has_dualstack_ipv6()) or (_ANY4 in names and name != _ANY4)


def _unavailable(host: str, address: str, port: int, error: Exception) -> AddressError:
    reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
    at = _authority(address, port)
    where = at if host == address else f"{host} ({at})"
    by_port = isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno not in _ABSENT
    hint = "choose another --port; --port 0 picks a free one" if port and by_port else "choose another --host"
    return AddressError(f"cannot listen at {where}: {reason}; {hint}")


def _authority(host: str, port: int) -> str:
    return f"[{host.replace('%', '%25')}]:{port}" if ":" in host else f"{host}:{port}"


class ExposedError(Exception):
    """Other machines could use the admin API without a token. The message says what to do."""


def check_exposure(settings: Settings, addresses: Iterable[str]) -> None:
    """Raise ExposedError if other machines could use the admin API at one of the IP `addresses` without a token."""
    if not settings.admin or settings.admin_token or all(map(is_loopback, addresses)):
        return
    raise ExposedError(
        f"other machines can reach the mock at {', '.join(settings.hosts)}, including its admin API: set a token with"
        f" --admin-token or the variable {TOKEN_VARIABLE}, or turn the admin API off with --no-admin"
    )
