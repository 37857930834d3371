"""What the command line can set, and how much a client may send and for how long the mock waits for it."""

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


DEFAULT_LIMITS = Limits()


TOKEN_VARIABLE = "RESPAN_MOCK_ADMIN_TOKEN"  # noqa: S105 - the name of a variable
"""The variable of the environment from which the token of the admin API is taken."""

ADMIN_PREFIX = "/_mock/"
"""Where the paths of the admin API begin."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the mock is to run."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    """Where to listen: names or addresses. A name stands for all of its addresses."""
    port: int = 8000
    """0 picks a free one."""
    contract: Path | None = None
    """None is the contract of the package."""
    base_path: str | None = None
    """The path under which the paths of the contract are served; None takes that of its first server."""
    fixtures: Path | None = None
    """None are the fixtures of the package."""
    delay: Mapping[str, Any] | None = None
    """The rule that makes each answer of the API wait."""
    failures: tuple[Mapping[str, Any], ...] = ()
    """The rules of `--fail`."""
    faults: Path | None = None
    """A file with more of them."""
    seed: int | None = None
    """Decides all that is left to chance; None is something else each time."""
    clock: str | None = None
    """What `clock_of` reads; None is the real time."""
    check_responses: bool = False
    """Whether each answer of the API is judged by the contract before it is sent."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins whose pages may call the mock; `*` is any."""
    log_level: str = "info"
    journal: int = 1000
    """How many requests the journal keeps; 0 is off."""
    journal_bytes: int = 64 * 1024 * 1024
    """What those may take in memory; it keeps fewer of them where they are large."""
    admin: bool = True
    """Whether there is an admin API."""
    admin_token: str | None = None
    """What one has to know to use it; None is nothing."""
    admin_hosts: tuple[str, ...] = ()
    """Names by which it may be addressed, beside those of this machine and the one listened at."""
    admin_origins: tuple[str, ...] = ()
    """Web origins whose pages may use it, beside its own."""
    scenario: Path | None = None
    """The file that says what the mock starts from, as far as no option does. It is only read."""
    max_model_bytes: int = 1024 * 1024
    """Bytes of JSON that one stored model may take."""
    max_state_bytes: int = 64 * 1024 * 1024
    """Bytes of JSON that all stored models may take together."""
    state: Path | None = None
    """The file in which the models are kept; None is in memory only."""
    state_sync: bool = False
    """Whether each change of the models is in that file before its response is sent."""
    quiet: bool = False
    """Print the address alone, and log errors only."""
    limits: Limits = field(default_factory=Limits)
    """What a client may send, and how long the mock waits for it."""
