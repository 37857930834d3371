"""A mock among those that share a Redis: what they have started from, and the control version that it knows."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from mock_server.clock import FixedClock, clock_of
from mock_server.errors import DifferentStartError, UnavailableError, alternatives
from mock_server.scenario import Start
from mock_server.shared.connection import Connection
from mock_server.store import Scopes
from mock_server.upsert import ReferenceFields, StoredModel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORMAT = 1
"""The form of what is stored. Mocks of other versions that store it in another form do not join."""
_CHUNK = 500
"""The number of models that one command writes."""
_HOUR = 3600
"""Seconds after which Redis deletes models that were not put in their place."""


def microseconds(moment: datetime) -> int:
    """Return a time as the microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    """Return the time that is so many microseconds after 1970."""
    return _EPOCH + count * _MICROSECOND


def field_of(scope: str, key: str = "") -> bytes:
    """Return the field of a model in the hash of all models, or how the fields of a scope begin."""
    name = scope.encode()
    return b"%d:%b%b" % (len(name), name, key.encode())


def place_of(field: bytes) -> tuple[str, str]:
    """Return scope and key of a field."""
    length, _, rest = field.partition(b":")
    return rest[: int(length)].decode(), rest[int(length) :].decode()


class Codec:
    """Writes models as Redis stores them, and reads them."""

    def __init__(self, references: Callable[[Mapping[str, Any]], Iterable[Any]]) -> None:
        self._references = references

    def encode(self, stored: StoredModel) -> bytes:
        """Return a model without its version."""
        names = [each.encode() for each in self._references(stored.values) if isinstance(each, str)]
        named = b"".join([b"%d:%b" % (len(each), each) for each in names])
        times = microseconds(stored.created), microseconds(stored.updated)
        return b"%d %d %d:%b%b" % (*times, len(named), named, orjson.dumps(stored.values))

    @staticmethod
    def decode(value: bytes) -> tuple[bytes, StoredModel]:
        """Return the version of a model, and the model."""
        head, _, rest = value.partition(b":")
        version, created, updated, length = head.split(b" ")
        json = rest[int(length) :]
        return version, StoredModel(orjson.loads(json), moment(int(created)), moment(int(updated)), len(json))


@dataclass(frozen=True, slots=True)
class Origin:
    """What a mock starts from, as it is stored."""

    models: Scopes
    rules: Sequence[Mapping[str, Any]]
    clock: FixedClock | None
    digests: Mapping[str, str]
    """By part: equal digests are equal parts."""


def origin_of(start: Start) -> Origin:
    """Return what a mock starts from, as it is stored."""
    clock = clock_of(start.clock) if start.clock else None
    values = {scope: {name: each.values for name, each in named.items()} for scope, named in start.models.items()}
    fixtures = start.fixtures
    parts = {
        "format": _FORMAT,
        "contract": start.contract.digest,
        "fixtures": [
            repr(fixtures.keys),
            repr(fixtures.organizations),
            repr(fixtures.models),
            repr(fixtures.dashboard),
        ],
        "models": {scope: named for scope, named in values.items() if named},
        "faults": list(start.faults),
        "clock": start.clock,
        "seed": str(start.seed),
    }
    digests = {
        name: hashlib.sha256(orjson.dumps(part, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
        for name, part in parts.items()
    }
    return Origin(start.models, start.faults, clock if isinstance(clock, FixedClock) else None, digests)


class Session:
    """One mock among those that share a Redis."""

    def __init__(self, connection: Connection, references: ReferenceFields, origin: Origin) -> None:
        self.connection = connection
        self.codec = Codec(references.models_of)
        self.origin = origin
        self.version = b""
        """The control version whose rules this mock has read last."""
        self.on_rules: Callable[[Sequence[Mapping[str, Any]]], None] = lambda _: None
        """Called with the fault rules when they have changed."""

    async def begin(self) -> None:
        """Write what the mocks start from, unless another mock has. Raises DifferentStartError or UnavailableError."""
        models = self.origin.models
        sizes = [each.bytes for named in models.values() for each in named.values()]
        run, digests = secrets.token_hex(8), orjson.dumps(self.origin.digests)
        words = run, digests, self.written_rules(), sum(sizes), len(sizes)
        found = await self.connection.call("start", *words, key=await self.stage({}))
        if found is None:
            found = await self.connection.call("start", *words, key=await self.stage(models, first=1))
        theirs = orjson.loads(found)
        if different := [name for name, digest in self.origin.digests.items() if theirs.get(name) != digest]:
            raise DifferentStartError(
                f"the mocks that use {self.connection.address.label} with the prefix"
                f" {self.connection.address.prefix} have started with other {alternatives(different, 'and')}:"
                " start this one in the same way, or give it a --store-prefix of its own"
            )
        await self.load()

    def written_rules(self) -> bytes:
        """Return the rules of the start as they are stored. Each gets a new key, so that its count starts again."""
        return orjson.dumps([{"key": secrets.token_hex(8), "rule": each} for each in self.origin.rules])

    async def stage(self, models: Scopes, first: int | None = None) -> str:
        """Write models under a key that no mock reads, for a script to put in their place. Return the name of the key.

        `first` is the version of the first model; the default is one that no model has had.
        """
        key = f"staged:{secrets.token_hex(8)}"
        items = [(field_of(scope, name), each) for scope, named in models.items() for name, each in named.items()]
        if not items:
            return key
        if first is None:
            control = self.connection.key("control")
            first = await self.connection.ask("HINCRBY", control, "revision", len(items), reads=False) - len(items) + 1
        for start in range(0, len(items), _CHUNK):
            words: list[bytes] = []
            for number, (field, stored) in enumerate(items[start : start + _CHUNK], first + start):
                words += [field, b"%d %b" % (number, self.codec.encode(stored))]
            await self.connection.ask("HSET", self.connection.key(key), *words, reads=False)
            await self.connection.ask("EXPIRE", self.connection.key(key), _HOUR)
        return key

    async def present(self) -> None:
        """Write what the mocks start from if Redis is empty, and read the rules if they have changed.

        Raises UnavailableError.
        """
        version = await self.connection.ask("HGET", self.connection.key("control"), "version")
        if version is None:
            await self.begin_again()
        elif version != self.version:
            await self.load()

    async def begin_again(self) -> None:
        """Write what the mocks start from, after Redis has lost it. Raises UnavailableError."""
        try:
            await self.begin()
        except DifferentStartError as error:
            raise UnavailableError(f"Redis was empty, and now {error}.") from None

    async def reset(
        self, parts: str, scope: str | None = None, key: str | None = None, rules: bytes | None = None
    ) -> tuple[int, int]:
        """Reset parts (letters: models, journal, faults, clock) to the start.

        Return how many models and how many requests were removed. Raises UnavailableError.
        """
        await self.present()
        place = b"" if scope is None else field_of(scope)
        event = orjson.dumps({"organization": scope, "model": key})
        name = "" if key is None else f"={key}"
        written = self.written_rules()
        models, requests = await self.connection.call("reset", parts, place, name, written, rules or b"[]", event)
        return models, requests

    async def load(self) -> None:
        """Read the fault rules."""
        version, rules = await self.connection.ask("HMGET", self.connection.key("control"), "version", "faults")
        if version is not None:
            self.on_rules(orjson.loads(rules))
            self.version = version
