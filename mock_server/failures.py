"""Gives every error the one JSON shape, whoever raised it: the mock, Connexion or Starlette."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import orjson
from connexion import AsyncApp
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from starlette.exceptions import HTTPException

from mock_server.refusals import Refusal, RefusedError
from mock_server.security import unauthorized
from mock_server.wording import quoted

if TYPE_CHECKING:
    from starlette.types import Scope

REFUSAL = "mock_server.refusal"
"""Where the scope of a request keeps the refusal that answers it, for the access log."""

logger = logging.getLogger("mock_server")


def handle_failures(app: AsyncApp) -> None:
    """Register the handlers with `app`."""
    app.add_error_handler(RefusedError, _refused)
    app.add_error_handler(HTTPException, _starlette)
    app.add_error_handler(ProblemException, _connexion)
    app.add_error_handler(Exception, _failed)


async def _refused(request: ConnexionRequest, error: RefusedError) -> ConnexionResponse:
    return _response(request.scope, error.refusal)


async def _starlette(request: ConnexionRequest, error: HTTPException) -> ConnexionResponse:
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return _response(request.scope, Refusal(404, f"There is nothing at {quoted(request.scope['path'])}."))
    if error.status_code == 405:
        headers.setdefault("Allow", "GET, HEAD")  # StaticFiles leaves it out
    return _response(request.scope, Refusal(error.status_code, error.detail, headers))


async def _connexion(request: ConnexionRequest, error: ProblemException) -> ConnexionResponse:
    if error.status == 401:
        return _response(request.scope, unauthorized("This token is not of a form that is taken here.").refusal)
    return _response(request.scope, Refusal(error.status, str(error.detail)))


async def _failed(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    logger.error("The mock failed at %s %s", request.scope["method"], request.scope["path"], exc_info=error)
    return _response(request.scope, Refusal(500, "The mock failed. This is a fault of the mock, not of the request."))


def _response(scope: Scope, refusal: Refusal) -> ConnexionResponse:
    scope[REFUSAL] = refusal
    return ConnexionResponse(
        refusal.status, mimetype="application/json", headers=dict(refusal.headers), body=orjson.dumps(refusal.body)
    )
