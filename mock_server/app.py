"""Puts the mock together: a Connexion app over the contract, the fixtures and a store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse, Response

from contract import Contract
from mock_server.access_log import AccessLogMiddleware
from mock_server.access_log import logger as access_logger
from mock_server.callers import Caller
from mock_server.delay import DelayMiddleware
from mock_server.endpoints import EndpointMiddleware
from mock_server.failures import handle_failures
from mock_server.fixtures import Fixtures
from mock_server.handlers import Models
from mock_server.journal.recording import Note, RecordingMiddleware
from mock_server.lingering import LingeringCloseMiddleware
from mock_server.pages import CONSOLE, DOCUMENT, Page, console_options, served_document
from mock_server.routing import RoutingMiddleware
from mock_server.security import BearerHandler
from mock_server.stores import Store


def build_app(
    contract: Contract,
    fixtures: Fixtures,
    store: Store,
    *,
    origins: Sequence[str] = ("*",),
    delay: float = 0,
    note: Note | None = None,
) -> AsyncApp:
    """The API of the mock as an ASGI app.

    `origins` are the web origins whose pages may call it, `*` for any; `delay` is what each answer takes, in seconds;
    `note` is called with each exchange.
    """
    handlers = Models(contract.upsert, fixtures, store).handlers
    document = served_document(contract, handlers)
    app = AsyncApp(
        __name__,
        middlewares=[
            LingeringCloseMiddleware,
            *([partial(RecordingMiddleware, note=note)] if note else []),
            *_middlewares(contract, fixtures.anyone, origins, delay),
        ],
        resolver=handlers.__getitem__,
        security_map={"bearer": partial(BearerHandler, fixtures)},
        swagger_ui_options=console_options(),
    )
    app.add_url_rule("/", "root", Page(RedirectResponse(CONSOLE)))
    app.add_url_rule(DOCUMENT, "document", Page(Response(orjson.dumps(document), media_type="application/json")))
    app.add_api(document)
    handle_failures(app)
    return app


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
        *([AccessLogMiddleware] if access_logger.isEnabledFor(logging.INFO) else []),
        cors,  # outside of the errors, or they could not be read by a page
        ExceptionMiddleware,
        RoutingMiddleware,
        *([partial(DelayMiddleware, seconds=delay)] if delay else []),
        SecurityMiddleware,
        partial(EndpointMiddleware, contract=contract, anyone=anyone),
        SwaggerUIMiddleware,
    ]
