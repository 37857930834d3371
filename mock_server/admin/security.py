"""The token of the admin API, as an extension of Connexion's security."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connexion.security import AbstractSecurityHandler

from mock_server.callers.security import bearer_token
from mock_server.refusing.refusals import RefusedError, refused
from mock_server.refusing.violations import Part, Violation
from mock_server.settings import TOKEN_VARIABLE

if TYPE_CHECKING:
    from connexion.lifecycle import ConnexionRequest


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
            except RefusedError as error:
                raise _unauthorized(error.refusal.violations[0].got) from None
            if not hmac.compare_digest(token.encode("latin-1"), self._token):
                raise _unauthorized("another token")
            return {"sub": "admin"}

        return verify


def _unauthorized(got: str) -> RefusedError:
    """The 401, whose message does not repeat the token."""
    expected = f'"Authorization: Bearer <the value of --admin-token, or of ${TOKEN_VARIABLE}>"'
    message = f"The admin API expects {expected}, got {got}. The token is what the mock was started with."
    violation = Violation(Part.HEADER, "Authorization", "security", expected, got, message)
    return refused(401, violation, WWW_Authenticate='Bearer realm="respan-mock admin"')
