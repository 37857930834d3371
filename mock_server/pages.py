"""What the mock shows beside the API: the contract, and Swagger UI."""

from __future__ import annotations

import copy
from collections.abc import Container, Mapping
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


def shown_document(contract: Contract, served: Mapping[str, Any]) -> dict[str, Any]:
    """The document `served`, for clients: with its references, from which generators of types take names.

    One that was written in several files, or leaves operations out, has none: they could lead to what is not there.
    """
    whole = served["paths"] == contract.document["paths"]
    return {**contract.in_one_piece, "servers": served["servers"]} if whole else dict(served)


def swagger_ui_options() -> SwaggerUIOptions:
    """How Connexion is to show Swagger UI."""
    return SwaggerUIOptions(
        serve_spec=False,  # Connexion would copy and validate the whole document with each request for it
        spec_path=DOCUMENT,
        swagger_ui_path=SWAGGER_UI.rstrip("/"),
    )
