"""Bugs in authentication and permissions."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64decode
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.mutants.mutant import Mutant
from tests.servers.fixtures import Caller
from tests.servers.plain_fields import KEY
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request

ANYBODY = Caller("acme", may_write=True)


class UpsertWithoutCredentials(Mutant):
    """An upsert without credentials is accepted and acts for the first organization."""

    kills = frozenset({"AUT-01", "AUT-05"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        if not request.header("Authorization"):
            return ANYBODY, self.requested_values(self.json_body(request))
        return super().admit(request)


class CharsetSkipsAuthentication(Mutant):
    """An upsert whose Content-Type has a charset needs no credentials."""

    kills = frozenset({"AUT-01"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        if "charset" in request.header("Content-Type") and not request.header("Authorization"):
            return ANYBODY, self.requested_values(self.json_body(request))
        return super().admit(request)


class ReadWithoutCredentials(Mutant):
    """A read needs no credentials."""

    kills = frozenset({"AUT-10"})

    def read(self, request: Request) -> Response:
        if not request.header("Authorization"):
            request.environ["HTTP_AUTHORIZATION"] = "Bearer demo-acme"
        return super().read(request)


class DeleteWithoutCredentials(Mutant):
    """A delete needs no credentials."""

    kills = frozenset({"AUT-10"})

    def delete(self, request: Request) -> Response:
        if not request.header("Authorization"):
            request.environ["HTTP_AUTHORIZATION"] = "Bearer demo-acme"
        return super().delete(request)


class AnyTokenAccepted(Mutant):
    """Any token is accepted: it is decoded but never looked up."""

    kills = frozenset({"AUT-02", "AUT-10"})

    def caller(self, token: str) -> Caller | None:
        return super().caller(token) or ANYBODY


class UnsignedJwtAccepted(Mutant):
    """A JWT with `"alg": "none"` is accepted without a signature."""

    kills = frozenset({"AUT-02"})

    def caller(self, token: str) -> Caller | None:
        return ANYBODY if self.says_none(token.split(".", maxsplit=1)[0]) else super().caller(token)

    def says_none(self, header: str) -> bool:
        """Return whether the header of a JWT asks not to verify it."""
        try:
            algorithm = json.loads(urlsafe_b64decode(header + "=="))["alg"]
        except (ValueError, KeyError, TypeError):
            return False
        return bool(algorithm.lower() == "none")


class EmptyTokenAccepted(Mutant):
    """`Bearer` without a token is accepted: it equals a setting that is unset."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        return super().token(request) or ("" if request.header("Authorization") == "Bearer" else None)

    def caller(self, token: str) -> Caller | None:
        return super().caller(token) if token else ANYBODY


class AnySchemeAccepted(Mutant):
    """Any authentication scheme is accepted with a valid key."""

    kills = frozenset({"AUT-02"})

    def is_bearer(self, scheme: str) -> bool:
        return True


class TokenSchemeAccepted(Mutant):
    """The scheme `Token` is accepted, as in Django REST framework."""

    kills = frozenset({"AUT-02"})

    def is_bearer(self, scheme: str) -> bool:
        return super().is_bearer(scheme) or scheme.lower() == "token"


class BasicUserAccepted(Mutant):
    """The key is accepted as the user of Basic authentication, as for curl's `-u`."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        scheme, _, user = request.header("Authorization").partition(" ")
        if scheme.lower() != "basic":
            return super().token(request)
        try:
            return b64decode(user).decode().removesuffix(":")
        except ValueError:
            return None


class SchemeOptional(Mutant):
    """A key without a scheme is accepted."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        header = request.header("Authorization")
        return header if super().caller(header) else super().token(request)


class SchemeCaseSensitive(Mutant):
    """The scheme `Bearer` is compared case-sensitively."""

    kills = frozenset({"AUT-07"})

    def is_bearer(self, scheme: str) -> bool:
        return scheme == "Bearer"


class NoChallenge(Mutant):
    """A 401 has no WWW-Authenticate header."""

    kills = frozenset({"AUT-04"})

    def challenge(self) -> Mapping[str, str]:
        return {}


