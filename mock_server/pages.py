"""What the mock shows beside the API: the contract, Swagger UI, and the console.

The files of the console are read once, and browsers ask each time whether they have the latest.
"""

from __future__ import annotations

import copy
import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
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
DOCUMENT = "/openapi.json"
"""The path of the contract."""

PROTECTION = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every page, beside its Content-Security-Policy."""
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
    """Something to look at that never changes."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show it."""
        if scope["method"] not in ("GET", "HEAD"):
            raise rejected(405, f"{scope['path']} has no {scope['method']}, only GET or HEAD.", Allow="GET, HEAD")
        await self._response(scope, receive, send)


class PageHeadersMiddleware:
    """Protects Swagger UI: no other page may frame it, and it runs and reads what comes from the mock only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the start of an HTML page waits for its body, whose scripts its policy names."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(SWAGGER_UI):
            await self.app(scope, receive, send)
            return
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


CONSOLE = "/"
"""The path of the console."""
CONSOLE_FOLDER = "/_mock/console/"
"""Where the paths of its other files begin."""

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
    "require-trusted-types-for": "'script'",  # no text becomes markup, whatever the scripts do
    "trusted-types": "'none'",
}
_CONSOLE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _CONSOLE_POLICY.items()),
    **PROTECTION,
}


def console_files() -> Mapping[str, Page]:
    """What to answer at each path."""
    files = sorted(path for path in _CONSOLE_FILES.iterdir() if path.suffix in _MEDIA_TYPES)
    return {CONSOLE if path.name == _INDEX else CONSOLE_FOLDER + path.name: _File(path) for path in files}


class _File(Page):
    """A file, which is sent to those who do not have it yet (RFC 9110, section 13.1.2)."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**_CONSOLE_HEADERS, "ETag": self._tag}
        super().__init__(Response(content, headers=headers, media_type=_MEDIA_TYPES[path.suffix]))
        self._unchanged = Response(status_code=304, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or say that it has not changed."""
        known = {tag.strip().removeprefix("W/") for tag in Headers(scope=scope).get("if-none-match", "").split(",")}
        if self._tag in known and scope["method"] in ("GET", "HEAD"):
            await self._unchanged(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
