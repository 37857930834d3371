"""One request and its answer, as the server saw them: raw, so that writing it down costs next to nothing."""

from __future__ import annotations

from time import perf_counter, time

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import Message, Scope

from mock_server.failures import APPLIED, REFUSAL
from mock_server.faults.fired import FAULTS, Fired
from mock_server.refusals import Refusal

LONGEST_BODY = 16 * 1024
"""Octets of a body that are kept."""

Headers = list[tuple[bytes, bytes]]


class Body:
    """The octets of a body: the first of them, and how many there were."""

    __slots__ = ("length", "start")

    def __init__(self) -> None:
        self.start = b""
        self.length = 0

    def add(self, octets: bytes) -> None:
        """Take some more."""
        if self.length < LONGEST_BODY:
            self.start += octets[: LONGEST_BODY - self.length]
        self.length += len(octets)


class Exchange:
    """A request and its answer. Nothing in it is redacted yet: it is not to be shown as it is."""

    __slots__ = (
        "complete", "faults", "headers", "id", "method", "milliseconds", "organization", "path", "preference", "query",
        "refusal", "request", "response", "response_headers", "scope", "started", "status", "time",
    )  # fmt: skip

    def __init__(self, scope: Scope) -> None:
        self.id = 0
        """Its number in the journal, from 1."""
        self.scope: Scope = scope
        self.time = time()
        self.started = perf_counter()
        self.method: str = scope["method"]
        self.path: bytes = scope["raw_path"]
        self.query: bytes = scope["query_string"]
        self.headers: Headers = scope["headers"]
        self.request = Body()
        self.complete = False
        """Whether the whole body of the request was read."""
        self.status = 0
        """0 until there is an answer."""
        self.response_headers: Headers = []
        self.response = Body()
        self.organization: str | None = None
        self.refusal: Refusal | None = None
        self.preference: str | None = None
        """What was applied of it (RFC 7240)."""
        self.faults: tuple[Fired, ...] = ()
        """Those that acted on it."""
        self.milliseconds = 0.0

    def received(self, message: Message) -> None:
        """Note a part of the request."""
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
            self.complete = not message.get("more_body", False)

    def sent(self, message: Message) -> bool:
        """Note a part of the answer. Whether it is the last."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.response_headers = message["headers"]
            return False
        self.response.add(message.get("body", b""))
        return not message.get("more_body", False)

    def finish(self) -> None:
        """Note what is known at the end, and let go of everything else."""
        scope, self.scope = self.scope, {}
        self.milliseconds = (perf_counter() - self.started) * 1000
        self.refusal = scope.get(REFUSAL)
        self.preference = scope.get(APPLIED)
        self.faults = scope.get(FAULTS, ())
        token = scope.get("extensions", {}).get("connexion_context", {}).get("token_info")
        self.organization = token["sub"] if token else None

    @property
    def is_a_page(self) -> bool:
        """Whether something was looked at that is not of the API: Swagger UI, the contract."""
        found = self.scope.get("extensions", {}).get(ROUTING_CONTEXT)
        return found == {} and REFUSAL not in self.scope
