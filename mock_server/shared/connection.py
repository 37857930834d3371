"""Calls of the scripts, from one mock to one Redis.

Every failure of Redis becomes an `UnavailableError`, whose message contains no password. A call that only reads is
repeated once if its connection was cut, since Redis may have restarted. A call that writes is sent once.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from mock_server.errors import UnavailableError
from mock_server.events import REMEMBERED, REMEMBERED_BYTES, SMALLEST_EVENT
from mock_server.shared.address import Address, import_redis
from mock_server.shared.line import Line, Words
from mock_server.store import LARGEST_CHAIN, LONGEST_CHAIN

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

Part: TypeAlias = bytes | str | int
logger = logging.getLogger("mock_server")

OLDEST = (6, 2)
"""The first version of Redis with COPY and a stream that is trimmed by ID."""
_KEYS = ("control", "models", "initial", "journal", "events", "fired")
_CONSTANTS = {
    "LONGEST_CHAIN": LONGEST_CHAIN,
    "LARGEST_CHAIN": LARGEST_CHAIN,
    "MOST_EVENTS": REMEMBERED,
    "EVENT_BYTES": REMEMBERED_BYTES,
    "EVENT_SIZE": SMALLEST_EVENT,
}
_QUIET = 10.0
"""Seconds between two lines of the log that say that Redis is unavailable."""


def _scripts() -> Mapping[str, bytes]:
    """Return the text of each script, with what all of them share before it."""
    folder = Path(__file__).with_name("lua")
    constants = "".join(f"local {name} = {value}\n" for name, value in _CONSTANTS.items())
    common = constants + (folder / "common.lua").read_text(encoding="utf-8")
    files = (each for each in folder.glob("*.lua") if each.stem != "common")
    return {each.stem: f"{common}\n{each.read_text(encoding='utf-8')}".encode() for each in files}


class Connection:
    """The connections of one mock to its Redis, for the event loop that is running."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._keys = [self.key(name).encode() for name in _KEYS]
        self._ttl = b"%d" % address.ttl
        self._scripts = _scripts()
        self._digests = {
            name: hashlib.sha1(text).hexdigest().encode()  # noqa: S324 - that is how Redis names them
            for name, text in self._scripts.items()
        }
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis | RedisCluster] = WeakKeyDictionary()
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, Line] = WeakKeyDictionary()
        self._silent_until = 0.0
        redis = import_redis()
        self._cut = redis.exceptions.ConnectionError
        self._forgotten = redis.exceptions.NoScriptError
        self._failures = (redis.RedisError, redis.exceptions.RedisClusterException, OSError, TimeoutError)

    def key(self, name: str) -> str:
        """Return the name of a key in Redis."""
        return f"{{{self.address.prefix}}}:{name}"

    async def call(
        self, script: str, *arguments: Part, key: str | None = None, reads: bool = False, counts: bool = False
    ) -> Any:
        """Return what a script returns. `key` is the name of one more key.

        `reads` says that the script changes nothing, and `counts` that it changes nothing that the client has sent.
        Raises UnavailableError.
        """
        keys = self._keys if key is None else [*self._keys, self.key(key).encode()]
        words = (len(keys), *keys, self._ttl, *arguments)
        try:
            return await self._run(("EVALSHA", self._digests[script], *words), reads=reads, counts=counts)
        except self._forgotten:  # Redis has restarted, or another one has taken over
            return await self._run(("EVAL", self._scripts[script], *words), reads=reads, counts=counts)

    async def ask(self, *words: Part, reads: bool = True) -> Any:
        """Return the response to a command of Redis as redis-py reads it. Raises UnavailableError."""
        return await self._run(words, reads=reads, own=True)

    async def _run(self, words: Words, *, reads: bool, counts: bool = False, own: bool = False) -> Any:
        """Return the response to a command, with a connection of its `own` if it may take long.

        Raises UnavailableError, or NoScriptError of redis-py.
        """
        for attempt in range(2):
            try:
                if own or self.address.kind == "cluster":
                    return await self.client.execute_command(*words)
                return await self._line().send(words)
            except self._forgotten:
                raise
            except self._failures as error:
                if reads and not attempt and isinstance(error, self._cut):
                    continue
                raise self._unavailable(error, changes=not (reads or counts)) from None
        raise AssertionError  # the second attempt has returned or raised

    def _line(self) -> Line:
        """Return the line of the running event loop."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            client: Any = self.client
            line = self._lines[loop] = Line(client.connection_pool)
        return line

    @property
    def client(self) -> Redis | RedisCluster:
        """The client of the running event loop."""
        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        if found is None:
            found = self._clients[loop] = self.address.client()
        return found

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Check the connection, and close it at the end. Raises UnavailableError."""
        self._silent_until = math.inf  # the error says what is wrong
        try:
            info = await self.ask("INFO", "server")
            version = _version(info)
            if version < OLDEST:
                raise UnavailableError(
                    f"{self.address.label}: Redis {'.'.join(map(str, version))} is too old; use 6.2 or later"
                )
            yield
        finally:
            self._silent_until = 0.0
            await self.close()

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line is not None:
            await line.close()
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            closing: Awaitable[None] = client.aclose()
            await closing

    def _unavailable(self, error: Exception, *, changes: bool) -> UnavailableError:
        """Return the error for a failure of Redis, and log it if the last line about that is some time ago."""
        reason = _reason(error)
        if monotonic() > self._silent_until:
            self._silent_until = monotonic() + _QUIET
            logger.error("The store %s is unavailable: %s.", self.address.label, reason)
        names = {each.__name__ for each in type(error).__mro__}
        unsure = changes and names & {"ConnectionError", "TimeoutError", "OSError"}
        outcome = " Whether it has stored the change is unknown." if unsure else ""
        return UnavailableError(f"The store {self.address.label} is unavailable: {reason}.{outcome}")


