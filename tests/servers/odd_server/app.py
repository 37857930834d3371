"""The odd server as an ASGI application: what it answers, and the whims with which it does."""

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

from tests.servers.odd_server.habits import drawn
from tests.servers.odd_server.models import FIXTURES, Models
from tests.servers.odd_server.reading import Reader, Refused
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
    """A request as far as this server looks at it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Answer:
    """What is sent back."""

    status: int
    value: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    media_type: str = ""


class OddServer:
    """The application; everything random about it comes from the seed."""

    def __init__(self, seed: str, *, reads: bool) -> None:
        self.random = Random(seed)
        self.habits = drawn(self.random, reads=reads)
        self.reader = Reader(self.habits)
        self.speller = Speller(self.random)
        self.models = {organization: Models(organization, self.habits) for organization in FIXTURES["providers"]}
        self.put_off: set[bytes] = set()

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
        await self.dawdle()
        answer = self.put_off_or(call) or self.answer(call)
        await self.dawdle()
        for event in self.events(call, answer):
            await send(event)

    # Whims

    def sometimes(self, probability: float) -> bool:
        """Whether to do it this time."""
        return self.random.random() < probability

    async def dawdle(self) -> None:
        """Take up to 50 ms now and then."""
        if self.sometimes(0.02):
            await asyncio.sleep(self.random.uniform(0, 0.05))

    def put_off_or(self, call: Call) -> Answer | None:
        """A 429 now and then, but never twice for one request."""
        digest = sha256(repr((call.method, call.path, call.headers.get("authorization"), call.body)).encode()).digest()
        if digest in self.put_off:
            self.put_off.remove(digest)
        elif self.sometimes(0.01):
            self.put_off.add(digest)
            return Answer(429, {"detail": "slow down"}, [("Retry-After", self.random.choice(("0", "0", "0", "1")))])
        return None

    def events(self, call: Call, answer: Answer) -> list[Message]:
        """The answer as ASGI events: whole or in chunks, plain or compressed, the connection kept or not."""
        headers = [*answer.headers, *(header for header in MORE_HEADERS if self.sometimes(0.2))]
        body = b""
        if answer.value is not None:
            body = self.speller.text(answer.value).encode()
            headers.append(("content-type", answer.media_type or self.random.choice(JSON_TYPES)))
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
        start = {"type": "http.response.start", "status": answer.status, "headers": raw_headers}
        rest = [{"type": "http.response.body", "body": chunk, "more_body": True} for chunk in chunks]
        return [start, *rest, {"type": "http.response.body", "body": b""}]

    # Answers

    def answer(self, call: Call) -> Answer:
        """The answer to a request that is not put off."""
        try:
            return self.routed(call)
        except Refused as refused:
            return self.refusal(refused)

    def routed(self, call: Call) -> Answer:
        """The answer of whatever is at the path."""
        if call.path == MODELS:
            return self.upsert(call) if call.method == "POST" else self.not_allowed("POST")
        name = call.path.removeprefix(MODELS).removesuffix("/")
        if not self.habits.reads or call.path != f"{MODELS}{name}/":
            raise Refused(404, "nothing here")
        handler = {"GET": self.read, "DELETE": self.delete}.get(call.method)
        return handler(call, name) if handler else self.not_allowed("DELETE, GET")

    def not_allowed(self, allowed: str) -> Answer:
        """The answer to another method."""
        return Answer(405, {"detail": "not allowed"}, [("allow", allowed)])

    def refusal(self, refused: Refused) -> Answer:
        """A refusal, in one of several shapes."""
        challenge = [("www-authenticate", self.random.choice(CHALLENGES))] if refused.status == 401 else []
        by_field = not isinstance(refused.reasons, str)
        detail = json.dumps(refused.reasons) if by_field else refused.reasons
        if self.sometimes(0.3):
            problem = {"title": "refused", "status": refused.status, "detail": detail}
            return Answer(refused.status, problem, challenge, "application/problem+json")
        value = refused.reasons if by_field and self.sometimes(0.7) else {"detail": detail}
        return Answer(refused.status, value, challenge)

    def upsert(self, call: Call) -> Answer:
        """Create or update a model."""
        caller = self.caller(call)
        if self.habits.judges_rights_first:
            self.refuse_read_only(caller)
        self.refuse_media_type(call)
        fields = self.reader.fields(call.body)
        self.refuse_read_only(caller)
        models = self.models[caller["organization"]]
        created = models.upsert(fields)
        answer = self.shown(models, fields["model_name"])
        answer.status = 201 if created else 200
        answer.headers += [("ETag", f'"{self.random.getrandbits(32):x}"')] if self.sometimes(0.3) else []
        return answer

    def read(self, call: Call, name: str) -> Answer:
        """Show a model."""
        return self.shown(self.models[self.caller(call)["organization"]], name)

    def delete(self, call: Call, name: str) -> Answer:
        """Remove a model."""
        caller = self.caller(call)
        self.refuse_read_only(caller)
        self.models[caller["organization"]].delete(name)
        return Answer(204)

    def shown(self, models: Models, name: str) -> Answer:
        """A model, with date-times spelled and with more fields than anybody knows."""
        fields = {
            field: self.speller.moment(value) if isinstance(value, datetime) else value
            for field, value in models.show(name).items()
        }
        more = {"labels": [], "uuid": f"{self.random.getrandbits(64):x}"}
        return Answer(200, {**fields, **{field: value for field, value in more.items() if self.sometimes(0.3)}})

    # Refusals

    def caller(self, call: Call) -> dict[str, Any]:
        """Whose token it is."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        caller: dict[str, Any] | None = FIXTURES["keys"].get(token.strip(" "))
        if scheme.lower() != "bearer" or caller is None:
            raise Refused(401, "who are you?")
        return caller

    def refuse_read_only(self, caller: dict[str, Any]) -> None:
        """Refuse writes of those who may only read."""
        if not caller["may_write"]:
            raise Refused(403, "read-only")

    def refuse_media_type(self, call: Call) -> None:
        """Refuse what is not said to be JSON in UTF-8, with 415 or 400, and perhaps chunked bodies."""
        if "transfer-encoding" in call.headers and "chunked bodies" in self.habits.refuses:
            raise Refused(411, "how long?")
        media_type = call.headers.get("content-type", "")
        if not re.fullmatch(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', media_type, re.IGNORECASE):
            raise Refused(self.random.choice((400, 415)), "not JSON in UTF-8")
