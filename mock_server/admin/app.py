"""Puts the admin API and the console together: a Connexion app of its own, beside that of the contract."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial

from connexion.apps.asynchronous import AsyncApp
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.security import SecurityMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.admin.document import read_document
from mock_server.admin.endpoints import AdminEndpointMiddleware
from mock_server.admin.guard import GuardMiddleware
from mock_server.admin.handlers import Handlers
from mock_server.admin.security import AdminTokenHandler
from mock_server.console.files import HOME, console_files
from mock_server.control import Control
from mock_server.http.failures import handle_failures
from mock_server.http.lingering import LingeringCloseMiddleware
from mock_server.http.routing import RoutingMiddleware, raw_path

PREFIX = b"/_mock/"
"""Where the paths of the admin API begin."""
_HOME = HOME.encode()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use the admin API."""

    token: str | None = None
    """What they have to know; None is nothing."""
    hosts: Container[str] | None = None
    """The names by which they may address it; None is any."""
    origins: Sequence[str] = ()
    """The web origins beside its own whose pages may use it."""


def admin_app(control: Control, access: Access) -> AsyncApp:
    """The admin API and the console as an ASGI app."""
    document, files = read_document(), console_files()
    if access.token is None:
        del document["security"]
    cors = partial(
        CORSMiddleware,
        allow_origins=access.origins,
        allow_methods=["*"],
        allow_headers=["*"],
        allow_private_network=True,
    )
    app = AsyncApp(
        __name__,
        middlewares=[
            LingeringCloseMiddleware,
            *([cors] if access.origins else []),
            ExceptionMiddleware,
            partial(GuardMiddleware, hosts=access.hosts, origins=access.origins, linkable=files),
            RoutingMiddleware,
            SecurityMiddleware,
            AdminEndpointMiddleware,
        ],
        resolver=Handlers(control, document).by_operation.__getitem__,
        security_map={"bearer": partial(AdminTokenHandler, access.token or "")},
    )
    for path, file in files.items():
        app.add_url_rule(path, path, file)
    app.add_api(document)
    handle_failures(app, control.redaction, by_preference=False)
    return app


class Beside:
    """Two apps at one address: requests of the admin API and the console go to `admin`, all others to `app`."""

    def __init__(self, app: ASGIApp, admin: ASGIApp) -> None:
        self._app = app
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        path = raw_path(scope) if scope["type"] == "http" else b""
        asked_for_admin = path.startswith(PREFIX) or path == _HOME
        await (self._admin if asked_for_admin else self._app)(scope, receive, send)
