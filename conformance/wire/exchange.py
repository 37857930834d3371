"""A request, its response, and the two together; and requests that got no response, as typed exceptions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from conformance.wire import strict_json

Json: TypeAlias = Any
"""A JSON value as `json.loads` gives it."""

RACE: ContextVar[int | None] = ContextVar("race", default=None)
"""The race that the requests of this thread belong to."""

SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that may be sent twice, for they change nothing (RFC 9110, section 9.2.1)."""

COOKIE = "cookie"
"""The one header of the user's that a check may send as well; a request has one at most (RFC 6265, section 5.4)."""

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Credential:
    """A value of Authorization, or of another header that may hold a secret. Reports show `shell` in its place."""

    value: str = field(repr=False)
    """The header's whole value."""
    shell: str
    """The same as text for a double-quoted shell word, such as `Bearer $RESPAN_API_KEY`."""


class _Message:
    """What a request and a response share."""

    headers: Headers

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class WireFormat:
    """How a request is written byte by byte, where not as HTTP clients write it."""

    version: str = "1.1"
    hosts: tuple[str, ...] | None = None
    """Values of Host, each in a line of its own; None for the target's own."""
    absolute_target: bool = False
    """Whether the request line names the whole URL."""
    authorization: str = "Authorization: "
    """What stands before the credential."""
    trailers: Headers = ()
    """Fields after the last chunk of a chunked body."""
    delay_body: bool = False
    """Whether the body follows a moment after the head, as most clients send it."""


@dataclass(frozen=True)
class Request(_Message):
    """A request in origin form; the base URL is the transport's."""

    method: str
    target: str
    """Path and query, percent-encoded, below the base URL."""
    headers: Headers = ()
    """Without Authorization."""
    body: bytes | None = None
    credential: Credential | None = None
    operation_id: str | None = None
    """The operation of the contract that this calls; None for any other request."""
    key: str | None = None
    """The name that the request is about, where it has one."""
    may_be_intercepted: bool = False
    """False for a request so odd on the wire that something before the implementation may answer it."""
    chunked: bool = False
    user_headers: tuple[tuple[str, Credential], ...] = ()
    """Headers that the user wants on every request, for a gateway for instance."""
    wire_format: WireFormat | None = None
    """Set where the request is written by hand; it is sent over sockets only."""

    @property
    def cookies(self) -> list[tuple[str, str | None]]:
        """The user's cookies and then those of the check, which go into one header; none where the user has none.

        Beside each stands what is shown in its place, where it is a secret.
        """
        given = [(secret.value, secret.shell) for name, secret in self.user_headers if name.lower() == COOKIE]
        own = [(value, None) for name, value in self.headers if name.lower() == COOKIE]
        return [*given, *own] if given else []

    def is_separate_header(self, name: str) -> bool:
        """Whether the header of that name is sent by itself, and not as a part of `cookies`."""
        return name.lower() != COOKIE or not self.cookies

    @cached_property
    def json(self) -> Json:
        """The body as JSON, or None where it is none."""
        return strict_json.parse(self.body or b"").value


@dataclass(frozen=True)
class Response(_Message):
    """A response, whole."""

    status: int
    headers: Headers
    body: bytes
    """Decoded."""
    seconds: float
    encoded_size: int | None = None
    """Bytes of the body before they were decoded, where they were counted."""
    encoding_error: str = ""
    """How the body is coded, where Content-Encoding says otherwise."""

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty where there is none."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def successful(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status <= 299

    @cached_property
    def parsed(self) -> strict_json.Parsed:
        """The body read as JSON, with what a strict reader finds wrong in it."""
        return strict_json.parse(self.body)

    @property
    def json(self) -> Json:
        """The body as JSON; None where it is none."""
        return self.parsed.value

    @property
    def members(self) -> Mapping[str, Json]:
        """The members of the JSON object in the body; none where it is no object."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(frozen=True)
class Exchange:
    """A request and the response to it."""

    request: Request
    response: Response
    race: int | None = None
    """The race that it was part of: those of one number were sent at once."""
    connection: int | None = None
    """The connection that it went over, where that matters: those of one number went over one, in this order."""


class NoResponse(Exception):
    """A request was not answered: the connection broke, or the time ran out."""

    def __init__(
        self,
        request: Any,
        reason: str,
        error: Exception | None = None,
        first_bytes: bytes = b"",
        *,
        unsent: bool = False,
    ) -> None:
        self.request = request
        self.reason = reason
        self.error = error
        """What went wrong on the wire, as the HTTP client says it."""
        self.first_bytes = first_bytes
        """The first octets that came back, if any did."""
        self.unsent = unsent
        """Whether nothing of the request left this machine: no connection was made for it."""
        super().__init__(reason)


class StaleConnection(Exception):
    """A connection that was kept from an earlier request ended before any octet of the answer came.

    The target may have closed it before it got the request, or may have done what it asks (RFC 9112, section 9.3.1):
    nothing follows from it, and what the request was part of is to be done anew.
    """

    def __init__(self, request: Any, reason: str) -> None:
        self.request = request
        self.reason = reason
        super().__init__(reason)


class Unreachable(Exception):
    """The target does not answer at all. Its operator has to act."""


T = TypeVar("T")
STALE_RETRIES = 5
"""How often something is done anew; a transport that met some stale connections keeps none after that."""


def retry_stale(make: Callable[[], T]) -> T:
    """What `make` returns, made anew as long as a stale connection gets in its way."""
    for _ in range(STALE_RETRIES):
        with contextlib.suppress(StaleConnection):
            return make()
    return make()
