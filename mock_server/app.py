"""The API as an ASGI app: a Connexion app over the contract, the fixtures and a store, and its stack of middleware.

`Behaviour` says how it behaves beyond what the contract says.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from starlette.responses import RedirectResponse, Response

from contract import Contract
from mock_server.api import Changed, EndpointMiddleware, ExampleHandler, Handler, Models
from mock_server.auth import BearerHandler, BearerMiddleware, organization_of, presence_handlers
from mock_server.clock import Clock, RealClock
from mock_server.faults.effects import FaultsMiddleware
from mock_server.faults.rules import Faults
from mock_server.fixtures import Fixtures, redaction_for
from mock_server.http.cors import cross_origin
from mock_server.http.failures import handle_failures
from mock_server.http.routing import RoutingMiddleware
from mock_server.journal.recorder import AccessLogMiddleware, Note, RecordingMiddleware
from mock_server.journal.recorder import logger as access_logger
from mock_server.pages import (
    DOCUMENT,
    SWAGGER_UI,
    Page,
    PageHeadersMiddleware,
    served_document,
    shown_document,
    swagger_ui_options,
)
from mock_server.prefer import PreferMiddleware, example_responses
from mock_server.response_check import ResponseCheckMiddleware
from mock_server.store import Store


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the API behaves beyond what the contract says."""

    origins: Sequence[str] = ("*",)
    """The web origins whose pages may call it, `*` for any."""
    seed: str = ""
    """Decides what is made up for those who ask for it."""
    check_responses: bool = False
    """Whether each answer is judged by the contract before it is sent."""
    clock: Clock = field(default_factory=RealClock)
    faults: Faults | None = None
    """How it fails; None is never, at no cost."""
    note: Note | None = None
    """Called with each exchange."""
    changed: Changed | None = None
    """Called with each model that a request has changed."""
    largest_model: int | None = None
    """Bytes of JSON that a stored model may take; None is any number."""


def build_app(
    contract: Contract,
    fixtures: Fixtures,
    store: Store,
    behaviour: Behaviour,
) -> AsyncApp:
    """The API of the mock as an ASGI app."""
    redaction = redaction_for(contract, fixtures)
    document = served_document(contract)
    answers = example_responses(document, contract.upsert, behaviour.seed)
    models = Models(
        contract.upsert, fixtures, store, behaviour.clock, behaviour.changed, largest=behaviour.largest_model
    )
    ruled = models.handlers
    unruled = {name: ExampleHandler(it, contract.upsert.forbidden) for name, it in answers.items() if name not in ruled}
    handlers: Mapping[str, Handler] = {**unruled, **ruled}
    app = AsyncApp(
        __name__,
        middlewares=[
            *([partial(RecordingMiddleware, note=behaviour.note)] if behaviour.note else []),
            *([partial(AccessLogMiddleware, redaction=redaction)] if access_logger.isEnabledFor(logging.INFO) else []),
            cross_origin(contract, behaviour.origins),  # outside of the errors, or they could not be read by a page
            *_faults(contract, fixtures, behaviour),
            *([partial(ResponseCheckMiddleware, document=document, ruled=ruled)] if behaviour.check_responses else []),
            PageHeadersMiddleware,
            ExceptionMiddleware,
            partial(RoutingMiddleware, base_path=contract.base_path),
            partial(PreferMiddleware, answers=answers),
            BearerMiddleware,
            partial(EndpointMiddleware, contract=contract, anyone=fixtures.anyone),
            SwaggerUIMiddleware,
        ],
        resolver=handlers.__getitem__,
        security_map={**presence_handlers(document), "bearer": partial(BearerHandler, fixtures)},
        swagger_ui_options=swagger_ui_options(),
    )
    app.add_url_rule("/", "root", Page(RedirectResponse(SWAGGER_UI)))
    shown = orjson.dumps(shown_document(contract))
    app.add_url_rule(DOCUMENT, "document", Page(Response(shown, media_type="application/json")))
    app.add_api(document)
    handle_failures(app, redaction, by_preference=True)
    return app


def _faults(contract: Contract, fixtures: Fixtures, behaviour: Behaviour) -> list[Any]:
    if behaviour.faults is None:
        return []
    by_headers = partial(organization_of, fixtures)
    return [partial(FaultsMiddleware, faults=behaviour.faults, contract=contract, organization_of=by_headers)]
