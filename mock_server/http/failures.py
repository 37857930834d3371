"""One JSON shape for every error, whether the mock, Connexion or Starlette raises it."""

from __future__ import annotations

import logging

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.exceptions import HTTPException
from starlette.types import Scope

from mock_server.auth import unauthorized
from mock_server.context import context_of
from mock_server.errors import RejectedError, Rejection, without_secrets
from mock_server.http.routing import nothing_at
from mock_server.redaction import Redaction

logger = logging.getLogger("mock_server")


def handle_failures(app: AsyncApp, redaction: Redaction, *, by_preference: bool) -> None:
    """Let `app` respond to every error that is raised in it. `by_preference` says whether it applies preferences.

    No response repeats the credentials of the request, from whatever part of it, or a key of the fixtures.
    """

    async def respond(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        headers = _preference_headers(request.scope) if by_preference else {}
        return await _respond(request, error, redaction, **headers)

    for kind in (RejectedError, HTTPException, ProblemException, Exception):
        app.add_error_handler(kind, respond)


async def _respond(
    request: ConnexionRequest, error: Exception, redaction: Redaction, **headers: str
) -> ConnexionResponse:
    hide = redaction.of_request(request.scope["headers"]).hide
    rejection = without_secrets(to_rejection(error, request.scope), hide)
    context_of(request.scope).rejection = rejection
    return ConnexionResponse(  # type: ignore[no-untyped-call]
        rejection.status,
        mimetype="application/json",
        headers={**rejection.headers, **headers},
        body=orjson.dumps(rejection.body),
    )


def _preference_headers(scope: Scope) -> dict[str, str]:
    """Return the headers that every response of an operation has."""
    preferences = context_of(scope).preferences
    applied = {"Preference-Applied": preferences} if preferences else {}
    return {"Vary": "Prefer", **applied} if scope.get("extensions", {}).get(ROUTING_CONTEXT) else {}


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
