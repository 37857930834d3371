"""The API as an ASGI app: the stack of middleware, from the outermost layer to the endpoints.

A Connexion app reads the contract. The layers below replace those of Connexion that are too slow or too lenient.
`Behaviour` has what the contract does not say.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from starlette.responses import RedirectResponse, Response

from contract import Contract
from mock_server.api import Changed, EndpointMiddleware, ExampleHandler, Handler, Models
from mock_server.auth import BearerHandler, BearerMiddleware, organization_of, presence_handlers
from mock_server.clock import Clock, RealClock
from mock_server.faults.effects import FaultsMiddleware, Foresee
from mock_server.faults.rules import Faults
from mock_server.fixtures import Fixtures, redaction_for
from mock_server.http.cors import cross_origin
from mock_server.http.failures import FailureMiddleware
from mock_server.http.routing import RoutingMiddleware
from mock_server.journal.recorder import AccessLog, Note, RecordingMiddleware, WriteLine
from mock_server.journal.recorder import logger as access_logger
from mock_server.pages import (
    DOCUMENT,
    SWAGGER_UI,
    Page,
    PageHeadersMiddleware,
    published_document,
    served_document,
    swagger_ui_options,
)
from mock_server.prefer import PreferMiddleware, example_responses
from mock_server.response_check import ResponseCheckMiddleware
from mock_server.responses import JSON
from mock_server.store import Store


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the API behaves, apart from what the contract says."""

    origins: Sequence[str] = ("*",)
    """The web origins whose pages may call the API; `*` is any."""
    seed: str = ""
    """Decides which data is generated."""
    check_responses: bool = False
    """Whether each response is checked against the contract before it is sent."""
    clock: Clock = field(default_factory=RealClock)
    faults: Faults | None = None
    """The fault rules; None leaves the layer out."""
    foresee: Foresee | None = None
    """Asks a shared store about each request before the app does; needs `faults`."""
    note: Note | None = None
    """Called with each request and its response; None leaves the recording out."""
    write_line: WriteLine | None = None
    """Writes the log of requests; None leaves it to Python's logging."""
    changed: Changed | None = None
    """Called after each change of a model."""
    largest_model: int | None = None
    """The maximum bytes of a stored model as JSON; None is no limit."""


def build_app(
    contract: Contract,
    fixtures: Fixtures,
    store: Store,
    behaviour: Behaviour,
) -> AsyncApp:
    """Return the API of the mock as an ASGI app."""
    redaction = redaction_for(contract, fixtures)
    log = AccessLog(redaction, write=behaviour.write_line) if access_logger.isEnabledFor(logging.INFO) else None
    document = served_document(contract)
    examples = example_responses(document, contract.upsert, behaviour.seed)
    models = Models(
        contract.upsert, fixtures, store, behaviour.clock, behaviour.changed, largest=behaviour.largest_model
    )
    by_rules = models.handlers
    by_example = {
        name: ExampleHandler(it, contract.upsert.forbidden) for name, it in examples.items() if name not in by_rules
    }
    handlers: Mapping[str, Handler] = {**by_example, **by_rules}

    def media_type_of(operation_id: str, status: int) -> str:
        declared = examples[operation_id].declared.find(str(status))
        return declared.media_type if declared else JSON

    recording = partial(RecordingMiddleware, note=behaviour.note, log=log, waits=behaviour.foresee is not None)
    app = AsyncApp(
        __name__,
        middlewares=[
            *([recording] if behaviour.note or log else []),
            cross_origin(
                contract, behaviour.origins
            ),  # outside of FailureMiddleware: pages must be able to read errors
            *_faults(contract, fixtures, behaviour),
            *(
                [partial(ResponseCheckMiddleware, document=document, ruled=by_rules)]
                if behaviour.check_responses
                else []
            ),
            partial(FailureMiddleware, redaction=redaction, media_type_of=media_type_of),
            partial(RoutingMiddleware, base_path=contract.base_path),
            partial(PreferMiddleware, responses=examples),
            partial(BearerMiddleware, keys=fixtures.keys),
            partial(EndpointMiddleware, contract=contract, anyone=fixtures.anyone),
            PageHeadersMiddleware,
            SwaggerUIMiddleware,
        ],
        resolver=handlers.__getitem__,
        security_map={**presence_handlers(document), "bearer": partial(BearerHandler, fixtures)},
        swagger_ui_options=swagger_ui_options(),
    )
    app.add_url_rule("/", "root", Page(RedirectResponse(SWAGGER_UI)))
    published = orjson.dumps(published_document(contract))
    app.add_url_rule(DOCUMENT, "document", Page(Response(published, media_type="application/json")))
    app.add_api(document)
    return app


def _faults(contract: Contract, fixtures: Fixtures, behaviour: Behaviour) -> list[Any]:
    if behaviour.faults is None:
        return []
    by_headers = partial(organization_of, fixtures)
    layer = partial(FaultsMiddleware, faults=behaviour.faults, contract=contract, organization_of=by_headers)
    return [partial(layer, foresee=behaviour.foresee)]
