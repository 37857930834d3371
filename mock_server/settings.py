"""The settings of the mock, and the limits of its connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a connection. Each has an option of `respan-mock` and a default."""

    request_line: int = 64 * KIB
    """The maximum bytes of a request target; more is 414. It may contain a long model name, percent-encoded."""
    header_bytes: int = 64 * KIB
    """The maximum bytes of all header fields of a request; more is 431."""
    header_count: int = 100
    """The maximum number of header fields of a request; more is 431."""
    trailer_bytes: int = 8 * KIB
    """The maximum bytes of all trailer fields of a request, or of one chunk extension; more is 431 or 400."""
    request_seconds: float = 30
    """Seconds in which a whole request must arrive; more is 408."""
    response_seconds: float = 30
    """Seconds for which a client may read nothing of a waiting response, before the connection is closed."""
    idle_seconds: float = 75
    """Seconds for which a connection stays open between two requests."""
    connections: int = 1000
    """The maximum number of open connections. One more closes the one that is idle for longest, or gets 503."""
    grace_seconds: float = 5
    """Seconds for which started requests may continue when the mock stops."""


DEFAULT_LIMITS = Limits()


TOKEN_VARIABLE = "RESPAN_MOCK_ADMIN_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable with the token of the admin API."""

STORE_VARIABLE = "RESPAN_MOCK_STORE"
"""The environment variable with the address of the store."""

ADMIN_PREFIX = "/_mock/"
"""The prefix of the paths of the admin API."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a mock."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    """Where to listen: names or addresses. A name means all of its addresses."""
    port: int = 8000
    """0 picks a free port."""
    contract: Path | None = None
    """The OpenAPI document; None is the bundled one."""
    base_path: str | None = None
    """The path under which the API is served; None is the path of the contract's first server."""
    fixtures: Path | None = None
    """The fixtures file; None is the bundled one."""
    delay: Mapping[str, Any] | None = None
    """The fault rule of `--delay`."""
    failures: tuple[Mapping[str, Any], ...] = ()
    """The fault rules of `--fail`."""
    faults: Path | None = None
    """A file with more fault rules."""
    seed: int | None = None
    """The seed of all random choices; None is another one at each start."""
    clock: str | None = None
    """The clock as `clock_of` reads it; None is the real time."""
    check_responses: bool = False
    """Whether each response of the API is checked against the contract before it is sent."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins whose pages may call the API; `*` is any."""
    log_level: str = "info"
    journal: int = 1000
    """The maximum number of requests in the journal; 0 turns it off."""
    journal_bytes: int = 64 * 1024 * 1024
    """The maximum size of the journal in memory. If requests are large, the journal has fewer of them."""
    admin: bool = True
    """Whether the admin API and the console are served."""
    admin_token: str | None = None
    """The token that the admin API requires; None is no token."""
    admin_hosts: tuple[str, ...] = ()
    """Host names under which the admin API may be used, in addition to those of this machine and of `hosts`."""
    admin_origins: tuple[str, ...] = ()
    """Web origins whose pages may use the admin API, in addition to its own."""
    scenario: Path | None = None
    """The scenario file. Options override its parts, and the mock never writes it."""
    max_model_bytes: int = 1024 * 1024
    """The maximum bytes of a stored model as JSON."""
    max_state_bytes: int = 64 * 1024 * 1024
    """The maximum bytes of all stored models together as JSON."""
    state: Path | None = None
    """The file that the models are saved to; None keeps them in memory only."""
    state_sync: bool = False
    """Whether each change is saved before its response is sent."""
    workers: int = 1
    """The number of processes that serve. More than one share their state in the store."""
    store: str | None = None
    """The address of a Redis that several mocks share, as `address_of` reads it; None keeps everything in memory."""
    store_prefix: str | None = None
    """The beginning of the names of all keys; None is that of the address, or the default."""
    store_ttl: int | None = None
    """Seconds without a request after which Redis deletes everything; None is that of the address, or never."""
    quiet: bool = False
    """Whether to print only the address, and to log only errors."""
    limits: Limits = field(default_factory=Limits)
    """The limits of connections."""
