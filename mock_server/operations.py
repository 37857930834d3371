"""The layers that act on the operation of a request: the credentials, and the endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from connexion.middleware.abstract import ROUTING_CONTEXT, RoutedAPI, RoutedMiddleware
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

AnyAPI = TypeVar("AnyAPI", bound=RoutedAPI[Any])


class OperationMiddleware(RoutedMiddleware[AnyAPI]):
    """Connexion's middleware for the operations of one API, which it finds with a single look. Others are passed on."""

    _operations: Mapping[str | None, ASGIApp] = {}

    def add_api(self, specification: Specification, **options: Any) -> AnyAPI:
        """Add the operations of `specification`."""
        api = super().add_api(specification, **options)
        self._operations = api.operations
        return api

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]
        """Call the operation of a request, or the next layer if it has none."""
        routed = scope["extensions"][ROUTING_CONTEXT] if scope["type"] == "http" else {}
        return self._operations.get(routed.get("operation_id"), self.app)(scope, receive, send)
