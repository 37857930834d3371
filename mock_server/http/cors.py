"""CORS (Fetch standard): pages of other origins may call the mock, and read the whole response."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract import Contract
from mock_server.context import context_of
from mock_server.errors import Rejection, RequestPart, ValidationError, alternatives, quoted
from mock_server.http.origin import admin_origin, cors_origin

CORS_OPTION, ADMIN_OPTION = "--cors-origin", "--admin-origin"
_EXPOSED = ("Allow", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate")
"""Headers that pages may read, although the Fetch standard hides them. Those that the contract declares are added."""
_VARIES = (b"vary", b"Origin")


class CrossOriginMiddleware(CORSMiddleware):
    """Starlette's middleware, called only for requests with an origin. For others it would do nothing but add `Vary`.

    A preflight that is rejected gets an error response like others. It says why, and which `option` to change.
    """

    def __init__(self, app: ASGIApp, *, option: str = CORS_OPTION, **options: Any) -> None:
        super().__init__(app, **options)
        self._option = option

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]
        """Respond to a preflight, or pass the request on."""
        if scope["type"] != "http" or b"origin" in context_of(scope).fields:
            return (self._reject_preflight(scope) or super().__call__)(scope, receive, send)

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _VARIES]
            return send(message)

        return self.app(scope, receive, sending)

    def _reject_preflight(self, scope: Scope) -> Response | None:
        """Return the error response to a preflight, or None if it is allowed."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            return None
        headers = Headers(scope=scope)
        if "access-control-request-method" not in headers:
            return None
        response = self.preflight_response(headers)
        if response.status_code < 400:
            return None
        context_of(scope).rejection = rejection = self._rejection(headers)
        others = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return Response(
            orjson.dumps(rejection.body), response.status_code, headers=others, media_type="application/json"
        )

    def _rejection(self, headers: Headers) -> Rejection:
        origin = headers["origin"]
        if self.is_allowed_origin(origin):
            method, allowed = quoted(headers["access-control-request-method"]), alternatives(self.allow_methods)
            message = f"The preflight asks for the method {method}; pages may send {allowed}."
            return _header_rejection("Access-Control-Request-Method", allowed, method, message)
        message = (
            f"The preflight comes from a page of the origin {quoted(origin)}. {allowed_origins(self.allow_origins)} "
            f"Start the mock with {option_for(origin, self._option)} to allow it."
        )
        return _header_rejection("Origin", alternatives(self.allow_origins), quoted(origin), message)


def _header_rejection(header: str, expected: str, got: str, message: str) -> Rejection:
    return Rejection(400, (ValidationError(RequestPart.HEADER, header, "cors", expected, got, message),))


def allowed_origins(origins: Collection[str]) -> str:
    """Return a sentence that says which origins are allowed.

    >>> allowed_origins(["http://localhost:5173"])
    'Only http://localhost:5173 is allowed.'
    """
    if not origins:
        return "No other origin is allowed."
    return f"Only {alternatives(origins, 'and')} {'is' if len(origins) == 1 else 'are'} allowed."


def option_for(origin: str, option: str) -> str:
    """Return the option that allows the origin, or its form if the origin cannot be named.

    >>> option_for("http://localhost:5173", "--cors-origin"), option_for("null", "--admin-origin")
    ('--cors-origin http://localhost:5173', '--admin-origin ORIGIN')
    """
    read = admin_origin if option == ADMIN_OPTION else cors_origin
    try:
        return f"{option} {read(origin)}"
    except ValueError:
        return f"{option} ORIGIN"


def cross_origin(contract: Contract, origins: Sequence[str]) -> partial[CrossOriginMiddleware]:
    """Return the middleware for the pages of `origins`; `*` is any.

    Pages of named origins may send cookies and other credentials. With `*`, the standard does not allow that.
    """
    return partial(
        CrossOriginMiddleware,
        allow_origins=origins,
        allow_credentials="*" not in origins,
        allow_methods=["*"],
        allow_headers=["*"],  # client libraries add others to Authorization, Content-Type and Prefer
        allow_private_network=True,
        expose_headers=sorted({*_EXPOSED, *_declared(contract.document["paths"])}),
    )


def admin_cross_origin(origins: Sequence[str]) -> partial[CrossOriginMiddleware]:
    """Return the middleware for the pages of `origins` that use the admin API."""
    return partial(
        CrossOriginMiddleware,
        option=ADMIN_OPTION,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        allow_private_network=True,
    )


def _declared(paths: Mapping[str, Any]) -> set[str]:
    """Return the names of all response headers that the contract declares."""
    operations = (node for item in paths.values() for node in item.values() if isinstance(node, dict))
    responses = (response for operation in operations for response in operation.get("responses", {}).values())
    return {name for response in responses for name in response.get("headers", {})}
