"""How much a client may send, and for how long the mock waits for it."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a connection. Each has an option of `respan-mock` and a default."""

    request_line: int = 64 * KIB
    """Bytes of a request target; more is 414. The name of a model, which may be long, stands in it percent-encoded."""
    header_bytes: int = 64 * KIB
    """Bytes of all header fields of a request; more is 431."""
    header_count: int = 100
    """Header fields of a request; more is 431."""
    trailer_bytes: int = 8 * KIB
    """Bytes of all trailer fields of a request, or of one chunk extension; more is 431 or 400."""
    request_seconds: float = 30
    """Seconds in which a whole request must arrive; more is 408."""
    response_seconds: float = 30
    """Seconds in which a client must take some of a response that waits for it; then the connection is closed."""
    idle_seconds: float = 75
    """Seconds for which a connection stays open between two requests."""
    connections: int = 1000
    """Open connections. One more closes the one that is idle for longest; if none is idle, it is answered with 503."""
    grace_seconds: float = 5
    """Seconds for which requests under way may continue when the mock stops."""


DEFAULTS = Limits()
