"""Callers: the organization and the rights that a bearer token stands for."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from mock_server.errors import quoted

_JWT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

READ_WRITE, READ_ONLY = "read-write", "read-only"
RIGHTS = (READ_WRITE, READ_ONLY)


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a token."""

    organization: str
    may_write: bool


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The issuer of dashboard tokens: JSON Web Tokens signed with HS256."""

    secret: str
    organization_claim: str
    """The claim that names the organization."""
    rights_claim: str
    """The claim with `read-write` or `read-only`; without it, a token is read-write."""


class BadTokenError(Exception):
    """A token is not accepted. The message says why, and does not repeat the token."""


def is_jwt(token: str) -> bool:
    """Return whether `token` has the form of a JSON Web Token: three base64url parts, the last may be empty."""
    return _JWT_FORM.fullmatch(token) is not None


def caller_of_key(keys: Mapping[str, Caller], token: str) -> Caller:
    """Return the caller with this API key. Raises BadTokenError."""
    caller = keys.get(token)
    if caller is None:
        raise BadTokenError("This API key is not known.")
    return caller


def caller_of_jwt(dashboard: Dashboard, organizations: Container[str], token: str) -> Caller:
    """Return the caller that the dashboard has signed `token` for. Raises BadTokenError."""
    import jwt  # imported here because only dashboard tokens need it

    try:
        claims = jwt.decode(token, dashboard.secret, algorithms=["HS256"], options={"verify_aud": False})
    except jwt.ExpiredSignatureError:
        raise BadTokenError("This dashboard token has expired.") from None
    except jwt.InvalidAlgorithmError:
        raise BadTokenError("This dashboard token is not signed with HS256.") from None
    except jwt.InvalidSignatureError:
        raise BadTokenError("The signature of this dashboard token is invalid.") from None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise BadTokenError("This dashboard token is malformed, or not valid now.") from None
    return _caller_claimed(dashboard, organizations, claims)


def _caller_claimed(dashboard: Dashboard, organizations: Container[str], claims: Mapping[str, object]) -> Caller:
    organization = claims.get(dashboard.organization_claim)
    if not isinstance(organization, str) or organization not in organizations:
        claim = quoted(dashboard.organization_claim)
        raise BadTokenError(f"This dashboard token names no known organization in its claim {claim}.")
    rights = claims.get(dashboard.rights_claim, READ_WRITE)
    if rights not in RIGHTS:
        raise BadTokenError(f"The claim {quoted(dashboard.rights_claim)} is neither {READ_WRITE} nor {READ_ONLY}.")
    return Caller(organization, rights == READ_WRITE)
