"""Authentication and permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


@dataclass(frozen=True)
class Caller:
    """The user of a request, as permissions expect it."""

    organization: str
    may_write: bool
    is_authenticated: ClassVar[bool] = True


def caller_of(request: Request) -> Caller:
    """Return the user of an authenticated request."""
    return cast("Caller", request.user)


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() != b"bearer":
            return None
        token = rest[0].decode("latin-1") if len(rest) == 1 else ""
        if token not in settings.FIXTURES["keys"]:
            raise AuthenticationFailed("Invalid token.")
        return Caller(**settings.FIXTURES["keys"][token]), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class MayWrite(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or caller_of(request).may_write
