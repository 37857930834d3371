"""Small servers on loopback that say exactly what a test wants, and remember exactly what they were told."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import TypeAlias

from tests.conformance import hostile
from tests.conformance.hostile import Hostile

Script: TypeAlias = Callable[[socket.socket], None]


def saying(response: bytes | Script, tls: ssl.SSLContext | None = None) -> contextlib.AbstractContextManager[Hostile]:
    """A server that sends each connection one response and closes it; a script does with the connection as it likes."""
    act = (lambda connection, *_: response(connection)) if callable(response) else hostile.saying(response)
    return hostile.hostile(act, tls=tls)
