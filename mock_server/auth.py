"""Security schemes: a handler for each scheme of the contract, called by Connexion.

Bearer tokens are verified; the operations of the upsert accept nothing else. Other operations may have any scheme. The
mock cannot verify those credentials, so it only checks that they are present, as Prism does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from connexion.middleware.security import SecurityAPI, SecurityOperation
from connexion.operations.abstract import AbstractOperation
from connexion.security import NO_VALUE, AbstractSecurityHandler
from connexion.spec import Specification
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.callers import BadTokenError, Caller, caller_of_jwt, caller_of_key, is_jwt
from mock_server.context import context_of
from mock_server.errors import RejectedError, RequestPart, ValidationError, quoted, rejected
from mock_server.operations import OperationMiddleware
from mock_server.secrets import scheme_of

if TYPE_CHECKING:
    from mock_server.fixtures import Fixtures


CHALLENGE = 'Bearer realm="respan"'
_SCHEMES = "#/components/securitySchemes"
_FORM = '"Authorization: Bearer <API key or dashboard token>"'
_EXPECTED = f"Expected {_FORM}"


class Credentials:
    """A request as the handlers need it. Connexion's own wrapper takes longer than the verification."""

    __slots__ = ("context", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.context: dict[str, Any] = scope["extensions"].setdefault("connexion_context", {})
        """Where Connexion puts what the handler returns."""


Verify = Callable[[Credentials], Any]


class BearerHandler(AbstractSecurityHandler):
    """Verifies the schemes `type: http, scheme: bearer`.

    With `bearerFormat: JWT` a scheme accepts dashboard tokens, else API keys. Each passes on tokens of the other form.
    """

    def __init__(self, fixtures: Fixtures) -> None:
        self._fixtures = fixtures

    def get_fn(self, security_scheme: Mapping[str, Any], required_scopes: list[str]) -> Verify:  # noqa: ARG002
        """Return the function that Connexion calls with each request; NO_VALUE passes it on to the next scheme."""
        find_caller = self._dashboard_token if security_scheme.get("bearerFormat") == "JWT" else self._api_key

        def verify(request: Credentials) -> Any:
            try:
                caller = find_caller(bearer_token(request.scope["headers"]))
            except BadTokenError as error:
                raise unauthorized(str(error), "a token that is not accepted", "invalid_token") from None
            if caller is None:
                return NO_VALUE
            context_of(request.scope).caller = caller
            return {"sub": caller.organization}

        return verify

    def _api_key(self, token: str) -> Caller | None:
        if is_jwt(token) and token not in self._fixtures.keys:
            return None
        return caller_of_key(self._fixtures.keys, token)

    def _dashboard_token(self, token: str) -> Caller | None:
        if not is_jwt(token):
            return None
        return caller_of_jwt(self._fixtures.dashboard, self._fixtures.organizations, token)


class _Operation(SecurityOperation):
    def __init__(self, *args: Any, keys: Mapping[str, Caller], **options: Any) -> None:
        super().__init__(*args, **options)
        self._required = all(self.security or ())
        accepted = keys if _accepts_keys(self.security, self.security_schemes) else {}
        self._callers = {f"Bearer {key}".encode(): caller for key, caller in accepted.items()}
        """The caller by the usual Authorization header of each API key: it needs no closer look."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]
        context = context_of(scope)
        caller = self._callers.get(context.fields.get(b"authorization", b""))
        if caller is None or len(context.fields) != len(scope["headers"]):  # it may be repeated
            return self._verified(scope, receive, send)
        context.caller = caller
        return self.next_app(scope, receive, send)

    async def _verified(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.security:
            request = Credentials(scope)
            if self._required:
                await self.verification_fn(request)
            else:  # optional credentials that are invalid count as missing
                with contextlib.suppress(RejectedError, HTTPException):
                    await self.verification_fn(request)
        await self.next_app(scope, receive, send)


def _accepts_keys(security: Sequence[Iterable[str]], schemes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether each alternative of `security` is one bearer scheme, and one of them accepts API keys."""
    named = [[schemes[name] for name in names] for names in security or ()]
    if any(len(each) != 1 or str(each[0].get("scheme")).lower() != "bearer" for each in named):
        return False
    return any(each[0].get("bearerFormat") != "JWT" for each in named)


class _API(SecurityAPI):
    def __init__(self, *args: Any, keys: Mapping[str, Caller], **options: Any) -> None:
        self._keys = keys
        super().__init__(*args, **options)

    def make_operation(self, operation: AbstractOperation | Specification) -> SecurityOperation:
        return _Operation(
            self.next_app,
            security_handler_factory=self.security_handler_factory,
            security=operation.security,
            security_schemes=operation.security_schemes,
            keys=self._keys,
        )


class BearerMiddleware(OperationMiddleware[_API]):
    """Connexion's middleware, with `Credentials` in place of its requests. It looks the API `keys` up first."""

    def __init__(self, app: ASGIApp, keys: Mapping[str, Caller]) -> None:
        super().__init__(app)
        self.api_cls = partial(_API, keys=keys)  # type: ignore[assignment]


def bearer_token(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the token in the headers of a request. Raises the 401 if there is none."""
    values = [value for name, value in headers if name == b"authorization"]
    if not values:
        raise unauthorized("Authentication credentials were not provided. " + _EXPECTED + ".", "nothing")
    if len(values) > 1:
        raise unauthorized("The request has more than one Authorization header.", "more than one header")
    value = values[0].decode("latin-1").strip()
    scheme, _, token = value.partition(" ")
    if not scheme:
        raise unauthorized(f"The Authorization header is empty. {_EXPECTED}.", "an empty header")
    if scheme.lower() != "bearer":
        # A word that is not a known scheme may be the key itself, so it is not repeated.
        known = scheme_of(value)
        got = f"the scheme {quoted(known)}" if known else "another scheme" if token else "no scheme"
        raise unauthorized(f"{_EXPECTED}, got {got}.", got)
    token = token.strip()
    if not token or " " in token or "\t" in token:
        found = "more than one token" if token else "no token"
        raise unauthorized(f"The Authorization header has {found}. {_EXPECTED}.", found)
    return token


def unauthorized(message: str, got: str, error: str | None = None) -> RejectedError:
    """Return a 401 with its challenge (RFC 6750, section 3)."""
    why = ValidationError(RequestPart.HEADER, "Authorization", "security", _FORM, got, message, contract=_SCHEMES)
    return rejected(401, why, WWW_Authenticate=CHALLENGE + (f', error="{error}"' if error else ""))


def organization_of(fixtures: Fixtures, headers: list[tuple[bytes, bytes]]) -> str | None:
    """Return the organization of the credentials in the headers, or None if they are not valid."""
    try:
        token = bearer_token(headers)
        if is_jwt(token) and token not in fixtures.keys:
            return caller_of_jwt(fixtures.dashboard, fixtures.organizations, token).organization
        return caller_of_key(fixtures.keys, token).organization
    except (RejectedError, BadTokenError):
        return None


class PresenceHandler(AbstractSecurityHandler):
    """Checks that a request has credentials of the scheme."""

    def get_fn(
        self,
        security_scheme: Mapping[str, Any],
        required_scopes: list[str],  # noqa: ARG002
    ) -> Callable[[Credentials], Any]:
        """Return the function that Connexion calls with each request."""
        kind = security_scheme["type"]
        if kind == "apiKey":
            where, name = security_scheme["in"], security_scheme["name"]
            expected = f"the {_PLACES[where]} {name}"
            return lambda request: _require(_has_key(request, where, name), expected)
        scheme = str(security_scheme["scheme"]) if kind == "http" else "Bearer"
        expected, challenge = f'"Authorization: {scheme} <credentials>"', f'{scheme} realm="respan"'
        return lambda request: _require(_has_scheme(request, scheme.lower()), expected, challenge)


_PLACES = {"header": "header", "query": "query parameter", "cookie": "cookie"}


def presence_handlers(document: Mapping[str, Any]) -> dict[str, type[PresenceHandler]]:
    """Return a handler for each type of scheme in the document, by Connexion's name for it."""
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    kinds = (it["scheme"].lower() if it["type"] == "http" else it["type"] for it in schemes)
    return dict.fromkeys(kinds, PresenceHandler)


def _require(present: bool, expected: str, challenge: str = CHALLENGE) -> dict[str, str]:
    if not present:
        raise rejected(
            401, f"Authentication credentials were not provided. Expected {expected}.", WWW_Authenticate=challenge
        )
    return {"sub": "anyone"}


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
