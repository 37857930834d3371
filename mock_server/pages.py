"""The pages of the mock: the contract, Swagger UI, and the console.

The files of the console are read once. Browsers ask on each visit whether they have the latest version.
"""

from __future__ import annotations

import copy
import hashlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from connexion.http_facts import METHODS
from connexion.options import SwaggerUIOptions
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract import Contract
from mock_server.errors import rejected

SWAGGER_UI = "/ui/"
"""The path of Swagger UI."""
_SWAGGER_UI = SWAGGER_UI.rstrip("/")
DOCUMENT = "/openapi.json"
"""The path of the contract."""

PROTECTION = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every page, in addition to its Content-Security-Policy."""
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Swagger UI styles its elements one by one
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Page:
    """A response to GET and HEAD that never changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page. Raises the 405 for another method."""
        if scope["method"] not in ("GET", "HEAD"):
            raise rejected(405, f"{scope['path']} has no {scope['method']}, only GET or HEAD.", Allow="GET, HEAD")
        await self._response(scope, receive, send)


class PageHeadersMiddleware:
    """Protects Swagger UI: no other page may frame it, and it runs only scripts of the mock."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        is_page = scope["type"] == "http" and (scope["path"].startswith(SWAGGER_UI) or scope["path"] == _SWAGGER_UI)
        return (self._protected if is_page else self.app)(scope, receive, send)

    async def _protected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. The headers of an HTML page wait for its body: they have hashes of its scripts."""
        start: Message | None = None
        body = b""

        async def protecting(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(PROTECTION)
                headers["Content-Security-Policy"] = _policy()
                if headers.get("content-type", "").startswith("text/html"):
                    start = message
                    return
            elif start is not None:
                body += message.get("body", b"")
                if message.get("more_body", False):
                    return
                MutableHeaders(scope=start)["Content-Security-Policy"] = _policy(*_INLINE_SCRIPT.findall(body))
                await send(start)
                message = {**message, "body": body}
            await send(message)

        await self.app(scope, receive, protecting)


def _policy(*scripts: bytes) -> str:
    """Return a Content-Security-Policy that lets these inline scripts run."""
    hashes = "".join(f" 'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in scripts)
    policy = {**_POLICY, "script-src": _POLICY["script-src"] + hashes}
    return "; ".join(f"{name} {value}" for name, value in policy.items())


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


def published_document(contract: Contract) -> dict[str, Any]:
    """Return the contract for clients, with the mock as its server.

    It keeps its references, because generators of types take names from them; a contract in several files is resolved.
    Servers of single paths and operations are removed, because the mock serves all of them under one base path.
    """
    server = {"url": contract.base_path or "/", "description": "This mock"}
    paths = {path: _without_servers(item) for path, item in contract.in_one_piece["paths"].items()}
    return {**contract.in_one_piece, "servers": [server], "paths": paths}


def _without_servers(item: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: node for name, node in item.items() if name != "servers"}
    for method in METHODS & others.keys():
        others[method] = {name: node for name, node in others[method].items() if name != "servers"}
    return others


def swagger_ui_options() -> SwaggerUIOptions:
    """Return the options of Connexion for Swagger UI."""
    return SwaggerUIOptions(
        serve_spec=False,  # Connexion would copy and validate the whole document with each request for it
        spec_path=DOCUMENT,
        swagger_ui_path=_SWAGGER_UI,
    )


CONSOLE = "/"
"""The path of the console."""
CONSOLE_FOLDER = "/_mock/console/"
"""The prefix of the paths of its other files."""

_CONSOLE_FILES = Path(__file__).parent / "console" / "page"
_INDEX = "index.html"
_MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}

_CONSOLE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",  # text never becomes markup, whatever the scripts do
    "trusted-types": "'none'",
}
_CONSOLE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _CONSOLE_POLICY.items()),
    **PROTECTION,
}


def console_files() -> Mapping[str, Page]:
    """Return the files of the console by path."""
    files = sorted(path for path in _CONSOLE_FILES.iterdir() if path.suffix in _MEDIA_TYPES)
    return {CONSOLE if path.name == _INDEX else CONSOLE_FOLDER + path.name: _File(path) for path in files}


class _File(Page):
    """A file, which is sent only to clients that do not have this version (RFC 9110, section 13.1.2)."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**_CONSOLE_HEADERS, "ETag": self._tag}
        super().__init__(Response(content, headers=headers, media_type=_MEDIA_TYPES[path.suffix]))
        self._unchanged = Response(status_code=304, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or a 304 if the client has it."""
        known = {tag.strip().removeprefix("W/") for tag in Headers(scope=scope).get("if-none-match", "").split(",")}
        if self._tag in known and scope["method"] in ("GET", "HEAD"):
            await self._unchanged(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
