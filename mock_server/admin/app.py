"""The admin API and the console as one Connexion app, separate from the app of the contract."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.security import SecurityMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from contract import read_mapping
from mock_server.admin.access import AdminTokenHandler, GuardMiddleware
from mock_server.admin.endpoints import AdminEndpointMiddleware
from mock_server.admin.handlers import Handlers
from mock_server.control import Control
from mock_server.http.cors import admin_cross_origin
from mock_server.http.failures import FailureMiddleware
from mock_server.http.routing import RoutingMiddleware, raw_path
from mock_server.journal.recorder import AccessLog, RecordingMiddleware
from mock_server.journal.recorder import logger as access_logger
from mock_server.pages import CONSOLE, console_files
from mock_server.settings import ADMIN_PREFIX

PREFIX = ADMIN_PREFIX.encode()
HEALTH = PREFIX + b"health"
"""The health check. It accepts any host name, and is served with --no-admin too."""
_HOME = CONSOLE.encode()
_REJECTED = frozenset({400, 401, 403})
"""The log has only those requests to the admin API that were rejected for a reason an option can change."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use the admin API."""

    token: str | None = None
    """The token that every request must send; None if none is needed."""
    hosts: Collection[str] | None = None
    """The host names that requests may use; None for any."""
    origins: Sequence[str] = ()
    """The web origins, apart from its own, whose pages may send requests."""


def admin_app(control: Control, access: Access) -> AsyncApp:
    """Return the admin API and the console as an ASGI app."""
    document, files = read_document(), console_files()
    if access.token is None:
        del document["security"]
    guard = partial(
        GuardMiddleware, hosts=access.hosts, origins=access.origins, linkable=files, unguarded={HEALTH.decode()}
    )
    log = partial(RecordingMiddleware, note=None, log=AccessLog(control.redaction, _REJECTED))
    outer = [
        *([log] if access_logger.isEnabledFor(logging.INFO) else []),
        *([admin_cross_origin(access.origins)] if access.origins else []),
        _failures(control),
        guard,
    ]
    app = _app(control, document, outer, access.token or "")
    for path, file in files.items():
        app.add_url_rule(path, path, file)
    return app


def _app(control: Control, document: dict[str, Any], outer: Sequence[Any], token: str = "") -> AsyncApp:
    """Return an app for the operations of `document`, behind the `outer` middleware."""
    app = AsyncApp(
        __name__,
        middlewares=[
            *outer,
            RoutingMiddleware,
            SecurityMiddleware,
            AdminEndpointMiddleware,
        ],
        resolver=Handlers(control, document).by_operation.__getitem__,
        security_map={"bearer": partial(AdminTokenHandler, token)},
    )
    app.add_api(document)
    return app


def health_app(control: Control) -> AsyncApp:
    """Return the health check alone, for a mock without the admin API."""
    document = read_document()
    document["paths"] = {path: item for path, item in document["paths"].items() if path.encode() == HEALTH}
    return _app(control, document, [_failures(control)])


def _failures(control: Control) -> partial[FailureMiddleware]:
    return partial(FailureMiddleware, redaction=control.redaction)


class AdminDispatcher:
    """Passes requests for the admin API and the console to the app that `admin` returns, and all others to `app`.

    `admin` is called with the first such request: many runs have none. With `only`, just that path goes to its app.
    """

    def __init__(self, app: ASGIApp, admin: Callable[[], ASGIApp], only: bytes | None = None) -> None:
        self._app = app
        self._admin = cache(admin)
        self._only = only

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        path = raw_path(scope) if scope["type"] == "http" else b""
        is_admin = path == self._only if self._only else path.startswith(PREFIX) or path == _HOME
        return (self._admin() if is_admin else self._app)(scope, receive, send)


DOCUMENT_FILE = Path(__file__).with_name("admin.yaml")


def read_document() -> dict[str, Any]:
    """Return the OpenAPI document, with the schemas that have files of their own put in."""
    document = read_mapping(DOCUMENT_FILE)
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if "$ref" in schema:
            schemas[name] = json.loads((DOCUMENT_FILE.parent / schema["$ref"]).read_text(encoding="utf-8"))
    return document
