"""Requests, responses and exchanges, and exceptions for requests that got no response."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from conformance.wire import strict_json

Json: TypeAlias = Any
"""A JSON value as `json.loads` returns it."""

RACE: ContextVar[int | None] = ContextVar("race", default=None)
"""The race to which requests of this thread belong."""

SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that can be sent again, because they change nothing (RFC 9110, section 9.2.1)."""

COOKIE = "cookie"
"""The one header that both the user and a check may set; a request has at most one (RFC 6265, section 5.4)."""

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Credential:
    """A value of Authorization, or of another header that may contain a secret. Reports show `shell` instead."""

    value: str = field(repr=False)
    """The whole value of the header."""
    shell: str
    """The value in a double-quoted shell word, such as `Bearer $RESPAN_API_KEY`."""


class _Message:
    """What a request and a response share."""

    headers: Headers

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        return self._first_values.get(name.lower())

    @cached_property
    def _first_values(self) -> Mapping[str, str]:
        """The first value of each header, by its name in lower case."""
        return {name.lower(): value for name, value in reversed(self.headers)}


@dataclass(frozen=True, slots=True)
class WireFormat:
    """How a request is written byte by byte, if not as HTTP clients write it."""

    version: str = "1.1"
    hosts: tuple[str, ...] | None = None
    """Values of Host, each in a line of its own; None for one line with the target's host."""
    absolute_target: bool = False
    """Whether the request line contains the whole URL."""
    authorization: str = "Authorization: "
    """The text before the credential."""
    trailers: Headers = ()
    """Fields after the last chunk of a chunked body."""
    delay_body: bool = False
    """Whether the body is sent a moment after the head, as most clients do."""


@dataclass(frozen=True)
class Request(_Message):
    """A request in origin form; the transport adds the base URL."""

    method: str
    target: str
    """Path and query, percent-encoded, below the base URL."""
    headers: Headers = ()
    """Without Authorization."""
    body: bytes | None = None
    credential: Credential | None = None
    operation_id: str | None = None
    """The operation of the contract that the request calls; None for any other request."""
    key: str | None = None
    """The name of the model that the request is about, if there is one."""
    may_be_intercepted: bool = False
    """Whether the request is so unusual that something in front of the implementation may respond to it."""
    chunked: bool = False
    user_headers: tuple[tuple[str, Credential], ...] = ()
    """Headers that the user adds to every request, for example for a gateway."""
    wire_format: WireFormat | None = None
    """Set if the request is written byte by byte; only a RawConnection can send it."""
    follows_location: bool = False
    """Whether the target is the Location in the response to the request before it, or before others that follow it."""

    @property
    def fields(self) -> Headers:
        """Its headers and the user's, without Authorization; all cookies are in one of them."""
        given = (*self.headers, *((name, secret.value) for name, secret in self.user_headers))
        cookies = "; ".join(value for value, _ in self.cookies)
        separate = tuple((name, value) for name, value in given if self.is_separate_header(name))
        return (*separate, ("Cookie", cookies)) if cookies else separate

    @property
    def cookies(self) -> list[tuple[str, str | None]]:
        """The user's cookies and then those of the check, which share one header; empty if the user has none.

        Each cookie that may be a secret has the shell word that reports show instead.
        """
        given = [(secret.value, secret.shell) for name, secret in self.user_headers if name.lower() == COOKIE]
        own = [(value, None) for name, value in self.headers if name.lower() == COOKIE]
        return [*given, *own] if given else []

    def is_separate_header(self, name: str) -> bool:
        """Return whether a header is sent as it is, not as a part of `cookies`."""
        return name.lower() != COOKIE or not self.cookies

    @cached_property
    def json(self) -> Json:
        """The body as JSON; None if it is not JSON."""
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
    """The size of the body before it was decoded, if known."""
    encoding_error: str = ""
    """What the body is, if Content-Encoding says something else; empty otherwise."""

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty if there is none."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def successful(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status <= 299

    @cached_property
    def parsed(self) -> strict_json.Parsed:
        """The body parsed as JSON, with the errors that a strict reader finds."""
        return strict_json.parse(self.body)

    @property
    def json(self) -> Json:
        """The body as JSON; None if it is not JSON."""
        return self.parsed.value

    @property
    def members(self) -> Mapping[str, Json]:
        """The members of the JSON object in the body; empty if the body is not an object."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(frozen=True)
class Exchange:
    """A request and the response to it."""

    request: Request
    response: Response
    race: int | None = None
    """The race that it is part of: exchanges with the same number were sent at once."""
    connection: int | None = None
    """The connection that it used, if that matters: exchanges with the same number shared one, in this order."""


class NoResponse(Exception):
    """A request got no response: the connection failed, or the time limit passed."""

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
        """The error of the HTTP client."""
        self.first_bytes = first_bytes
        """The first bytes that were received."""
        self.unsent = unsent
        """Whether nothing of the request was sent, because no connection could be opened."""
        super().__init__(reason)


class TimedOut(NoResponse):
    """A request got no complete response within its time limit."""


class StaleConnection(Exception):
    """A reused connection ended before the first byte of the response.

    The target may have closed it before it received the request, or may have processed the request (RFC 9112,
    section 9.3.1). Neither is a failure, so everything that the request was part of is sent again.
    """

    def __init__(self, request: Any, reason: str) -> None:
        self.request = request
        self.reason = reason
        super().__init__(reason)


class Unreachable(Exception):
    """The target does not respond at all. The text says what to do."""


T = TypeVar("T")
STALE_RETRIES = 5
"""How many more times something is tried; a transport that had some stale connections reuses none after that."""


def retry_stale(make: Callable[[], T]) -> T:
    """Return the result of `make`, calling it again if a reused connection was stale."""
    for _ in range(STALE_RETRIES):
        with contextlib.suppress(StaleConnection):
            return make()
    return make()
