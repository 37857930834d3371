"""Puts the mock together: a Connexion app over the contract, the fixtures and a store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from starlette.responses import RedirectResponse, Response

from contract import Contract
from mock_server.access_log import AccessLogMiddleware
from mock_server.access_log import logger as access_logger
from mock_server.cross_origin import cross_origin
from mock_server.delay import DelayMiddleware
from mock_server.endpoints import EndpointMiddleware
from mock_server.failures import handle_failures
from mock_server.fixtures import Fixtures
from mock_server.handlers import Models
from mock_server.journal.recording import Note, RecordingMiddleware
from mock_server.lingering import LingeringCloseMiddleware
from mock_server.pages import CONSOLE, DOCUMENT, Page, console_options, served_document
from mock_server.prefer import PreferMiddleware
from mock_server.routing import RoutingMiddleware
from mock_server.security import BearerHandler
from mock_server.stores import Store


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the API behaves beyond what the contract says."""

    origins: Sequence[str] = ("*",)
    """The web origins whose pages may call it, `*` for any."""
    delay: float = 0
    """What each answer takes at least, in seconds."""
    seed: str = ""
    """Decides what is made up for those who ask for it."""


def build_app(
    contract: Contract,
    fixtures: Fixtures,
    store: Store,
    *,
    behaviour: Behaviour = Behaviour(),
    note: Note | None = None,
) -> AsyncApp:
    """The API of the mock as an ASGI app; `note` is called with each exchange."""
    handlers = Models(contract.upsert, fixtures, store).handlers
    document = served_document(contract, handlers)
    app = AsyncApp(
        __name__,
        middlewares=[
            LingeringCloseMiddleware,
            *([partial(RecordingMiddleware, note=note)] if note else []),
            *([AccessLogMiddleware] if access_logger.isEnabledFor(logging.INFO) else []),
            cross_origin(contract, behaviour.origins),  # outside of the errors, or they could not be read by a page
            ExceptionMiddleware,
            RoutingMiddleware,
            *([partial(DelayMiddleware, seconds=behaviour.delay)] if behaviour.delay else []),
            partial(PreferMiddleware, contract=contract, seed=behaviour.seed),
            SecurityMiddleware,
            partial(EndpointMiddleware, contract=contract, anyone=fixtures.anyone),
            SwaggerUIMiddleware,
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
