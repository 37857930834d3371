"""Security schemes whose credentials the mock cannot verify: it only asks that there are some, as Prism does.

The operations of the upsert have bearer tokens alone, which are verified. Other operations may have any scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from connexion.security import AbstractSecurityHandler

from mock_server.callers.security import CHALLENGE, Credentials
from mock_server.refusing.refusals import RefusedError, refused


class PresenceHandler(AbstractSecurityHandler):
    """Lets pass whatever has credentials of the scheme."""

    def get_fn(
        self,
        security_scheme: Mapping[str, Any],
        required_scopes: list[str],  # noqa: ARG002
    ) -> Callable[[Credentials], Any]:
        """Return the function that Connexion calls with each request."""
        kind = security_scheme["type"]
        if kind == "apiKey":
            return lambda request: _passed(_has_key(request, security_scheme["in"], security_scheme["name"]))
        scheme = str(security_scheme["scheme"]) if kind == "http" else "Bearer"
        return lambda request: _passed(_has_scheme(request, scheme.lower()), f'{scheme} realm="respan"')


def presence_handlers(document: Mapping[str, Any]) -> dict[str, type[PresenceHandler]]:
    """Return a handler for each kind of scheme of the document, as Connexion names it."""
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    kinds = (it["scheme"].lower() if it["type"] == "http" else it["type"] for it in schemes)
    return dict.fromkeys(kinds, PresenceHandler)


def _passed(present: bool, challenge: str = CHALLENGE) -> dict[str, str]:
    if not present:
        raise _missing(challenge)
    return {"sub": "anyone"}


def _missing(challenge: str) -> RefusedError:
    return refused(401, "Authentication credentials were not provided.", WWW_Authenticate=challenge)


def _has_scheme(request: Credentials, scheme: str) -> bool:
    given = (value.decode("latin-1").split(maxsplit=1) for value in _values(request, b"authorization"))
    return any(len(words) == 2 and words[0].lower() == scheme for words in given)


def _has_key(request: Credentials, where: str, name: str) -> bool:
    if where == "query":
        return bool(parse_qs(request.scope["query_string"].decode("latin-1")).get(name))
    if where == "header":
        return any(_values(request, name.lower().encode("latin-1")))
    return any(_cookie(value.decode("latin-1"), name) for value in _values(request, b"cookie"))


def _cookie(field: str, name: str) -> str:
    try:
        cookies = SimpleCookie(field)
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _values(request: Credentials, name: bytes) -> list[bytes]:
    return [value for each, value in request.scope["headers"] if each == name]
