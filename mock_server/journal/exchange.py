"""One request and its answer, as the server saw them: raw, so that writing it down costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter, time

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import Message, Scope

from mock_server.faults.fired import FAULTS, Fired
from mock_server.http.failures import APPLIED, REFUSAL
from mock_server.http.routing import raw_path
from mock_server.refusing.refusals import Refusal

LONGEST_BODY = 16 * 1024
"""Octets of a body that are kept."""

Headers = tuple[tuple[bytes, bytes], ...]


class Exchange:
    """A request and its answer. Nothing in it is redacted yet: it is not to be shown as it is.

    Thousands of them are kept. All is in the object itself, in tuples and in bytes, so that each is one thing for the
    garbage collector to look at, and not twenty: that was seen to be most of what keeping them costs.
    """

    __slots__ = (
        "complete", "faults", "headers", "id", "may_write", "method", "milliseconds", "organization", "path",
        "preference", "query", "refusal", "request", "request_length", "response", "response_headers",
        "response_length", "scope", "started", "status", "time",
    )  # fmt: skip

    def __init__(self, scope: Scope) -> None:
        self.scope: Scope | None = scope
        self.started = perf_counter()
        self.request = b""
        """The first octets of the body."""
        self.request_length = 0
        """Of the body, as far as it was read."""
        self.complete = False
        """Whether the whole body of the request was read."""
        self.status = 0
        """0 until there is an answer."""
        self.response_headers: Iterable[tuple[bytes, bytes]] = ()
        self.response = b""
        self.response_length = 0

    def received(self, message: Message) -> None:
        """Note a part of the request."""
        if message["type"] == "http.request":
            if body := message.get("body"):
                self.request = _longer(self.request, body)
                self.request_length += len(body)
            self.complete = not message.get("more_body", False)

    def answered(self, message: Message) -> bool:
        """Note a part of the body of the answer. Whether it is the last."""
        if body := message.get("body"):
            self.response = _longer(self.response, body)
            self.response_length += len(body)
        return not message.get("more_body", False)

    def finish(self, scope: Scope) -> None:
        """Note what is known at the end, and let go of everything else."""
        self.scope = None
        self.id = 0
        """Its number in the journal, from 1."""
        self.milliseconds = (perf_counter() - self.started) * 1000
        self.time = time() - self.milliseconds / 1000
        self.method: str = scope["method"]
        self.path = raw_path(scope)
        self.query: bytes = scope["query_string"]
        self.headers: Headers = tuple(scope["headers"])
        self.response_headers = tuple(self.response_headers)
        self.refusal: Refusal | None = scope.get(REFUSAL)
        self.preference: str | None = scope.get(APPLIED)
        """What was applied of it (RFC 7240)."""
        self.faults: tuple[Fired, ...] = scope.get(FAULTS, ())
        """Those that acted on it."""
        token = scope.get("extensions", {}).get("connexion_context", {}).get("token_info")
        self.organization: str | None = token["sub"] if token else None
        self.may_write: bool | None = token["caller"].may_write if token else None


def _longer(start: bytes, octets: bytes) -> bytes:
    """The start of a body and what follows, as far as it is kept.

    It is copied: what a serializer writes may lie in a buffer of many times its length, which would be kept with it.
    """
    return start + memoryview(octets)[: LONGEST_BODY - len(start)] if len(start) < LONGEST_BODY else start


def is_a_page(scope: Scope) -> bool:
    """Whether something was looked at that is not of the API: Swagger UI, the contract."""
    return scope.get("extensions", {}).get(ROUTING_CONTEXT) == {} and REFUSAL not in scope
