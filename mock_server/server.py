"""Serves an ASGI app: uvicorn with httptools and uvloop, on all addresses of all hosts, with one port.

A host can be a name of several addresses, and `::` takes IPv4 connections too where the system can. An address that
another one covers (any specific address beside `0.0.0.0`) needs no socket of its own: the system would refuse it.
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
"""Tenths of a second between two looks at what the connections have taken too long for."""


def serve(
    app: Any, sockets: Sequence[socket.socket], ready: Callable[[], None], limits: Limits = DEFAULT_LIMITS
) -> None:
    """Serve `app` until SIGINT, SIGTERM or SIGHUP. Calls `ready` when it answers, and a signal stops it cleanly.

    Then it raises what the handler of that signal raises that was there before.
    """
    server(app, ready, limits).run(sockets=list(sockets))


def server(app: Any, ready: Callable[[], None], limits: Limits = DEFAULT_LIMITS) -> uvicorn.Server:
    """A server of `app`, to be run. It calls `ready` in its event loop; setting its `should_exit` stops it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=protocol_of(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=limits.grace_seconds,  # type: ignore[arg-type]  # any number will do
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

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
        """Start, and say so."""
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections. Return whether to stop."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Protocol):
                    connection.check_time(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop. Requests that are cut off then are no errors, and uvicorn need not report them."""
        logger = logging.getLogger("uvicorn.error")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            await super().shutdown(sockets)
            await asyncio.gather(*self.server_state.tasks, return_exceptions=True)  # those that were cancelled
        finally:
            logger.setLevel(level)  # in a test, the process goes on


_BACKLOG = 2048
_TRIES = 20
"""How many free ports are tried until one is free at all addresses."""
_ANY4, _ANY6 = "0.0.0.0", "::"  # noqa: S104 - compared with what the user asks for
_HERE = {_ANY4: "127.0.0.1", _ANY6: "::1"}
"""The address by which a client on this machine reaches a server that listens at all addresses."""
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What the system says of an address that this machine does not have."""

Address: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and what `bind` takes, with the port in second place."""


class AddressError(Exception):
    """The mock cannot listen there. The user is at fault; the message says what to do."""


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
        """The address of each host as a client on this machine writes it, without a slash at its end."""
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
    """Listen at `port` of all `hosts`, so that whoever reads the address can connect at once.

    A port of 0 picks one that is free at all of them. Raises AddressError.
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
    """Return all addresses of a host. Raises AddressError where there are none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _unavailable(host, host, port, error) from error
    addresses = [(family, address) for family, _, _, _, address in found]
    if host.lower() == "localhost":  # browsers take it for both, whatever the system says (RFC 6761, section 6.3)
        addresses += [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port, 0, 0))]
    return list(dict.fromkeys(addresses))


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an IP address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _bound(found: dict[str, list[Address]], port: int) -> list[socket.socket]:
    """Bind a socket to each address of each host. Raises AddressError, and then nothing is bound."""
    everything = [address for addresses in found.values() for address in addresses]
    sockets: dict[Address, socket.socket] = {}
    with contextlib.ExitStack() as undoing:
        for host, addresses in found.items():
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
            if failures and len(failures) == len(addresses):  # else the name has an address that this machine has
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
    """Others could use the admin API. The user is at fault; the message says what to do."""


def check_exposure(settings: Settings, addresses: Iterable[str]) -> None:
    """Raise ExposedError where whoever reaches one of the IP `addresses` could use the admin API without a token."""
    if not settings.admin or settings.admin_token or all(map(is_loopback, addresses)):
        return
    raise ExposedError(
        f"others can reach the mock at {', '.join(settings.hosts)}, and with it the admin API: set a token for it with"
        f" --admin-token or the variable {TOKEN_VARIABLE}, or leave it out with --no-admin"
    )
