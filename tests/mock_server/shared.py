"""The parts of a mock that shares its state, without the mock."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from contract import load
from mock_server.shared.address import Address
from mock_server.shared.connection import Connection
from mock_server.shared.models import RedisStore
from mock_server.shared.session import Origin, Session
from mock_server.store import Scopes
from mock_server.upsert import ReferenceFields


@contextlib.asynccontextmanager
async def redis_store(
    address: Address, room: int | None = None, models: Scopes | None = None
) -> AsyncIterator[RedisStore]:
    """Yield a store as one worker has it."""
    connection = Connection(address)
    session = Session(connection, ReferenceFields(load().upsert), Origin(models or {}, (), None, {}))
    try:
        yield RedisStore(session, room)
    finally:
        await connection.close()
