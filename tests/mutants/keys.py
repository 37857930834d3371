"""Bugs in how a key is compared, and in which header it is looked for."""

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
    """Served over HTTP, for what a client in the same process cannot send. Every body is read."""

    careless = True

    def respond(self, request: Request) -> Response:
        request.environ["wsgi.input"] = BytesIO(request.read(MAX_BODY_BYTES + 1))
        return super().respond(request)


class _LooseKeys(Mutant):
    """Keys are compared by something else than equality."""

    def matches(self, key: str, token: str) -> bool:
        """Whether a token is taken for a key."""
        raise NotImplementedError

    def caller(self, token: str) -> Caller | None:
        return next((caller for key, caller in self.fixtures.keys.items() if self.matches(key, token)), None)


class KeyFoundInToken(_LooseKeys):
    """A token that starts with a key is taken: `token.startswith(key)`."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return token.startswith(key)

    def caller(self, token: str) -> Caller | None:
        return self.fixtures.keys.get(token) or super().caller(token)


class PartOfKeyTaken(_LooseKeys):
    """A token that is a beginning of a key is taken, as by `LIKE 'token%'`."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key.startswith(token)


class EndOfKeyTaken(_LooseKeys):
    """A token that stands anywhere in a key is taken: `token in key`, where `key` is text and no list."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return len(token) > 4 and token in key


class KeysCompareCaseless(_LooseKeys):
    """Keys are compared by a database collation that knows no case."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key.casefold() == token.casefold()


class KeysCompareEightCharacters(_LooseKeys):
    """Keys are looked up by their public first 8 characters, and the rest is never verified."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key[:8] == token[:8]

    def caller(self, token: str) -> Caller | None:
        return self.fixtures.keys.get(token) or super().caller(token)


class OneCharacterOffTaken(_LooseKeys):
    """A comparison in constant time whose loop starts at 1: the first character of a key may be any."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return key[1:] == token[1:]


class TokenPercentDecoded(Mutant):
    """The header is percent-decoded before the token is looked up."""

    kills = frozenset({"AUT-02"})

    def caller(self, token: str) -> Caller | None:
        return super().caller(unquote(token))


class KeyWithoutItsFirstPart(_LooseKeys):
    """A key is looked up by what follows the mark of its kind, and the mark may be missing."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return token in (key, key.partition("-")[2])


class QuotesTrimmed(Mutant):
    """Quotes around the key are trimmed."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        token = super().token(request)
        return token and token.strip('"')


class EndsOfKeysCompared(_LooseKeys):
    """Keys are looked up as lists show them: by their first 4 and their last 4 characters."""

    kills = frozenset({"AUT-02"})

    def matches(self, key: str, token: str) -> bool:
        return (key[:4], key[-4:], len(key)) == (token[:4], token[-4:], len(token))


class SpacesRemoved(Mutant):
    """All white space is removed from the token, for keys are copied with line breaks in them."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        token = super().token(request)
        return token and "".join(token.split())


class LettersThatAreNotAsciiIgnored(_OverHttp):
    """The token is made ASCII by leaving out what is not: with a letter more it is the key again."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        token = super().token(request)
        return token and token.encode("ascii", "ignore").decode()


class LettersThatAreNotAsciiBreakTheComparison(_OverHttp):
    """Keys are compared by `hmac.compare_digest`, which takes no text but ASCII, and nobody catches its error."""

    kills = frozenset({"STA-03"})

    def caller(self, token: str) -> Caller | None:
        return next((caller for key, caller in self.fixtures.keys.items() if compare_digest(key, token)), None)


class TwoHeadersPass(_OverHttp):
    """The guard looks at Authorization where there is one, and two of them are a list that it does not expect."""

    kills = frozenset({"AUT-12"})

    def token(self, request: Request) -> str | None:
        header = request.header("Authorization")
        return "demo-acme" if header.count("Bearer ") > 1 else super().token(request)


class CredentialsOfTheConnection(_OverHttp):
    """Whoever a connection began with is believed to send all that comes over it."""

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
