"""Serves the files of the page. They are read once, and browsers ask each time whether they have the latest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mock_server.pages import PROTECTION, Page

HOME = "/"
"""The path of the page."""
FOLDER = "/_mock/console/"
"""Where the paths of its other files begin."""

_FILES = Path(__file__).with_name("page")
_INDEX = "index.html"
_MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}

_POLICY = {
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
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    **PROTECTION,
}


def console_files() -> Mapping[str, Page]:
    """What to answer at each path."""
    files = sorted(path for path in _FILES.iterdir() if path.suffix in _MEDIA_TYPES)
    return {HOME if path.name == _INDEX else FOLDER + path.name: _File(path) for path in files}


class _File(Page):
    """A file, which is sent to those who do not have it yet (RFC 9110, section 13.1.2)."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**_HEADERS, "ETag": self._tag}
        super().__init__(Response(content, headers=headers, media_type=_MEDIA_TYPES[path.suffix]))
        self._unchanged = Response(status_code=304, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or say that it has not changed."""
        known = {tag.strip().removeprefix("W/") for tag in Headers(scope=scope).get("if-none-match", "").split(",")}
        if self._tag in known and scope["method"] in ("GET", "HEAD"):
            await self._unchanged(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
