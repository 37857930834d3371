"""Watches what a server is sent: when, how much at a time, and with what headers."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.servers.plain import PlainServer


class Watched:
    """A WSGI application before another, which remembers every request."""

    def __init__(self, app: Any) -> None:
        self.moments: list[float] = []
        self.methods: list[str] = []
        self.heard: list[dict[str, str]] = []
        self.most_at_once = 0
        self._app = app
        self._now = 0
        self._counting = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self._counting:
            self.moments.append(time.monotonic())
            self.methods.append(environ["REQUEST_METHOD"])
            self.heard.append({name: value for name, value in environ.items() if name.startswith("HTTP_")})
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self._app(environ, start_response)
        finally:
            with self._counting:
                self._now -= 1

    @property
    def rate(self) -> float:
        """Requests a second, from the first to the last."""
        return (len(self.moments) - 1) / (self.moments[-1] - self.moments[0])

    def header(self, name: str) -> set[str | None]:
        """The values of a header over all requests; None among them where one had none."""
        return {headers.get(f"HTTP_{name.upper().replace('-', '_')}") for headers in self.heard}


class RoundsNumbers(PlainServer):
    """Costs come back with two decimals."""

    def serialize(self, organization: Any, stored: Any) -> Any:
        model = super().serialize(organization, stored)
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in model.items()}
