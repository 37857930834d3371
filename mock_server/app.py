"""Puts the mock together: a Connexion app over the contract, the fixtures and a store."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Container, Sequence
from functools import partial
from typing import Any

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.http_facts import METHODS
from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from contract import Contract
from mock_server.access_log import AccessLogMiddleware
from mock_server.access_log import logger as access_logger
from mock_server.callers import Caller
from mock_server.endpoints import EndpointMiddleware
from mock_server.failures import handle_failures
from mock_server.fixtures import Fixtures
from mock_server.handlers import Models
from mock_server.lingering import LingeringCloseMiddleware
from mock_server.refusals import refused
from mock_server.routing import RoutingMiddleware
from mock_server.security import BearerHandler
from mock_server.stores import Store

CONSOLE = "/ui/"
"""The path of Swagger UI."""
DOCUMENT = "/openapi.json"
"""The path of the contract."""


class DelayMiddleware:
    """Makes whoever asks for an operation wait."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait where there is an operation, and pass the request on."""
        if scope["type"] == "http" and scope["extensions"][ROUTING_CONTEXT]:
            await asyncio.sleep(self._seconds)
        await self.app(scope, receive, send)


class Page:
    """Something to look at that never changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show it."""
        if scope["method"] not in ("GET", "HEAD"):
            raise refused(405, f"{scope['path']} has no {scope['method']}, only GET or HEAD.", Allow="GET, HEAD")
        await self._response(scope, receive, send)


def build_app(
    contract: Contract, fixtures: Fixtures, store: Store, *, origins: Sequence[str] = ("*",), delay: float = 0
) -> AsyncApp:
    """The mock as an ASGI app.

    `origins` are the web origins whose pages may call it, `*` for any; `delay` is what each answer takes, in seconds.
    """
    handlers = Models(contract.upsert, fixtures, store).handlers
    document = served_document(contract, handlers)
    app = AsyncApp(
        __name__,
        middlewares=_middlewares(contract, fixtures.anyone, origins, delay),
        resolver=handlers.__getitem__,
        security_map={"bearer": partial(BearerHandler, fixtures)},
        swagger_ui_options=_console(),
    )
    app.add_url_rule("/", "root", Page(RedirectResponse(CONSOLE)))
    app.add_url_rule(DOCUMENT, "document", Page(Response(orjson.dumps(document), media_type="application/json")))
    app.add_api(document)
    handle_failures(app)
    return app


def served_document(contract: Contract, operations: Container[str]) -> dict[str, Any]:
    """The contract as the mock serves it: at its own address, and with the `operations` that it has."""
    document: dict[str, Any] = copy.deepcopy(dict(contract.document))
    document["servers"] = [{"url": "/", "description": "This mock"}]
    for path, item in list(document["paths"].items()):
        present = METHODS & item.keys()
        absent = {method for method in present if item[method].get("operationId") not in operations}
        for method in absent:
            del item[method]
        if absent == present:
            del document["paths"][path]
    return document


def _middlewares(contract: Contract, anyone: Caller, origins: Sequence[str], delay: float) -> list[Any]:
    """What a request passes, from the outside in. One without an operation goes on to Swagger UI and the pages."""
    cors = partial(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],  # whatever a client library adds to Authorization and Content-Type
        allow_private_network=True,
        expose_headers=["Allow", "WWW-Authenticate"],
    )
    return [
        LingeringCloseMiddleware,
        *([AccessLogMiddleware] if access_logger.isEnabledFor(logging.INFO) else []),
        cors,  # outside of the errors, or they could not be read by a page
        ExceptionMiddleware,
        RoutingMiddleware,
        *([partial(DelayMiddleware, seconds=delay)] if delay else []),
        SecurityMiddleware,
        partial(EndpointMiddleware, rules=contract.upsert, anyone=anyone),
        SwaggerUIMiddleware,
    ]


def _console() -> SwaggerUIOptions:
    return SwaggerUIOptions(
        serve_spec=False,  # Connexion would copy and validate the whole document with each request for it
        spec_path=DOCUMENT,
        swagger_ui_path=CONSOLE.rstrip("/"),
    )
