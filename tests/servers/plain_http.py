"""The plain server's side of HTTP: from a WSGI request to the JSON value in its body, and from an answer to bytes."""

from __future__ import annotations

import json
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

from tests.servers.fixtures import Caller, Fixtures, default_fixtures
from tests.servers.wire import INT64, Answer, Json, RefusedError, Request, respond

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 1 << 20
MAX_NESTING = 64

Handler: TypeAlias = Callable[[Request], Answer]


class HttpFront(ABC):
    """HTTP, credentials and JSON: nothing here knows what a model is."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        self.fixtures = fixtures or default_fixtures()

    # HTTP

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        answer = self.answer(request)
        body = self.body_bytes(request, answer)
        return respond(answer, body, self.headers(request, answer, body), start_response)

    def answer(self, request: Request) -> Answer:
        """The answer to any request."""
        try:
            return self.handler(request)(request)
        except RefusedError as refusal:
            return self.refused(refusal)
        except Exception:  # noqa: BLE001  a server answers whatever happens inside it
            traceback.print_exc(file=request.errors)
            return Answer(500, {"detail": "Internal server error."})

    def handler(self, request: Request) -> Handler:
        """What answers this path and method."""
        handlers = self.handlers(request.path)
        if not handlers:
            raise RefusedError(404, "Not found.")
        if request.method not in handlers:
            raise RefusedError(405, f'Method "{request.method}" not allowed.', {"Allow": ", ".join(handlers)})
        return handlers[request.method]

    @abstractmethod
    def handlers(self, path: str) -> Mapping[str, Handler]:
        """What answers a path, by method."""

    def body_bytes(self, request: Request, answer: Answer) -> bytes:
        """The body of the answer as it is sent."""
        return b"" if answer.body is None else self.written(answer.body)

    def written(self, value: Json) -> bytes:
        """A JSON text."""
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()

    def headers(self, request: Request, answer: Answer, body: bytes) -> dict[str, str]:
        """All headers of the answer."""
        about_body = {"Content-Type": self.content_type(answer), "Content-Length": str(len(body))} if body else {}
        return {**about_body, **answer.headers}

    def content_type(self, answer: Answer) -> str:
        """The media type of the answer's body."""
        return "application/json"

    def refused(self, refusal: RefusedError) -> Answer:
        """The answer to a refused request."""
        return Answer(refusal.status, self.error_body(refusal), refusal.headers)

    def error_body(self, refusal: RefusedError) -> Json:
        """What a refusal says: a reason, or messages by field."""
        return {"detail": refusal.problem} if isinstance(refusal.problem, str) else dict(refusal.problem)

    # Credentials

    def authenticated(self, request: Request) -> Caller:
        """Who sends the request."""
        token = self.token(request)
        if token is None:
            raise self.unauthorized("Authentication credentials were not provided.")
        caller = self.caller(token)
        if caller is None:
            raise self.unauthorized("This API key or token is not known.")
        return caller

    def token(self, request: Request) -> str | None:
        """The bearer token of the request, None where there is none."""
        scheme, _, token = request.header("Authorization").partition(" ")
        return token.strip(" ") or None if self.is_bearer(scheme) else None

    def is_bearer(self, scheme: str) -> bool:
        """Whether an authentication scheme is ours."""
        return scheme.lower() == "bearer"

    def caller(self, token: str) -> Caller | None:
        """Whom a token stands for."""
        return self.fixtures.keys.get(token)

    def unauthorized(self, reason: str) -> RefusedError:
        """The refusal of missing or unknown credentials."""
        return RefusedError(401, reason, self.challenge())

    def challenge(self) -> Mapping[str, str]:
        """The headers that say how to authenticate."""
        return {"WWW-Authenticate": 'Bearer realm="respan"'}

    def refuse_read_only(self, caller: Caller) -> None:
        """Refuse writes of callers who may only read."""
        if not caller.may_write:
            raise RefusedError(403, "This API key may read models but not write them.")

    # The body

    def body(self, request: Request) -> Json:
        """The JSON value in the body."""
        data = self.body_data(request)
        self.refuse_media_type(request.header("Content-Type"))
        try:
            value = self.parsed(data)
            self.refuse_unusual(value)
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, f"The body is not valid JSON: {error}") from error
        return value

    def body_data(self, request: Request) -> bytes:
        """The bytes of the body."""
        data = request.read(MAX_BODY_BYTES + 1)
        if len(data) > MAX_BODY_BYTES:
            raise RefusedError(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        return data

    def refuse_media_type(self, content_type: str) -> None:
        """Refuse what is not declared as JSON in UTF-8."""
        media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
        charsets = [value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"]
        if media_type != "application/json" or any(charset not in {"utf-8", "utf8"} for charset in charsets):
            raise RefusedError(415, f'Unsupported media type "{content_type}" in request.')

    def parsed(self, data: bytes) -> Json:
        """The value that a JSON text stands for. Raises ValueError."""
        return json.loads(data.decode("utf-8"), object_pairs_hook=self.object_of, parse_constant=self.constant)

    def object_of(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        """The object of some names and values. Raises ValueError."""
        members = dict(pairs)
        if len(members) < len(pairs):
            raise ValueError("a name stands twice in one object")
        return members

    def constant(self, word: str) -> float:
        """The number that NaN, Infinity or -Infinity stands for. Raises ValueError."""
        raise ValueError(f"{word} is no JSON")

    def refuse_unusual(self, value: Json, depth: int = 1) -> None:
        """Refuse what cannot be stored and shown exactly. Raises ValueError."""
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, float) and not isfinite(value):
            raise ValueError("a number is beyond the range of doubles")
        elif isinstance(value, int) and value not in INT64:
            raise ValueError("an integer does not fit in 64 bits")
        elif isinstance(value, dict | list):
            if depth > MAX_NESTING:
                raise ValueError(f"nested more than {MAX_NESTING} levels deep")
            for part in value if isinstance(value, list) else (*value.keys(), *value.values()):
                self.refuse_unusual(part, depth + 1)