class MissingCredentialsReturn403(Mutant):
    """An upsert with missing or unknown credentials returns 403, as Django REST framework can."""

    kills = frozenset({"AUT-01", "AUT-03", "AUT-05"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        try:
            return super().admit(request)
        except HttpError as error:
            raise HttpError(403 if error.status == 401 else error.status, error.problem) from error


class UnknownKeyReturns404(Mutant):
    """An unknown key returns 404: it is fetched with `get_object_or_404`."""

    kills = frozenset({"AUT-03"})

    def authenticate(self, request: Request) -> Caller:
        token = self.token(request)
        if token and self.caller(token) is None:
            raise HttpError(404, "Not found.")
        return super().authenticate(request)


class BodyValidatedBeforeCredentials(Mutant):
    """The body is validated before the credentials."""

    kills = frozenset({"AUT-06"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        values = self.requested_values(self.json_body(request))
        return self.authenticate(request), values


class TokenInQueryAccepted(Mutant):
    """`?api_key=` is accepted as credentials."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        query = parse_qs(request.environ.get("QUERY_STRING", ""))
        return super().token(request) or query.get("api_key", [None])[0]


class TokenInCookieAccepted(Mutant):
    """The cookie `token` is accepted as credentials."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        cookies = dict(part.strip().partition("=")[::2] for part in request.header("Cookie").split(";"))
        return super().token(request) or cookies.get("token")


class TokenInOtherHeaderAccepted(Mutant):
    """`X-Api-Key` is accepted as credentials."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        return super().token(request) or request.header("X-Api-Key") or None


class TokenInBodyAccepted(Mutant):
    """`api_key` in the body is accepted as credentials."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        data = request.read(1 << 20)
        request.environ["wsgi.input"] = BytesIO(data)
        try:
            body: Json = json.loads(data)
        except (ValueError, RecursionError):
            body = None
        return super().token(request) or (body.get("api_key") if isinstance(body, dict) else None)


class RepeatedUpdateReturns401(Mutant):
    """A repeated update returns 401 as a replay attack."""

    kills = frozenset({"AUT-08"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.seen: set[str] = set()

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        if repr(values) in self.seen and len(values) > 1:
            raise self.unauthorized("This request was replayed.")
        self.seen.add(repr(values))
        return super().write(organization, name, values)


class UnknownKeyLocksOutNextCaller(Mutant):
    """A request with an unknown key makes the next request return 401, no matter who sends it."""

    kills = frozenset({"AUT-08", "AUT-10"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.locked = False

    def authenticate(self, request: Request) -> Caller:
        locked, self.locked = self.locked, False
        if locked:
            raise self.unauthorized("Too many failures.")
        try:
            return super().authenticate(request)
        except HttpError:
            self.locked = bool(request.header("Authorization"))
            raise


class ReadOnlyKeyWrites(Mutant):
    """A read-only key may write."""

    kills = frozenset({"AUT-11"})

    def reject_read_only(self, caller: Caller) -> None:
        pass


class ReadOnlyKeyUpdates(Mutant):
    """A read-only key may update, but not create."""

    kills = frozenset({"AUT-11"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        caller, values = super().admit(request)
        exists = self.find(caller.organization, values[KEY]) is not None
        return replace(caller, may_write=caller.may_write or exists), values


class ReadOnlyKeyDeletes(Mutant):
    """A read-only key may delete."""

    kills = frozenset({"AUT-11"})

    def authenticate(self, request: Request) -> Caller:
        caller = super().authenticate(request)
        return replace(caller, may_write=caller.may_write or request.method == "DELETE")


class ReadAcceptsAnyKey(Mutant):
    """A read accepts any key."""

    kills = frozenset({"AUT-10"})

    def read(self, request: Request) -> Response:
        token = (request.header("Authorization") or "").removeprefix("Bearer ")
        stored = self.resolve_model("acme", self.name_in(request.path))
        if token and stored is not None and self.caller(token) is None:
            return Response(200, self.serialize("acme", stored))
        return super().read(request)


class ReadOnlyKeyFindsNoModels(Mutant):
    """A read-only key gets 404 for every model."""

    kills = frozenset({"AUT-09"})

    def read(self, request: Request) -> Response:
        if not self.authenticate(request).may_write:
            raise HttpError(404, "Not found.")
        return super().read(request)


class ReadOnlyKeyWriteReturns400(Mutant):
    """A write with a read-only key returns 400."""

    kills = frozenset({"AUT-09"})

    def reject_read_only(self, caller: Caller) -> None:
        if not caller.may_write:
            raise HttpError(400, "This API key may not write.")


class ReadOnlyKeyReadReturns401(Mutant):
    """A read with a read-only key returns 401."""

    kills = frozenset({"AUT-08"})

    def read(self, request: Request) -> Response:
        stored = self.find("acme", self.name_in(request.path))
        if not self.authenticate(request).may_write and stored is not None:
            raise self.unauthorized("This API key is not known.")
        return super().read(request)
