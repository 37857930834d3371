"""Bugs that end in a server error."""

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


class LongNamesBreakTheDatabase(Mutant):
    """A name of more than 255 characters does not fit its column, and the database's error is a 500."""

    kills = frozenset({"STA-03"})

    def save(self, organization: str, stored: Stored) -> None:
        if len(stored.name) > 255:
            raise OverflowError("value too long for type character varying(255)")
        super().save(organization, stored)


class NulBreaksTheDatabase(Mutant):
    """The database takes no NUL character in a string, and its error is a 500."""

    kills = frozenset({"STA-03"})

    def save(self, organization: str, stored: Stored) -> None:
        if "\0" in stored.name + str(stored.values.get("display_name", "")):
            raise ValueError("invalid byte sequence for encoding UTF8: 0x00")
        super().save(organization, stored)


class EmojiBreaksTheDatabase(Mutant):
    """The database has room for three octets a character, and its error at an emoji is a 500."""

    kills = frozenset({"STA-03"})

    def save(self, organization: str, stored: Stored) -> None:
        if any(character > "\uffff" for character in stored.name):
            raise ValueError("Incorrect string value")
        super().save(organization, stored)


class MarkupBreaksTheQuery(Mutant):
    """A name is pasted into a query: a quote in it is a syntax error, and a 500."""

    kills = frozenset({"STA-03"})

    def find(self, organization: str, name: str) -> Stored | None:
        if "'" in name:
            raise SyntaxError(f"near '{name}'")
        return super().find(organization, name)


class DeepBodiesBreakTheParser(Mutant):
    """Nobody catches what the parser raises at deep nesting."""

    kills = frozenset({"STA-03"})

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except RecursionError as error:
            raise RuntimeError("maximum recursion depth exceeded") from error


class NanBreaksTheAnswer(Mutant):
    """NaN is taken and stored, and cannot be written."""

    kills = frozenset({"STA-03"})

    def parse_constant(self, word: str) -> float:
        return float(word.replace("Infinity", "inf"))

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        pass


class HugeIntegersOverflow(Mutant):
    """An integer beyond 64 bits overflows in the driver of the database, which is a 500."""

    kills = frozenset({"STA-03"})

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if abs(number) >= 1 << 63:
            raise OverflowError("int too big to convert")
        return number

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        pass


class OtherEncodingsBreakTheParser(Mutant):
    """Octets that are not UTF-8 raise an error that nobody catches."""

    kills = frozenset({"STA-03"})

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if b"\xff" in data:
            raise LookupError("invalid start byte")
        return data


class UnknownCharsetIsLookedUp(Mutant):
    """The charset of the media type is handed to a decoder that does not know it."""

    kills = frozenset({"STA-03"})

    def reject_media_type(self, content_type: str) -> None:
        codecs.lookup(content_type.partition("charset=")[2] or "utf-8")
        super().reject_media_type(content_type)


class MissingNameIsAKeyError(Mutant):
    """`body["model_name"]` is looked up before anything is validated."""

    kills = frozenset({"STA-03", "STA-07"})

    def validate_fields(self, fields: Values) -> Values:
        _ = fields[KEY]
        return super().validate_fields(fields)


class NullIsNotExpected(Mutant):
    """Null in a cost is handed to arithmetic."""

    kills = frozenset({"STA-03", "STA-11"})

    def number(self, name: str, value: Json) -> int | float:
        if value is None:
            raise TypeError("unsupported operand type(s) for *: 'NoneType' and 'float'")
        return super().number(name, value)


class ListIsTakenForObject(Mutant):
    """A body that is no object is asked for its members."""

    kills = frozenset({"STA-03", "STA-06"})

    def as_object(self, body: Json) -> dict[str, Json]:
        if not isinstance(body, dict):
            raise TypeError("list indices must be integers or slices, not str")
        return body


class EmptyBodyIsNone(Mutant):
    """An empty body is read as None, which has no members."""

    kills = frozenset({"STA-03", "STA-05"})

    def parse(self, data: bytes) -> Json:
        if not data.strip():
            raise AttributeError("'NoneType' object has no attribute 'get'")
        return super().parse(data)


class UnknownBaseDoesNotExist(Mutant):
    """Nobody catches that a base does not exist."""

    kills = frozenset({"STA-03", "STA-13", "TEN-06"})

    def unknown_reference(self, field: str, name: str) -> HttpError:
        if field == BASE:
            raise LookupError("Model matching query does not exist.")
        return super().unknown_reference(field, name)


class ObjectForANameIsNotHashable(Mutant):
    """A name that is no string is used as the key of a dictionary before its type is checked."""

    kills = frozenset({"STA-03", "STA-08"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        hash(body.get(KEY))
        return super().known_fields(body)


class AbortedTransactions(Mutant):
    """A name too long for the database aborts its transaction, and the next request fails in it as well."""

    kills = frozenset({"STA-03", "STA-23"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.aborted = False

    def save(self, organization: str, stored: Stored) -> None:
        aborted, self.aborted = self.aborted, len(stored.name) > 255
        if aborted or self.aborted:
            raise RuntimeError("current transaction is aborted, commands ignored until end of transaction block")
        super().save(organization, stored)


class CyclesNeverEnd(Mutant):
    """The chain of bases is followed for ever, until the stack overflows: a 500."""

    kills = frozenset({"STA-03"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        yield stored
        base = self.base_of(organization, stored)
        yield from self.lineage(organization, base) if base else ()


class CyclesOfThreeNeverEnd(Mutant):
    """Of cycles, only those of one and of two models are noticed; a longer one is followed until the stack is full."""

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


class CyclesKillTheWorker(Mutant):
    """The chain of bases is followed for ever, until the worker is killed, and the connection breaks."""

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
        """The beginning of an answer."""
        yield b"{"
        raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")


class DeletedBaseBreaksModels(Mutant):
    """A model whose base was deleted cannot be shown any more."""

    kills = frozenset({"STA-03"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        if BASE in stored.values and base is None:
            raise LookupError("Model matching query does not exist.")
        return base


class LongReferencesBreakTheIndex(Mutant):
    """A reference is looked up by an index of at most 2,000 characters."""

    kills = frozenset({"STA-03"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        if len(name) > 2000:
            raise RuntimeError("index row size exceeds btree maximum")
        return super().resolve_model(organization, name)
