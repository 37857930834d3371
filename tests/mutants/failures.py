"""Bugs that crash the server or return a 500."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import httpx2

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import HttpError, Json, Request


class LongNameReturns500(Mutant):
    """A name of more than 255 characters overflows its column and returns 500."""

    kills = frozenset({"STA-03"})

    def save(self, organization: str, stored: Stored) -> None:
        if len(stored.name) > 255:
            raise OverflowError("value too long for type character varying(255)")
        super().save(organization, stored)


class NulReturns500(Mutant):
    """A NUL character in a string is a database error and returns 500."""

    kills = frozenset({"STA-03"})

    def save(self, organization: str, stored: Stored) -> None:
        if "\0" in stored.name + str(stored.values.get("display_name", "")):
            raise ValueError("invalid byte sequence for encoding UTF8: 0x00")
        super().save(organization, stored)


class EmojiReturns500(Mutant):
    """The database stores at most three bytes per character: an emoji returns 500."""

    kills = frozenset({"STA-03"})

    def save(self, organization: str, stored: Stored) -> None:
        if any(character > "\uffff" for character in stored.name):
            raise ValueError("Incorrect string value")
        super().save(organization, stored)


class QuoteReturns500(Mutant):
    """Names are pasted into SQL: a quote in a name is a syntax error and returns 500."""

    kills = frozenset({"STA-03"})

    def find(self, organization: str, name: str) -> Stored | None:
        if "'" in name:
            raise SyntaxError(f"near '{name}'")
        return super().find(organization, name)


class DeepNestingReturns500(Mutant):
    """Deep nesting in a body makes the parser raise an error that nobody catches."""

    kills = frozenset({"STA-03"})

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except RecursionError as error:
            raise RuntimeError("maximum recursion depth exceeded") from error


class NanReturns500(Mutant):
    """NaN is accepted and stored, and cannot be serialized."""

    kills = frozenset({"STA-03"})

    def parse_constant(self, word: str) -> float:
        return float(word.replace("Infinity", "inf"))

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        pass


class HugeIntegerReturns500(Mutant):
    """An integer beyond 64 bits overflows in the database driver and returns 500."""

    kills = frozenset({"STA-03"})

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if abs(number) >= 1 << 63:
            raise OverflowError("int too big to convert")
        return number

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        pass


class InvalidUtf8Returns500(Mutant):
    """Bytes that are not UTF-8 raise an error that nobody catches."""

    kills = frozenset({"STA-03"})

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if b"\xff" in data:
            raise LookupError("invalid start byte")
        return data


class UnknownCharsetReturns500(Mutant):
    """An unknown charset is passed to the decoder, which raises an error."""

    kills = frozenset({"STA-03"})

    def reject_media_type(self, content_type: str) -> None:
        codecs.lookup(content_type.partition("charset=")[2] or "utf-8")
        super().reject_media_type(content_type)


class MissingNameReturns500(Mutant):
    """`body["model_name"]` raises KeyError before validation."""

    kills = frozenset({"STA-03", "STA-07"})

    def validate_fields(self, fields: Values) -> Values:
        _ = fields[KEY]
        return super().validate_fields(fields)


class NullCostReturns500(Mutant):
    """A null cost is used in arithmetic before validation."""

    kills = frozenset({"STA-03", "STA-11"})

    def number(self, name: str, value: Json) -> int | float:
        if value is None:
            raise TypeError("unsupported operand type(s) for *: 'NoneType' and 'float'")
        return super().number(name, value)


class ListBodyReturns500(Mutant):
    """A body that is not an object is used as one."""

    kills = frozenset({"STA-03", "STA-06"})

    def as_object(self, body: Json) -> dict[str, Json]:
        if not isinstance(body, dict):
            raise TypeError("list indices must be integers or slices, not str")
        return body


class EmptyBodyReturns500(Mutant):
    """An empty body is read as None, which has no members."""

    kills = frozenset({"STA-03", "STA-05"})

    def parse(self, data: bytes) -> Json:
        if not data.strip():
            raise AttributeError("'NoneType' object has no attribute 'get'")
        return super().parse(data)


class UnknownBaseReturns500(Mutant):
    """Nobody catches `DoesNotExist` for an unknown base model."""

    kills = frozenset({"STA-03", "STA-13", "TEN-06"})

    def unknown_reference(self, field: str, name: str) -> HttpError:
        if field == BASE:
            raise LookupError("Model matching query does not exist.")
        return super().unknown_reference(field, name)


class ObjectAsNameReturns500(Mutant):
    """A name that is an object is used as a dictionary key before its type is checked."""

    kills = frozenset({"STA-03", "STA-08"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        hash(body.get(KEY))
        return super().known_fields(body)


class AbortedTransactionBreaksNextRequest(Mutant):
    """A too long name aborts the transaction, and the next request fails in it too."""

    kills = frozenset({"STA-03", "STA-23"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.aborted = False

    def save(self, organization: str, stored: Stored) -> None:
        aborted, self.aborted = self.aborted, len(stored.name) > 255
        if aborted or self.aborted:
            raise RuntimeError("current transaction is aborted, commands ignored until end of transaction block")
        super().save(organization, stored)


class CycleReturns500(Mutant):
    """A cycle of base models is followed until the stack overflows."""

    kills = frozenset({"STA-03"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        yield stored
        base = self.base_of(organization, stored)
        yield from self.lineage(organization, base) if base else ()


class CycleOfThreeReturns500(Mutant):
    """Only cycles of one or two models are noticed; a longer one overflows the stack."""

    kills = frozenset({"STA-03"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        yield stored
        base = self.base_of(organization, stored)
        if base is None or base.name == stored.name:
            return
        if base.values.get(BASE) == stored.name:
            yield base
        else:
            yield from self.lineage(organization, base)


class CycleKillsTheWorker(Mutant):
    """A cycle of base models is followed until the worker is killed and the connection breaks."""

    kills = frozenset({"SEM-04"})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = super().__call__(environ, start_response)
        return self.broken() if self.closes else response

    closes = False

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        self.closes = False
        lineage = list(super().lineage(organization, stored))
        self.closes = BASE in lineage[-1].values and self.base_of(organization, lineage[-1]) is not None
        return iter(lineage)

    def broken(self) -> Iterator[bytes]:
        """Yield the beginning of a response, then fail."""
        yield b"{"
        raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")


class DeletedBaseReturns500(Mutant):
    """A model whose base model was deleted can no longer be read."""

    kills = frozenset({"STA-03"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        if BASE in stored.values and base is None:
            raise LookupError("Model matching query does not exist.")
        return base


class LongReferenceReturns500(Mutant):
    """References of more than 2,000 characters do not fit the database index."""

    kills = frozenset({"STA-03"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        if len(name) > 2000:
            raise RuntimeError("index row size exceeds btree maximum")
        return super().resolve_model(organization, name)
