"""Bearer authentication as an extension of Connexion's: one handler for each security scheme of the contract."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connexion.middleware.security import SecurityAPI, SecurityMiddleware, SecurityOperation
from connexion.operations.abstract import AbstractOperation
from connexion.security import NO_VALUE, AbstractSecurityHandler
from connexion.spec import Specification
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from mock_server.callers.callers import BadTokenError, Caller, caller_of_jwt, caller_of_key, is_jwt
from mock_server.hiding.credentials import scheme_of
from mock_server.refusing.refusals import RefusedError, refused
from mock_server.refusing.violations import Part, Violation
from mock_server.refusing.wording import quoted

if TYPE_CHECKING:
    from mock_server.callers.fixtures import Fixtures

CALLER = "mock_server.caller"
"""Where the scope of a request has the Caller whose credentials it bears, once they are verified."""
CHALLENGE = 'Bearer realm="respan"'
_SCHEMES = "#/components/securitySchemes"
_FORM = '"Authorization: Bearer <API key or dashboard token>"'
_EXPECTED = f"Expected {_FORM}"


class Credentials:
    """A request, as far as it is asked for here: Connexion's own wrapper takes longer than the judging."""

    __slots__ = ("context", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.context: dict[str, Any] = scope["extensions"].setdefault("connexion_context", {})
        """Where Connexion puts what the handler gives."""


Verify = Callable[[Credentials], Any]


class BearerHandler(AbstractSecurityHandler):
    """Verifies the schemes `type: http, scheme: bearer`.

    With `bearerFormat: JWT` a scheme takes dashboard tokens, else API keys. Each passes on what has the other's form.
    """

    def __init__(self, fixtures: Fixtures) -> None:
        self._fixtures = fixtures

    def get_fn(self, security_scheme: Mapping[str, Any], required_scopes: list[str]) -> Verify:  # noqa: ARG002
        """The function that Connexion calls with each request: it gives the caller, or NO_VALUE to pass it on."""
        judge = self._dashboard_token if security_scheme.get("bearerFormat") == "JWT" else self._api_key

        def verify(request: Credentials) -> Any:
            try:
                caller = judge(bearer_token(request.scope["headers"]))
            except BadTokenError as error:
                raise unauthorized(str(error), "a token that is not accepted", "invalid_token") from None
            if caller is None:
                return NO_VALUE
            request.scope[CALLER] = caller
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
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._required = all(self.security or ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.security:
            request = Credentials(scope)
            if self._required:
                await self.verification_fn(request)
            else:  # credentials that are no use are none
                with contextlib.suppress(RefusedError, HTTPException):
                    await self.verification_fn(request)
        await self.next_app(scope, receive, send)


class _API(SecurityAPI):
    def make_operation(self, operation: AbstractOperation | Specification) -> SecurityOperation:
        factory = self.security_handler_factory
        return _Operation.from_operation(operation, next_app=self.next_app, security_handler_factory=factory)


class BearerMiddleware(SecurityMiddleware):
    """Connexion's, whose handlers are all a BearerHandler."""

    api_cls = _API


def bearer_token(headers: list[tuple[bytes, bytes]]) -> str:
    """The token in the headers of a request. Raises the 401 where there is none."""
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
        # Any word that is no known scheme may be the key itself, which is not repeated.
        known = scheme_of(value)
        got = f"the scheme {quoted(known)}" if known else "another scheme" if token else "no scheme"
        raise unauthorized(f"{_EXPECTED}, got {got}.", got)
    token = token.strip()
    if not token or " " in token or "\t" in token:
        found = "more than one token" if token else "no token"
        raise unauthorized(f"The Authorization header has {found}. {_EXPECTED}.", found)
    return token


def unauthorized(message: str, got: str, error: str | None = None) -> RefusedError:
    """A 401 with its challenge (RFC 6750, section 3)."""
    violation = Violation(Part.HEADER, "Authorization", "security", _FORM, got, message, contract=_SCHEMES)
    return refused(401, violation, WWW_Authenticate=CHALLENGE + (f', error="{error}"' if error else ""))


def organization_of(fixtures: Fixtures, headers: list[tuple[bytes, bytes]]) -> str | None:
    """The organization of whoever sends such headers, or None where they are not known."""
    try:
        token = bearer_token(headers)
        if is_jwt(token) and token not in fixtures.keys:
            return caller_of_jwt(fixtures.dashboard, fixtures.organizations, token).organization
        return caller_of_key(fixtures.keys, token).organization
    except (RefusedError, BadTokenError):
        return None
