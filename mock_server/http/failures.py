"""One JSON shape for every error, whether the mock, Connexion or Starlette raises it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import orjson
from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.auth import unauthorized
from mock_server.context import context_of
from mock_server.errors import RejectedError, Rejection, without_secrets
from mock_server.http.routing import nothing_at
from mock_server.redaction import Redaction

logger = logging.getLogger("mock_server")


class FailureMiddleware:
    """Responds to every error that is raised inside of it.

    `media_type_of` returns the media type of an error by operationId and status. Without it, the app has no operations
    of the contract, and applies no preferences.

    No response repeats the credentials of the request, from whatever part of it, or a key of the fixtures. Connexion's
    own middleware would look for a handler of each kind of error, and all kinds have the same one.
    """

    def __init__(
        self, app: ASGIApp, redaction: Redaction, media_type_of: Callable[[str, int], str] | None = None
    ) -> None:
        self.app = app
        self._redaction = redaction
        self._media_type_of = media_type_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises RuntimeError if an error comes after the start of the response."""
        started = False

        def sending(message: Message) -> Awaitable[None]:
            nonlocal started
            started = True
            return send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            if started:
                raise RuntimeError("the mock failed after the start of its response") from error
            await self._response(scope, error)(scope, receive, send)

    def _response(self, scope: Scope, error: Exception) -> Response:
        hide = self._redaction.of_request(scope["headers"]).hide
        rejection = without_secrets(to_rejection(error, scope), hide)
        context_of(scope).rejection = rejection
        routed = scope.get("extensions", {}).get(ROUTING_CONTEXT)
        headers, media_type = rejection.headers, "application/json"
        if routed and self._media_type_of:
            headers = {**headers, **_preference_headers(scope)}
            media_type = self._media_type_of(routed["operation_id"], rejection.status)
        return Response(orjson.dumps(rejection.body), rejection.status, headers, media_type)


def _preference_headers(scope: Scope) -> dict[str, str]:
    """Return the headers that every response of an operation has."""
    preferences = context_of(scope).preferences
    applied = {"Preference-Applied": preferences} if preferences else {}
    return {"Vary": "Prefer", **applied}


def to_rejection(error: Exception, scope: Scope) -> Rejection:
    """Return the rejection for an error that was raised by the request of `scope`."""
    match error:
        case RejectedError():
            return error.rejection
        case HTTPException(status_code=401):
            return unauthorized(
                "No security scheme of this operation accepts a token of this form.", "another form of token"
            ).rejection
        case HTTPException(status_code=404):
            return nothing_at(scope["path"], context_of(scope).path_hint).rejection
        case HTTPException():
            allow = {"Allow": "GET, HEAD"} if error.status_code == 405 else {}  # StaticFiles leaves it out
            return Rejection(error.status_code, error.detail, {**allow, **(error.headers or {})})
    logger.error("The mock failed at %s %s", scope["method"], scope["path"], exc_info=error)
    return Rejection(500, "The mock failed. This is a fault of the mock, not of the request.")
