"""The odd server as an ASGI application: its responses, and their random variations."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any

from tests.servers.odd_server.habits import draw_habits
from tests.servers.odd_server.models import FIXTURES, Models
from tests.servers.odd_server.reading import Reader, Rejected
from tests.servers.odd_server.spelling import Speller

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]

MODELS = "/api/models/"
CHALLENGES = ("Bearer", 'Bearer realm="models"', 'bearer realm="models", error="invalid_token"')
JSON_TYPES = ("application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"')
MORE_HEADERS = (
    ("X-Request-Id", "7c1f"),
    ("Cache-Control", "no-store"),
    ("Set-Cookie", "session=1; HttpOnly"),
    ("Set-Cookie", "theme=dark"),
    ("strict-transport-security", "max-age=31536000"),
    ("VARY", "Origin, Accept-Encoding"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as this server sees it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Response:
    """A response before it is written."""

    status: int
    value: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    media_type: str = ""


class OddServer:
    """The application; everything random about it comes from the seed."""

    def __init__(self, seed: str, *, reads: bool) -> None:
        self.random = Random(seed)
        self.habits = draw_habits(self.random, reads=reads)
        self.reader = Reader(self.habits)
        self.speller = Speller(self.random)
        self.models = {organization: Models(organization, self.habits) for organization in FIXTURES["providers"]}
        self.rate_limited: set[bytes] = set()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        call = Call(scope["method"], scope["path"], headers, body)
        await self.delay()
        response = self.rate_limit(call) or self.respond(call)
        await self.delay()
        for event in self.events(call, response):
            await send(event)

    # Random variations

    def sometimes(self, probability: float) -> bool:
        """Return True with a probability."""
        return self.random.random() < probability

    async def delay(self) -> None:
        """Wait up to 50 ms, rarely."""
        if self.sometimes(0.02):
            await asyncio.sleep(self.random.uniform(0, 0.05))

    def rate_limit(self, call: Call) -> Response | None:
        """Return a 429, rarely and never twice for one request; else None."""
        digest = sha256(repr((call.method, call.path, call.headers.get("authorization"), call.body)).encode()).digest()
        if digest in self.rate_limited:
            self.rate_limited.remove(digest)
        elif self.sometimes(0.01):
            self.rate_limited.add(digest)
            return Response(429, {"detail": "slow down"}, [("Retry-After", self.random.choice(("0", "0", "0", "1")))])
        return None

    def events(self, call: Call, response: Response) -> list[Message]:
        """Return the response as ASGI events: whole or chunked, plain or compressed, closing or not."""
        headers = [*response.headers, *(header for header in MORE_HEADERS if self.sometimes(0.2))]
        body = b""
        if response.value is not None:
            body = self.speller.text(response.value).encode()
            headers.append(("content-type", response.media_type or self.random.choice(JSON_TYPES)))
        if body and "gzip" in call.headers.get("accept-encoding", "") and self.sometimes(0.1):
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        chunks = [body]
        if body and self.sometimes(0.3):
            middle = self.random.randrange(len(body))
            chunks = [body[:middle], body[middle:]]
        elif body:
            headers.append(("Content-Length", str(len(body))))
        if self.habits.closes_connections or self.sometimes(0.02):
            headers.append(("Connection", "close"))
        raw_headers = [(name.encode(), value.encode()) for name, value in headers]
        start = {"type": "http.response.start", "status": response.status, "headers": raw_headers}
        rest = [{"type": "http.response.body", "body": chunk, "more_body": True} for chunk in chunks]
        return [start, *rest, {"type": "http.response.body", "body": b""}]

    # Responses

    def respond(self, call: Call) -> Response:
        """Return the response to a request that is not rate limited."""
        try:
            return self.route(call)
        except Rejected as error:
            return self.error_response(error)

    def route(self, call: Call) -> Response:
        """Return the response of the path's operation."""
        if call.path == MODELS:
            return self.upsert(call) if call.method == "POST" else self.not_allowed("POST")
        name = call.path.removeprefix(MODELS).removesuffix("/")
        if not self.habits.reads or call.path != f"{MODELS}{name}/":
            raise Rejected(404, "nothing here")
        handler = {"GET": self.read, "DELETE": self.delete}.get(call.method)
        return handler(call, name) if handler else self.not_allowed("DELETE, GET")

    def not_allowed(self, allowed: str) -> Response:
        """Return the response to another method."""
        return Response(405, {"detail": "not allowed"}, [("allow", allowed)])

    def error_response(self, error: Rejected) -> Response:
        """Return an error response, in one of several shapes."""
        challenge = [("www-authenticate", self.random.choice(CHALLENGES))] if error.status == 401 else []
        by_field = not isinstance(error.reasons, str)
        detail = json.dumps(error.reasons) if by_field else error.reasons
        if self.sometimes(0.3):
            problem = {"title": "refused", "status": error.status, "detail": detail}
            return Response(error.status, problem, challenge, "application/problem+json")
        value = error.reasons if by_field and self.sometimes(0.7) else {"detail": detail}
        return Response(error.status, value, challenge)

    def upsert(self, call: Call) -> Response:
        """Create or update a model."""
        caller = self.caller(call)
        if self.habits.checks_permission_first:
            self.reject_read_only(caller)
        self.reject_media_type(call)
        fields = self.reader.fields(call.body)
        self.reject_read_only(caller)
        models = self.models[caller["organization"]]
        created = models.upsert(fields)
        response = self.model_response(models, fields["model_name"])
        response.status = 201 if created else 200
        response.headers += [("ETag", f'"{self.random.getrandbits(32):x}"')] if self.sometimes(0.3) else []
        return response

    def read(self, call: Call, name: str) -> Response:
        """Return a model."""
        return self.model_response(self.models[self.caller(call)["organization"]], name)

    def delete(self, call: Call, name: str) -> Response:
        """Delete a model."""
        caller = self.caller(call)
        self.reject_read_only(caller)
        self.models[caller["organization"]].delete(name)
        return Response(204)

    def model_response(self, models: Models, name: str) -> Response:
        """Return a model, with date-times in some spelling and with unknown fields."""
        fields = {
            field: self.speller.moment(value) if isinstance(value, datetime) else value
            for field, value in models.show(name).items()
        }
        more = {"labels": [], "uuid": f"{self.random.getrandbits(64):x}"}
        return Response(200, {**fields, **{field: value for field, value in more.items() if self.sometimes(0.3)}})

    # Refusals

    def caller(self, call: Call) -> dict[str, Any]:
        """Return the caller of a token."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        caller: dict[str, Any] | None = FIXTURES["keys"].get(token.strip(" "))
        if scheme.lower() != "bearer" or caller is None:
            raise Rejected(401, "who are you?")
        return caller

    def reject_read_only(self, caller: dict[str, Any]) -> None:
        """Reject writes with read-only keys."""
        if not caller["may_write"]:
            raise Rejected(403, "read-only")

    def reject_media_type(self, call: Call) -> None:
        """Reject what is not declared as JSON in UTF-8, with 415 or 400, and chunked bodies if this server does."""
        if "transfer-encoding" in call.headers and "chunked bodies" in self.habits.rejects:
            raise Rejected(411, "how long?")
        media_type = call.headers.get("content-type", "")
        if not re.fullmatch(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', media_type, re.IGNORECASE):
            raise Rejected(self.random.choice((400, 415)), "not JSON in UTF-8")