def _version(info: Any) -> tuple[int, ...]:
    nodes = [info] if not isinstance(info, dict) or "redis_version" in info else [*info.values()]
    text = str(nodes[0]["redis_version"] if isinstance(nodes[0], dict) else nodes[0])
    return tuple(int(each) for each in text.split(".")[:2] if each.isdecimal())


_CODES = (
    ("OOM command not allowed", "it is full (maxmemory)"),
    ("READONLY You can't write", "it is a replica, and only its master can be written"),
    ("MISCONF Redis", "it cannot save its data, and accepts no writes"),
    ("DB index is out of range", "it has no database of this number"),
    ("NOREPLICAS", "it has too few replicas, and accepts no writes"),
    ("No master found for .* : ", "a sentinel cannot be asked, and no other knows such a master that is up"),
)
"""What Redis says of a command, also of one in a script, and redis-py of sentinels: a part, as a regular expression."""
_REASONS = (
    ("OutOfMemoryError", "it is full (maxmemory)"),
    ("AuthenticationError", "it rejects the user or the password"),
    ("AuthenticationWrongNumberOfArgsError", "it rejects the user or the password"),
    ("NoPermissionError", "the user may not run a command or use a key"),
    ("BusyLoadingError", "it is loading its data"),
    ("ReadOnlyError", "it is a replica, and only its master can be written"),
    ("MasterNotFoundError", "the sentinels know no such master that is up"),
    ("MaxConnectionsError", "all connections are in use"),
    ("TimeoutError", "it did not respond in time"),
    ("ClusterDownError", "the cluster is down"),
    ("ResponseError", "it rejects a command"),
    ("ConnectionError", "it cannot be reached"),
)


REASONS = frozenset(reason for _, reason in (*_CODES, *_REASONS))
"""Why Redis is unavailable, as responses say it."""


def _reason(error: BaseException) -> str:
    """Return why Redis is unavailable, in words of our own: those of libraries may repeat what is secret."""
    for code, reason in _CODES:
        if re.search(code, str(error)):
            return reason
    causes: list[BaseException] = [error.__cause__, error] if error.__cause__ else [error]
    names = [each.__name__ for cause in causes for each in type(cause).__mro__]
    return next((reason for name in names for known, reason in _REASONS if name == known), "the connection failed")
