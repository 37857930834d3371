"""The token of the admin API, as an extension of Connexion's security."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connexion.security import AbstractSecurityHandler

from mock_server.callers.security import bearer_token
from mock_server.refusing.refusals import RefusedError, refused

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
            if not hmac.compare_digest(_token_of(request), self._token):
                raise refused(
                    401,
                    'The admin API asks for "Authorization: Bearer <the value of --admin-token>".',
                    WWW_Authenticate='Bearer realm="respan-mock admin"',
                )
            return {"sub": "admin"}

        return verify


def _token_of(request: ConnexionRequest) -> bytes:
    try:
        return bearer_token(request.scope["headers"]).encode("latin-1")
    except RefusedError:
        return b""
