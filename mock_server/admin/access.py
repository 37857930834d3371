"""Who may use the admin API: clients that send the token, if one is set, and no page of another origin.

A page anywhere on the web can make a browser send requests to a mock on the same machine. Host and Origin tell such
requests from those of the console and of tests.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connexion.security import AbstractSecurityHandler
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.auth import bearer_token
from mock_server.errors import RejectedError, RequestPart, ValidationError, alternatives, quoted, rejected
from mock_server.http.cors import ADMIN_OPTION, allowed_origins, option_for
from mock_server.http.origin import NONE, host_name
from mock_server.settings import TOKEN_VARIABLE

if TYPE_CHECKING:
    from connexion.lifecycle import ConnexionRequest


LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""The names of the local machine."""
_HOST_OPTION = "--admin-host"


class GuardMiddleware:
    """Rejects requests to a host outside `hosts` (None: any host) and requests from pages of another origin.

    An unknown name in `Host` means that somebody pointed a domain at this address (DNS rebinding). Pages of any origin
    may link to the paths `linkable`, which serve nothing secret. The paths `unguarded` reveal nothing.

    Starlette's TrustedHostMiddleware would take the place of 2 lines: its response is fixed, a 400 in plain text that
    names neither the host nor the option.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str] | None,
        origins: Sequence[str] = (),
        linkable: Container[str] = (),
        unguarded: Container[str] = (),
    ) -> None:
        self.app = app
        self._hosts = hosts
        self._origins = origins
        self._linkable = linkable
        self._unguarded = unguarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise a 403."""
        if scope["path"] in self._unguarded:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = _joined(headers, "Host") or ""
        if self._hosts is not None and _name(host) not in self._hosts:
            raise _wrong_host(_name(host), self._hosts)
        origin, site = _joined(headers, "Origin"), _joined(headers, "Sec-Fetch-Site")
        allowed = origin in self._origins or _is_same_origin(host, origin, site)
        if not allowed and scope["path"] not in self._linkable:
            raise _wrong_origin(host, origin, site, self._origins)
        await self.app(scope, receive, send)


def _joined(headers: Headers, name: str) -> str | None:
    """Return the value of a header. Those of a repeated one are joined (RFC 9110, 5.3): that equals no origin."""
    return ", ".join(values) if (values := headers.getlist(name)) else None


def _name(host: str) -> str:
    """Return the name in a Host header, without its port.

    >>> _name("LOCALHOST:8000"), _name("[::1]:8000")
    ('localhost', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _is_same_origin(host: str, origin: str | None, site: str | None) -> bool:
    """Return whether a page of this host sent the request, or no page at all."""
    same = origin is None or origin.lower() in {f"http://{host}".lower(), f"https://{host}".lower()}
    return same and site in {None, "same-origin", "none"}


def _wrong_host(name: str, hosts: Collection[str]) -> RejectedError:
    others = {each for each in hosts if each.startswith("[") == (":" in each)} - {*LOOPBACK}
    allowed = alternatives([*LOOPBACK, *sorted(others)])
    try:
        option = f"{_HOST_OPTION} {host_name(name)}"
    except ValueError:
        option = f"{_HOST_OPTION} NAME"
    message = (
        f"The request is for the host {quoted(name)}, but the admin API accepts only {allowed}. "
        f"Use one of these names, or start the mock with {option}."
    )
    return rejected(403, ValidationError(RequestPart.HEADER, "Host", "host", allowed, quoted(name), message))


def _wrong_origin(host: str, origin: str | None, site: str | None, origins: Sequence[str]) -> RejectedError:
    if origin is None:
        source = f"a page of another origin (Sec-Fetch-Site: {quoted(site or '')[1:-1]}) without an Origin header"
        fix = f"Use fetch() with CORS in the page, and start the mock with {ADMIN_OPTION} ORIGIN."
    elif origin == NONE:
        source = f"a page without an origin (Origin: {NONE}), such as a file or a sandboxed frame"
        fix = f"Serve the page over HTTP, and start the mock with {ADMIN_OPTION} ORIGIN."
    else:
        source = f"a page of the origin {quoted(origin)}"
        fix = f"Start the mock with {option_for(origin, ADMIN_OPTION)} to allow that page."
    message = (
        f"The request comes from {source}, and is for the host {quoted(host)}. "
        f"The admin API accepts only requests whose origin matches the host. {allowed_origins(origins)} {fix}"
    )
    got = quoted(origin) if origin is not None else "a page of another origin"
    expected = alternatives([f"http://{host}", *origins])
    return rejected(403, ValidationError(RequestPart.HEADER, "Origin", "origin", expected, got, message))


class AdminTokenHandler(AbstractSecurityHandler):
    """Checks the admin token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def get_fn(
        self,
        security_scheme: Mapping[str, Any],  # noqa: ARG002
        required_scopes: list[str],  # noqa: ARG002
    ) -> Callable[[ConnexionRequest], Any]:
        """Return the function that Connexion calls with each request."""

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
    """Return the 401. Its message does not repeat the token."""
    expected = f'"Authorization: Bearer <the value of --admin-token, or of ${TOKEN_VARIABLE}>"'
    message = f"The admin API expects {expected}, got {got}. Use the token that the mock was started with."
    error = ValidationError(RequestPart.HEADER, "Authorization", "security", expected, got, message)
    return rejected(401, error, WWW_Authenticate='Bearer realm="respan-mock admin"')
