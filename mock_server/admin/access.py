"""Who may use the admin API: those who know its token, if it has one, and no page elsewhere on the web.

Such a page could have a browser send requests to the admin API of a mock on this machine.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connexion.security import AbstractSecurityHandler
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.auth import bearer_token
from mock_server.errors import RejectedError, RequestPart, ValidationError, alternatives, quoted, rejected
from mock_server.http.cors import ADMIN_OPTION, allowed_origins, option_for
from mock_server.http.origin import NONE, host_name
from mock_server.settings import TOKEN_VARIABLE

if TYPE_CHECKING:
    from connexion.lifecycle import ConnexionRequest


LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""The names by which this machine knows itself."""
_HOST_OPTION = "--admin-host"


class GuardMiddleware:
    """Lets pass what is addressed to one of `hosts` (None: to any) and comes from no page, or from one of this origin.

    A foreign name in `Host` means that somebody's domain was made to lead here (DNS rebinding). To the paths
    `linkable`, where nothing is secret, any page may lead. The paths `open_to_all` tell nothing, and are not guarded.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str] | None,
        origins: Sequence[str] = (),
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
        headers = _combined(scope["headers"])
        host = headers.get(b"host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            raise _foreign_host(_name(host), self._hosts)
        if scope["path"] not in self._linkable and not self._is_known(host, headers):
            raise _foreign_page(host, headers, self._origins)
        await self.app(scope, receive, send)

    def _is_known(self, host: str, headers: Mapping[bytes, str]) -> bool:
        origin = headers.get(b"origin")
        return origin in self._origins or _is_of(host, origin, headers.get(b"sec-fetch-site", "none"))


def _combined(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """Return the headers by name. One that stands twice is a list of both (RFC 9110, 5.3), which no origin is."""
    combined: dict[bytes, str] = {}
    for name, raw in fields:
        value = raw.decode("latin-1")
        combined[name] = f"{combined[name]}, {value}" if name in combined else value
    return combined


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


def _foreign_host(name: str, hosts: Collection[str]) -> RejectedError:
    others = {each for each in hosts if each.startswith("[") == (":" in each)} - {*LOOPBACK}
    allowed = alternatives([*LOOPBACK, *sorted(others)])
    try:
        option = f"{_HOST_OPTION} {host_name(name)}"
    except ValueError:
        option = f"{_HOST_OPTION} NAME"
    message = (
        f"The request is addressed to the host {quoted(name)}, and the admin API is for {allowed}. "
        f"Call it by one of these names, or start the mock with {option}."
    )
    return rejected(403, ValidationError(RequestPart.HEADER, "Host", "host", allowed, quoted(name), message))


def _foreign_page(host: str, headers: Mapping[bytes, str], origins: Sequence[str]) -> RejectedError:
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    if origin is None:
        came = f"from a page of another origin (Sec-Fetch-Site: {quoted(site or '')[1:-1]}) without an Origin header"
        fix = f"Have the page use fetch() with CORS, and start the mock with {ADMIN_OPTION} ORIGIN."
    elif origin == NONE:
        came = f"from a page without an origin (Origin: {NONE}), such as a file or a sandboxed frame"
        fix = f"Serve the page over HTTP, and start the mock with {ADMIN_OPTION} ORIGIN."
    else:
        came = f"from a page of the origin {quoted(origin)}"
        fix = f"Start the mock with {option_for(origin, ADMIN_OPTION)} to allow that page."
    message = (
        f"The request comes {came}, and is addressed to the host {quoted(host)}. "
        f"The admin API is for its own pages: origin and host have to be the same. {allowed_origins(origins)} {fix}"
    )
    got = quoted(origin) if origin is not None else "a page of another origin"
    expected = alternatives([f"http://{host}", *origins])
    return rejected(403, ValidationError(RequestPart.HEADER, "Origin", "origin", expected, got, message))


class AdminTokenHandler(AbstractSecurityHandler):
    """Verifies the token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def get_fn(
        self,
        security_scheme: Mapping[str, Any],  # noqa: ARG002
        required_scopes: list[str],  # noqa: ARG002
    ) -> Callable[[ConnexionRequest], Any]:
        """The function that Connexion calls with each request."""

        def verify(request: ConnexionRequest) -> Any:
            try:
                token = bearer_token(request.scope["headers"])
            except RejectedError as error:
                raise _unauthorized(error.rejection.errors[0].got) from None
            if not hmac.compare_digest(token.encode("latin-1"), self._token):
                raise _unauthorized("another token")
            return {"sub": "admin"}

        return verify


def _unauthorized(got: str) -> RejectedError:
    """The 401, whose message does not repeat the token."""
    expected = f'"Authorization: Bearer <the value of --admin-token, or of ${TOKEN_VARIABLE}>"'
    message = f"The admin API expects {expected}, got {got}. The token is what the mock was started with."
    error = ValidationError(RequestPart.HEADER, "Authorization", "security", expected, got, message)
    return rejected(401, error, WWW_Authenticate='Bearer realm="respan-mock admin"')
