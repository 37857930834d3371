"""Bugs in who may call, and in how a refusal looks."""

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


class UpsertForEverybody(Mutant):
    """The upsert forgot its login decorator: without credentials a request acts for the first organization."""

    kills = frozenset({"AUT-01", "AUT-05"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        if not request.header("Authorization"):
            return ANYBODY, self.requested_values(self.json_body(request))
        return super().admit(request)


class CharsetLetsEverybodyIn(Mutant):
    """Credentials are asked for on a route that matches the media type to the letter."""

    kills = frozenset({"AUT-01"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        if "charset" in request.header("Content-Type") and not request.header("Authorization"):
            return ANYBODY, self.requested_values(self.json_body(request))
        return super().admit(request)


class ReadForEverybody(Mutant):
    """Models are read without credentials."""

    kills = frozenset({"AUT-10"})

    def read(self, request: Request) -> Response:
        if not request.header("Authorization"):
            request.environ["HTTP_AUTHORIZATION"] = "Bearer demo-acme"
        return super().read(request)


class DeleteForEverybody(Mutant):
    """Models are deleted without credentials."""

    kills = frozenset({"AUT-10"})

    def delete(self, request: Request) -> Response:
        if not request.header("Authorization"):
            request.environ["HTTP_AUTHORIZATION"] = "Bearer demo-acme"
        return super().delete(request)


class AnyTokenTaken(Mutant):
    """Whoever brings a token is let in: it is decoded, never looked up."""

    kills = frozenset({"AUT-02", "AUT-10"})

    def caller(self, token: str) -> Caller | None:
        return super().caller(token) or ANYBODY


class UnsignedTokensTaken(Mutant):
    """A JWT whose header says `"alg": "none"` is believed without a signature."""

    kills = frozenset({"AUT-02"})

    def caller(self, token: str) -> Caller | None:
        return ANYBODY if self.says_none(token.split(".", maxsplit=1)[0]) else super().caller(token)

    def says_none(self, header: str) -> bool:
        """Whether the header of a JWT asks not to verify it."""
        try:
            algorithm = json.loads(urlsafe_b64decode(header + "=="))["alg"]
        except (ValueError, KeyError, TypeError):
            return False
        return bool(algorithm.lower() == "none")


class EmptyTokenTaken(Mutant):
    """`Bearer` with nothing behind it equals the default of a setting that nobody set."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        return super().token(request) or ("" if request.header("Authorization") == "Bearer" else None)

    def caller(self, token: str) -> Caller | None:
        return super().caller(token) if token else ANYBODY


class BasicTaken(Mutant):
    """Any scheme will do: the header is split at its space, and only the second half is looked at."""

    kills = frozenset({"AUT-02"})

    def is_bearer(self, scheme: str) -> bool:
        return True


class TokenSchemeTaken(Mutant):
    """Keys of the framework's own kind are taken as well: `Token KEY`."""

    kills = frozenset({"AUT-02"})

    def is_bearer(self, scheme: str) -> bool:
        return super().is_bearer(scheme) or scheme.lower() == "token"


class KeyIsAUserWithoutPassword(Mutant):
    """The key is taken as a user of Basic authentication too, as some APIs have it for the sake of curl's `-u`."""

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
    """A bare key without a scheme is taken, as older clients sent it."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        header = request.header("Authorization")
        return header if super().caller(header) else super().token(request)


class SchemeCaseSensitive(Mutant):
    """The header is compared with `"Bearer "` letter by letter."""

    kills = frozenset({"AUT-07"})

    def is_bearer(self, scheme: str) -> bool:
        return scheme == "Bearer"


class NoChallenge(Mutant):
    """A 401 does not say how to authenticate."""

    kills = frozenset({"AUT-04"})

    def challenge(self) -> Mapping[str, str]:
        return {}


class ForbiddenForUnauthorized(Mutant):
    """Refused credentials are answered 403, as Django REST framework does where a class names no header."""

    kills = frozenset({"AUT-01", "AUT-03", "AUT-05"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        try:
            return super().admit(request)
        except HttpError as error:
            raise HttpError(403 if error.status == 401 else error.status, error.problem) from error


class UnknownKeyIs404(Mutant):
    """The row of an unknown key is fetched by `get_object_or_404`."""

    kills = frozenset({"AUT-03"})

    def authenticate(self, request: Request) -> Caller:
        token = self.token(request)
        if token and self.caller(token) is None:
            raise HttpError(404, "Not found.")
        return super().authenticate(request)


class BodyBeforeCredentials(Mutant):
    """The body is validated before anybody asks who sent it."""

    kills = frozenset({"AUT-06"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        values = self.requested_values(self.json_body(request))
        return self.authenticate(request), values


class TokenInQueryTaken(Mutant):
    """`?api_key=` counts as credentials, and ends up in every log on the way."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        query = parse_qs(request.environ.get("QUERY_STRING", ""))
        return super().token(request) or query.get("api_key", [None])[0]


class TokenInCookieTaken(Mutant):
    """The dashboard's cookie counts as credentials."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        cookies = dict(part.strip().partition("=")[::2] for part in request.header("Cookie").split(";"))
        return super().token(request) or cookies.get("token")


class TokenInHeaderOfOtherNameTaken(Mutant):
    """`X-Api-Key` counts as credentials beside `Authorization`."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        return super().token(request) or request.header("X-Api-Key") or None


class TokenInBodyTaken(Mutant):
    """A token in the body counts as credentials where the header has none."""

    kills = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        data = request.read(1 << 20)
        request.environ["wsgi.input"] = BytesIO(data)
        try:
            body: Json = json.loads(data)
        except (ValueError, RecursionError):
            body = None
        return super().token(request) or (body.get("api_key") if isinstance(body, dict) else None)


class RepeatsRefusedAsReplays(Mutant):
    """An update that was seen before is taken for a replay attack: a good key gets 401 for repeating itself."""

    kills = frozenset({"AUT-08"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.seen: set[str] = set()

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        if repr(values) in self.seen and len(values) > 1:
            raise self.unauthorized("This request was replayed.")
        self.seen.add(repr(values))
        return super().write(organization, name, values)


class LockedOutByOthers(Mutant):
    """One request with an unknown key locks out whoever is next, for both come from one address."""

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
    """Nobody asks whether a key may write."""

    kills = frozenset({"AUT-11"})

    def reject_read_only(self, caller: Caller) -> None:
        pass


class ReadOnlyKeyUpdates(Mutant):
    """A key that may only read cannot create models, but update them."""

    kills = frozenset({"AUT-11"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        caller, values = super().admit(request)
        exists = self.find(caller.organization, values[KEY]) is not None
        return replace(caller, may_write=caller.may_write or exists), values


class ReadOnlyKeyDeletes(Mutant):
    """A key that may only read deletes models: only the upsert asks."""

    kills = frozenset({"AUT-11"})

    def authenticate(self, request: Request) -> Caller:
        caller = super().authenticate(request)
        return replace(caller, may_write=caller.may_write or request.method == "DELETE")


class AnyKeyReads(Mutant):
    """A read asks that there is a key, and not which one."""

    kills = frozenset({"AUT-10"})

    def read(self, request: Request) -> Response:
        token = (request.header("Authorization") or "").removeprefix("Bearer ")
        stored = self.resolve_model("acme", self.name_in(request.path))
        if token and stored is not None and self.caller(token) is None:
            return Response(200, self.serialize("acme", stored))
        return super().read(request)


class ReaderMayNotRead(Mutant):
    """A key that may only read finds no models of its organization."""

    kills = frozenset({"AUT-09"})

    def read(self, request: Request) -> Response:
        if not self.authenticate(request).may_write:
            raise HttpError(404, "Not found.")
        return super().read(request)


class ReadOnlyKeyConflicts(Mutant):
    """A key that may only read gets 400 for a write, as if the body were wrong."""

    kills = frozenset({"AUT-09"})

    def reject_read_only(self, caller: Caller) -> None:
        if not caller.may_write:
            raise HttpError(400, "This API key may not write.")


class ReaderIsAStranger(Mutant):
    """A key that may only read is not known to the read of a model, which has a list of keys of its own."""

    kills = frozenset({"AUT-08"})

    def read(self, request: Request) -> Response:
        stored = self.find("acme", self.name_in(request.path))
        if not self.authenticate(request).may_write and stored is not None:
            raise self.unauthorized("This API key is not known.")
        return super().read(request)
