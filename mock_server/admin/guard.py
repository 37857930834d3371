"""Refuses what a page elsewhere on the web could have a browser send to the admin API of a mock on this machine."""

from __future__ import annotations

from collections.abc import Container, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.refusing.refusals import refused
from mock_server.refusing.wording import quoted

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""The names by which this machine knows itself."""


class GuardMiddleware:
    """Lets pass what is addressed to one of `hosts` (None: to any) and comes from no page, or from one of this origin.

    A foreign name in `Host` means that somebody's domain was made to lead here (DNS rebinding). To the paths
    `linkable`, where nothing is secret, any page may lead. The paths `open_to_all` tell nothing, and are not guarded.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Container[str] | None,
        origins: Container[str] = (),
        linkable: Container[str] = (),
        open_to_all: Container[str] = (),
    ) -> None:
        self.app = app
        self._hosts = hosts
        self._origins = origins
        self._linkable = linkable
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise the 403."""
        if scope["path"] in self._open_to_all:
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            mend = "call it by localhost, or allow the name with --admin-host"
            raise refused(403, f"The admin API is not to be reached by the name {quoted(_name(host))}: {mend}.")
        if scope["path"] not in self._linkable and not self._is_known(host, headers):
            raise refused(403, "The admin API takes nothing from pages of another origin.")
        await self.app(scope, receive, send)

    def _is_known(self, host: str, headers: Mapping[bytes, str]) -> bool:
        origin = headers.get(b"origin")
        return origin in self._origins or _is_of(host, origin, headers.get(b"sec-fetch-site", "none"))


def _name(host: str) -> str:
    """The name in a Host header, without its port.

    >>> _name("LOCALHOST:8000"), _name("[::1]:8000")
    ('localhost', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _is_of(host: str, origin: str | None, site: str) -> bool:
    """Whether the request comes from a page of this host, or from no page at all."""
    own = origin is None or origin.lower() in {f"http://{host}".lower(), f"https://{host}".lower()}
    return own and site in {"same-origin", "none"}
