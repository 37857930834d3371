"""Puts the mock together: a Connexion app over the contract, the fixtures and a store."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from starlette.responses import RedirectResponse, Response

from contract import Contract
from mock_server.access_log import AccessLogMiddleware
from mock_server.access_log import logger as access_logger
from mock_server.behaviour import Behaviour
from mock_server.callers.fixtures import Fixtures
from mock_server.callers.security import BearerHandler, BearerMiddleware, organization_of
from mock_server.core.stores import Store
from mock_server.endpoints import EndpointMiddleware
from mock_server.faults.middleware import FaultsMiddleware
from mock_server.handlers import Models
from mock_server.http.cross_origin import cross_origin
from mock_server.http.failures import handle_failures
from mock_server.http.lingering import LingeringCloseMiddleware
from mock_server.http.routing import RoutingMiddleware
from mock_server.journal.recording import RecordingMiddleware
from mock_server.pages import DOCUMENT, SWAGGER_UI, Page, served_document, shown_document, swagger_ui_options
from mock_server.preferring.middleware import PreferMiddleware
from mock_server.response_check import ResponseCheckMiddleware


def build_app(
    contract: Contract,
    fixtures: Fixtures,
    store: Store,
    behaviour: Behaviour,
) -> AsyncApp:
    """The API of the mock as an ASGI app."""
    models = Models(
        contract.upsert, fixtures, store, behaviour.clock, behaviour.changed, largest=behaviour.largest_model
    )
    handlers = models.handlers
    document = served_document(contract, handlers)
    app = AsyncApp(
        __name__,
        middlewares=[
            LingeringCloseMiddleware,
            *([partial(RecordingMiddleware, note=behaviour.note)] if behaviour.note else []),
            *([AccessLogMiddleware] if access_logger.isEnabledFor(logging.INFO) else []),
            cross_origin(contract, behaviour.origins),  # outside of the errors, or they could not be read by a page
            *_faults(contract, fixtures, behaviour),
            *([partial(ResponseCheckMiddleware, document=document)] if behaviour.check_responses else []),
            ExceptionMiddleware,
            RoutingMiddleware,
            partial(PreferMiddleware, rules=contract.upsert, document=document, seed=behaviour.seed),
            BearerMiddleware,
            partial(EndpointMiddleware, contract=contract, anyone=fixtures.anyone),
            SwaggerUIMiddleware,
        ],
        resolver=handlers.__getitem__,
        security_map={"bearer": partial(BearerHandler, fixtures)},
        swagger_ui_options=swagger_ui_options(),
    )
    app.add_url_rule("/", "root", Page(RedirectResponse(SWAGGER_UI)))
    shown = orjson.dumps(shown_document(contract, document))
    app.add_url_rule(DOCUMENT, "document", Page(Response(shown, media_type="application/json")))
    app.add_api(document)
    handle_failures(app, by_preference=True)
    return app


def _faults(contract: Contract, fixtures: Fixtures, behaviour: Behaviour) -> list[Any]:
    if behaviour.faults is None:
        return []
    by_headers = partial(organization_of, fixtures)
    return [partial(FaultsMiddleware, faults=behaviour.faults, contract=contract, organization_of=by_headers)]
