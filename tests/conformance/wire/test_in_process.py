"""Applications in this process as targets: WSGI and ASGI, functions and objects, those that fail included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import h11
import httpcore2
import pytest

from conformance.wire.exchange import Credential, Request, Response
from conformance.wire.in_process import InProcess

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
REQUEST = Request("POST", "/a%20b/?c=d", (("X-Name", "value"),), b"body", Credential("Bearer k", "-"))
EXPECTED = b"POST /a b/ c=d value Bearer k body"


def wsgi(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("207 -", [("X-Seen", "yes")])
    words = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_NAME", "HTTP_AUTHORIZATION")
    return [" ".join(environ[word] for word in words).encode() + b" " + environ["wsgi.input"].read()]


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name: value.decode() for name, value in scope["headers"]}
    words = (scope["method"], scope["path"], scope["query_string"].decode(), headers[b"x-name"])
    await send({"type": "http.response.start", "status": 207, "headers": [(b"x-seen", b"yes")]})
    text = f"{' '.join(words)} {headers[b'authorization']} "
    await send({"type": "http.response.body", "body": text.encode() + body})


class Wsgi:
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        return wsgi(environ, start_response)


class Asgi:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi(scope, receive, send)


def _send(app: Any, request: Request = REQUEST) -> Response:
    transport = InProcess(app)
    try:
        return transport.send(request)
    finally:
        transport.close()


@pytest.mark.parametrize("app", [wsgi, asgi, Wsgi(), Asgi()], ids=["wsgi", "asgi", "a WSGI object", "an ASGI object"])
def test_an_application_gets_the_request_and_its_response_comes_back(app: Any) -> None:
    response = _send(app)
    assert (response.status, response.body) == (207, EXPECTED)
    assert response.header("x-seen") == "yes"


def test_a_chunked_body_arrives() -> None:
    response = _send(wsgi, replace(REQUEST, chunked=True))
    assert response.body == EXPECTED


def fails_at_once(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    raise LookupError("no such thing")


def _nothing() -> Iterator[bytes]:
    raise LookupError("no such thing")


def fails_before_the_body(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield from _nothing()


def fails_in_the_body(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"{"
    raise LookupError("no such thing")


async def fails_asynchronously(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    raise LookupError("no such thing")


async def waits_in_vain(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.wait_for(asyncio.Event().wait(), 0)


FAILING = [fails_at_once, fails_before_the_body, fails_in_the_body, fails_asynchronously, waits_in_vain]


@pytest.mark.parametrize("app", FAILING)
def test_an_exception_is_a_500(app: Any) -> None:
    assert _send(app).status == 500


def test_the_reason_of_a_500_is_logged() -> None:
    assert _send(fails_at_once).body == b"LookupError: no such thing"


@pytest.mark.parametrize("kind", [httpcore2.ConnectError, httpcore2.ReadTimeout, h11.RemoteProtocolError, TimeoutError])
def test_an_error_of_a_client_in_the_application_is_a_500(kind: type[Exception]) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise kind("upstream")

    assert InProcess(app).send(Request("GET", "/")).status == 500
