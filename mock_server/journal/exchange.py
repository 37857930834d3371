"""One request and its answer, as the server saw them: raw, so that writing it down costs next to nothing."""

from __future__ import annotations

from time import perf_counter, time

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import Message, Scope

from mock_server.failures import APPLIED, REFUSAL
from mock_server.faults.fired import FAULTS, Fired
from mock_server.refusals import Refusal
from mock_server.routing import raw_path

LONGEST_BODY = 16 * 1024
"""Octets of a body that are kept."""

Headers = list[tuple[bytes, bytes]]


class Body:
    """The octets of a body: the first of them, and how many there were."""

    start = b""
    length = 0

    def add(self, octets: bytes) -> None:
        """Take some more."""
        if self.length < LONGEST_BODY:
            self.start += octets[: LONGEST_BODY - self.length]
        self.length += len(octets)


class Exchange:
    """A request and its answer. Nothing in it is redacted yet: it is not to be shown as it is.

    What most exchanges do not have stands here in the class, and costs them nothing.
    """

    id = 0
    """Its number in the journal, from 1."""
    complete = False
    """Whether the whole body of the request was read."""
    status = 0
    """0 until there is an answer."""
    response_headers: Headers = []  # noqa: RUF012 - replaced, never changed
    organization: str | None = None
    refusal: Refusal | None = None
    preference: str | None = None
    """What was applied of it (RFC 7240)."""
    faults: tuple[Fired, ...] = ()
    """Those that acted on it."""
    milliseconds = 0.0

    def __init__(self, scope: Scope) -> None:
        self.scope: Scope = scope
        self.started = perf_counter()
        self.method: str = scope["method"]
        self.path = raw_path(scope)
        self.query: bytes = scope["query_string"]
        self.headers: Headers = scope["headers"]
        self.request = Body()
        self.response = Body()

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
        self.time = time() - self.milliseconds / 1000
        if REFUSAL in scope:
            self.refusal = scope[REFUSAL]
        if APPLIED in scope:
            self.preference = scope[APPLIED]
        if FAULTS in scope:
            self.faults = scope[FAULTS]
        token = scope.get("extensions", {}).get("connexion_context", {}).get("token_info")
        if token:
            self.organization = token["sub"]

    @property
    def is_a_page(self) -> bool:
        """Whether something was looked at that is not of the API: Swagger UI, the contract."""
        found = self.scope.get("extensions", {}).get(ROUTING_CONTEXT)
        return found == {} and REFUSAL not in self.scope
