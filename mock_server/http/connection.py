"""The connection that a request came on, for answers that end before they are complete."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Receive, Scope

CONNECTION = "mock_server.http.connection"
"""Where the scope of a request keeps the transport. An app that is called without a server has none."""

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for 0 seconds."""


async def reset(scope: Scope) -> bool:
    """Reset the connection: the client sees an RST. Whether there is a connection at all."""
    transport: asyncio.Transport | None = scope.get(CONNECTION)
    if transport is None:
        return False
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
    await asyncio.sleep(0)  # until the server has noticed
    return True


async def close(scope: Scope, receive: Receive) -> bool:
    """Close the connection after what was sent, and wait until that is done. Whether there is a connection at all."""
    transport: asyncio.Transport | None = scope.get(CONNECTION)
    if transport is None:
        return False
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
    return True
