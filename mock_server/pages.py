"""What the mock shows beside the API: the contract, and Swagger UI."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from connexion.http_facts import METHODS
from connexion.options import SwaggerUIOptions
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contract import Contract
from mock_server.refusing.refusals import refused

SWAGGER_UI = "/ui/"
"""The path of Swagger UI."""
DOCUMENT = "/openapi.json"
"""The path of the contract."""


class Page:
    """Something to look at that never changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show it."""
        if scope["method"] not in ("GET", "HEAD"):
            raise refused(405, f"{scope['path']} has no {scope['method']}, only GET or HEAD.", Allow="GET, HEAD")
        await self._response(scope, receive, send)


def served_document(contract: Contract) -> dict[str, Any]:
    """Return the contract as the mock compiles it: at the root, and with an id for each operation.

    An operation without an `operationId` gets its method and path as one.
    """
    document: dict[str, Any] = copy.deepcopy(dict(contract.document))
    document["servers"] = [{"url": "/"}]
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            item[method].setdefault("operationId", f"{method.upper()} {path}")
    return document


def shown_document(contract: Contract) -> dict[str, Any]:
    """Return the contract for clients: at the address of the mock, and as it is written.

    It keeps its references, from which generators of types take names, unless it is written in several files. It has no
    servers of a path or an operation, for the mock serves all of them under one base path.
    """
    server = {"url": contract.base_path or "/", "description": "This mock"}
    paths = {path: _without_servers(item) for path, item in contract.in_one_piece["paths"].items()}
    return {**contract.in_one_piece, "servers": [server], "paths": paths}


def _without_servers(item: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: node for name, node in item.items() if name != "servers"}
    for method in METHODS & kept.keys():
        kept[method] = {name: node for name, node in kept[method].items() if name != "servers"}
    return kept


def swagger_ui_options() -> SwaggerUIOptions:
    """How Connexion is to show Swagger UI."""
    return SwaggerUIOptions(
        serve_spec=False,  # Connexion would copy and validate the whole document with each request for it
        spec_path=DOCUMENT,
        swagger_ui_path=SWAGGER_UI.rstrip("/"),
    )
