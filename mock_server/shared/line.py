"""One connection to Redis for many requests at once.

Requests that come while others are on their way wait, and go together: one write and few reads of the socket for all of
them. That takes a quarter of the time of a connection for each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

Words: TypeAlias = "Sequence[bytes | str | int]"
_MOST = 128
"""The maximum number of commands that go together."""


class Line:
    """A connection from a pool of redis-py, in one event loop."""

    def __init__(self, pool: ConnectionPool) -> None:
        from redis.exceptions import ReadOnlyError, ResponseError

        self._pool = pool
        self._rejected, self._replica = ResponseError, ReadOnlyError
        self._waiting: deque[tuple[Words, asyncio.Future[Any]]] = deque()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    def send(self, words: Words) -> asyncio.Future[Any]:
        """Send a command, and return its response to await: what redis-py returns or raises."""
        loop = asyncio.get_running_loop()
        response = loop.create_future()
        self._waiting.append((words, response))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._work())
        return response

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect()
            await self._pool.release(connection)

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
            try:
                await self._exchange(batch)
            except BaseException as error:
                await self.close()
                for _, response in batch:
                    if not response.done():
                        response.set_exception(_without_traceback(error))
                if not isinstance(error, Exception):
                    raise

    async def _exchange(self, batch: list[tuple[Words, asyncio.Future[Any]]]) -> None:
        """Send commands, and read the response to each. Raises what redis-py raises if the connection fails."""
        if self._connection is None:
            self._connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        connection, replica = self._connection, False
        await connection.send_packed_command(b"".join([_packed(words) for words, _ in batch]), check_health=False)
        for _, response in batch:
            try:
                value = await connection.read_response(disable_decoding=True)
            except self._rejected as error:
                replica = replica or isinstance(error, self._replica)
                if not response.done():
                    response.set_exception(error)
            else:
                if not response.done():  # the request may have been cancelled
                    response.set_result(value)
        if replica:  # another Redis has taken over: connect again
            await self.close()


def _packed(words: Words) -> bytes:
    """Return a command as Redis reads it. redis-py does the same in several times the time."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


def _without_traceback(error: BaseException) -> Exception:
    """Return the error for one of several requests; a cancellation becomes a cut connection."""
    if isinstance(error, Exception):
        return error
    return ConnectionAbortedError("the connection was closed")
