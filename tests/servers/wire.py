"""Requests and responses of the plain server, between WSGI and its methods."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

INT64 = range(-(1 << 63), 1 << 63)

Json: TypeAlias = Any
"""A value as JSON has them: None, bool, int, float, str, list or dict."""


class Request:
    """A request as the server's methods see it."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path = _decoded(environ["PATH_INFO"])
        self.errors: TextIO = environ["wsgi.errors"]

    def header(self, name: str) -> str:
        """Return the value of a header, "" if it is absent."""
        variable = name.upper().replace("-", "_")
        standing_alone = variable in {"CONTENT_TYPE", "CONTENT_LENGTH"}
        value: str = self.environ.get(variable if standing_alone else f"HTTP_{variable}", "")
        return value

    def read(self, limit: int) -> bytes:
        """Return at most `limit` bytes of the body."""
        length = self.header("Content-Length")
        has_body = bool(length or self.header("Transfer-Encoding"))
        data: bytes = self.environ["wsgi.input"].read(min(int(length or limit), limit)) if has_body else b""
        return data


@dataclass(frozen=True, slots=True)
class Response:
    """A response before it is written; `body` is None if it has none."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpError(Exception):
    """The request is rejected: `problem` is a reason, or a map from each field to its messages."""

    def __init__(self, status: int, problem: str | Mapping[str, list[str]], headers: Mapping[str, str] | None = None):
        super().__init__(status, problem)
        self.status = status
        self.problem = problem
        self.headers = headers or {}


class FieldError(Exception):
    """The value of one field is invalid; the message says what is expected."""


def send(response: Response, body: bytes, headers: Mapping[str, str], start_response: StartResponse) -> Iterable[bytes]:
    """Pass a response to the WSGI server."""
    start_response(f"{response.status} {_phrase(response.status)}", list(headers.items()))
    return [body]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unnamed"


def _decoded(path: str) -> str:
    """Return PATH_INFO as text. WSGI servers pass its bytes as Latin-1; some in-process clients pass text."""
    try:
        return path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return path
