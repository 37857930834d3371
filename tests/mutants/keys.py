"""Bugs in comparing API keys, and in finding them in headers."""

from __future__ import annotations

from hmac import compare_digest
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.mutants.mutant import Mutant
from tests.servers.plain_http import MAX_BODY_BYTES
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller, Fixtures
    from tests.servers.wire import Request, Response


class _OverHttp(Mutant):
    """A server on a socket, for requests that an in-process client cannot send. Every body is read."""

    careless = True

    def respond(self, request: Request) -> Response:
        request.environ["wsgi.input"] = BytesIO(request.read(MAX_BODY_BYTES + 1))
        return super().respond(request)


class _LooseKeys(Mutant):
    """Keys are compared by something other than equality."""

    def matches(self, key: str, token: str) -> bool:
        """Return whether a token is accepted for a key."""
        raise NotImplementedError

    def caller(self, token: str) -> Caller | None:
        return next((caller for key, caller in self.fixtures.keys.items() if self.matches(key, token)), None)


class KeyWithSuffixAccepted(_LooseKeys):
    """A token that starts with a key is accepted: `token.startswith(key)`."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return token.startswith(key)

    def caller(self, token: str) -> Caller | None:
        return self.fixtures.keys.get(token) or super().caller(token)


class KeyPrefixAccepted(_LooseKeys):
    """A prefix of a key is accepted, as by `LIKE 'token%'`."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key.startswith(token)


class KeySubstringAccepted(_LooseKeys):
    """Any part of a key is accepted: `token in key`, where `key` is a string instead of a list."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return len(token) > 4 and token in key


class KeysCaseInsensitive(_LooseKeys):
    """Keys are compared case-insensitively, by the database's collation."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key.casefold() == token.casefold()


class KeysComparedTo8Characters(_LooseKeys):
    """Only the first 8 characters of a key are compared."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key[:8] == token[:8]

    def caller(self, token: str) -> Caller | None:
        return self.fixtures.keys.get(token) or super().caller(token)


class FirstCharacterNotCompared(_LooseKeys):
    """The first character of a key is not compared: the constant-time loop starts at 1."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key[1:] == token[1:]


class TokenPercentDecoded(Mutant):
    """The Authorization header is percent-decoded before the key is looked up."""

    kills = frozenset({"AUT-02"})

    def caller(self, token: str) -> Caller | None:
        return super().caller(unquote(token))


class KeyWithoutPrefixAccepted(_LooseKeys):
    """A key is accepted without its prefix."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return token in (key, key.partition("-")[2])


class KeyInQuotesAccepted(Mutant):
    """A key in quotes is accepted."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        token = super().token(request)
        return token and token.strip('"')


class OnlyKeyEndsCompared(_LooseKeys):
    """Only the first 4 and the last 4 characters of a key are compared."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return (key[:4], key[-4:], len(key)) == (token[:4], token[-4:], len(token))


class SpacesInKeyIgnored(Mutant):
    """White space inside a token is removed."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        token = super().token(request)
        return token and "".join(token.split())


class NonAsciiInKeyIgnored(_OverHttp):
    """Characters that are not ASCII are removed from a token."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        token = super().token(request)
        return token and token.encode("ascii", "ignore").decode()


class NonAsciiKeyReturns500(_OverHttp):
    """A token that is not ASCII returns 500: `hmac.compare_digest` rejects it."""

    kills = frozenset({"STA-03"})

    def caller(self, token: str) -> Caller | None:
        return next((caller for key, caller in self.fixtures.keys.items() if compare_digest(key, token)), None)


class TwoAuthorizationHeadersAccepted(_OverHttp):
    """Two Authorization headers skip authentication: the guard does not expect a list."""

    kills = frozenset({"AUT-12"})

    def token(self, request: Request) -> str | None:
        header = request.header("Authorization")
        return "demo-acme" if header.count("Bearer ") > 1 else super().token(request)


class CredentialsOfConnectionReused(_OverHttp):
    """A request without valid credentials gets those of an earlier request on the same connection."""

    kills = frozenset({"AUT-01", "AUT-02", "AUT-05", "AUT-10"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.callers: dict[str, Caller] = {}

    def authenticate(self, request: Request) -> Caller:
        connection = request.environ["REMOTE_PORT"]
        try:
            self.callers[connection] = super().authenticate(request)
        except HttpError:
            if connection not in self.callers:
                raise
        return self.callers[connection]


class TextAfterCommaIgnored(Mutant):
    """Text after a comma in the Authorization header is ignored, as if proxies had joined two headers."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        scheme, _, token = request.header("Authorization").partition(",")[0].partition(" ")
        return token.strip() or None if self.is_bearer(scheme) else None
