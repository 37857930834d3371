"""The plain server's HTTP: from a WSGI request to the JSON value in its body, and from a response to bytes."""

from __future__ import annotations

import json
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

from tests.servers.fixtures import Caller, Fixtures, default_fixtures
from tests.servers.wire import INT64, HttpError, Json, Request, Response, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 1 << 20
MAX_NESTING = 64

Handler: TypeAlias = Callable[[Request], Response]


class HttpFront(ABC):
    """HTTP, credentials and JSON: nothing here knows what a model is."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        self.fixtures = fixtures or default_fixtures()

    # HTTP

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        response = self.respond(request)
        body = self.body_bytes(request, response)
        return send(response, body, self.headers(request, response, body), start_response)

    def respond(self, request: Request) -> Response:
        """Return the response to any request."""
        try:
            return self.handler(request)(request)
        except HttpError as error:
            return self.error_response(error)
        except Exception:  # noqa: BLE001  a server responds whatever happens inside it
            traceback.print_exc(file=request.errors)
            return Response(500, {"detail": "Internal server error."})

    def handler(self, request: Request) -> Handler:
        """Return the handler of this path and method."""
        handlers = self.handlers(request.path)
        if not handlers:
            raise HttpError(404, "Not found.")
        if request.method not in handlers:
            raise HttpError(405, f'Method "{request.method}" not allowed.', {"Allow": ", ".join(handlers)})
        return handlers[request.method]

    @abstractmethod
    def handlers(self, path: str) -> Mapping[str, Handler]:
        """Return the handlers of a path, by method."""

    def body_bytes(self, request: Request, response: Response) -> bytes:
        """Return the body of the response as it is sent."""
        return b"" if response.body is None else self.encode(response.body)

    def encode(self, value: Json) -> bytes:
        """Return a JSON text."""
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        """Return all headers of the response."""
        about_body = {"Content-Type": self.content_type(response), "Content-Length": str(len(body))} if body else {}
        return {**about_body, **response.headers}

    def content_type(self, response: Response) -> str:
        """Return the media type of the response's body."""
        return "application/json"

    def error_response(self, error: HttpError) -> Response:
        """Return the response to a rejected request."""
        return Response(error.status, self.error_body(error), error.headers)

    def error_body(self, error: HttpError) -> Json:
        """Return the body of an error response: a reason, or messages by field."""
        return {"detail": error.problem} if isinstance(error.problem, str) else dict(error.problem)

    # Credentials

    def authenticate(self, request: Request) -> Caller:
        """Return who sends the request."""
        token = self.token(request)
        if token is None:
            raise self.unauthorized("Authentication credentials were not provided.")
        caller = self.caller(token)
        if caller is None:
            raise self.unauthorized("This API key or token is not known.")
        return caller

    def token(self, request: Request) -> str | None:
        """Return the bearer token of the request, or None."""
        scheme, _, token = request.header("Authorization").partition(" ")
        return token.strip(" ") or None if self.is_bearer(scheme) else None

    def is_bearer(self, scheme: str) -> bool:
        """Return whether an authentication scheme is Bearer."""
        return scheme.lower() == "bearer"

    def caller(self, token: str) -> Caller | None:
        """Return the caller of a token, or None."""
        return self.fixtures.keys.get(token)

    def unauthorized(self, reason: str) -> HttpError:
        """Return the error for missing or unknown credentials."""
        return HttpError(401, reason, self.challenge())

    def challenge(self) -> Mapping[str, str]:
        """Return the headers that say how to authenticate."""
        return {"WWW-Authenticate": 'Bearer realm="respan"'}

    def reject_read_only(self, caller: Caller) -> None:
        """Reject writes with read-only keys."""
        if not caller.may_write:
            raise HttpError(403, "This API key may read models but not write them.")

    # The body

    def json_body(self, request: Request) -> Json:
        """Return the JSON value in the body."""
        data = self.read_body(request)
        self.reject_media_type(request.header("Content-Type"))
        try:
            value = self.parse(data)
            self.reject_unstorable(value)
        except (ValueError, RecursionError) as error:
            raise HttpError(400, f"The body is not valid JSON: {error}") from error
        return value

    def read_body(self, request: Request) -> bytes:
        """Return the bytes of the body."""
        data = request.read(MAX_BODY_BYTES + 1)
        if len(data) > MAX_BODY_BYTES:
            raise HttpError(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        return data

    def reject_media_type(self, content_type: str) -> None:
        """Reject a body that is not declared as JSON in UTF-8."""
        media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
        charsets = [value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"]
        if media_type != "application/json" or any(charset not in {"utf-8", "utf8"} for charset in charsets):
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')

    def parse(self, data: bytes) -> Json:
        """Return the value of a JSON text. Raises ValueError."""
        return json.loads(data.decode("utf-8"), object_pairs_hook=self.build_object, parse_constant=self.parse_constant)

    def build_object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        """Return the object of some members. Raises ValueError."""
        members = dict(pairs)
        if len(members) < len(pairs):
            raise ValueError("a name stands twice in one object")
        return members

    def parse_constant(self, word: str) -> float:
        """Return the number for NaN, Infinity or -Infinity. Raises ValueError."""
        raise ValueError(f"{word} is no JSON")

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        """Reject values that cannot be stored and returned exactly. Raises ValueError."""
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
                self.reject_unstorable(part, depth + 1)
