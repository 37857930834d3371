"""Variants in what is stored under which name, and when."""

from __future__ import annotations

import itertools
import unicodedata
from collections import deque
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from tests.servers.plain import PlainServer, Stored
from tests.servers.plain_fields import KEY
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Address
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class UpdatesReplace(PlainServer):
    """Assumed: an update keeps omitted fields. Here it replaces the model."""

    deviates = frozenset({"IDM-06", "IDM-21", "IDM-22"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {}

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return override


class ProbeNamesExist(PlainServer):
    """Models exist under the names that a suite may use for a missing model."""

    odd_names = ("0", "1", "true", "null", "None", "undefined", "__proto__", "constructor", "toString")

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        for name in self.odd_names:
            self.write("acme", name, {KEY: name, "display_name": f"Somebody's {name}", "input_cost": 3.5})


class WithoutReads(PlainServer):
    """Published, but not on the page of the endpoint: models can be read and deleted. Here they can only be written."""

    reads = False


class WithoutReadsAndReset(UpdatesReplace):
    """Both: models can only be written, and an update resets omitted fields."""

    reads = False


class ReadsFromAReplica(PlainServer):
    """Assumed: the next request sees what was written. Here reads come from a replica that is 60 ms behind."""

    deviates = frozenset({"IDM-05"})
    behind: ClassVar = 0.06

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.replica: Mapping[Address, Stored] = {}
        self.shipped: deque[tuple[float, Mapping[Address, Stored]]] = deque()

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        self.shipped.append((monotonic() + self.behind, self.snapshot()))

    def remove(self, organization: str, name: str) -> bool:
        found = super().remove(organization, name)
        self.shipped.append((monotonic() + self.behind, self.snapshot()))
        return found

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        with self.lock:
            while self.shipped and self.shipped[0][0] <= monotonic():
                self.replica = self.shipped.popleft()[1]
        stored = self.replica.get(self.address(organization, name)) or self.built_in_model(name)
        if stored is None:
            raise HttpError(404, "Not found.")
        return Response(200, self.serialize(organization, stored))


class CachedReads(PlainServer):
    """Assumed: the next request sees what was written. Here reads are cached for a second (Cache-Control)."""

    deviates = frozenset({"IDM-05"})
    fresh: ClassVar = 1

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.cache: dict[Address, tuple[float, Json]] = {}

    def read(self, request: Request) -> Response:
        address = self.authenticate(request).organization, request.path
        until, body = self.cache.get(address, (0.0, None))
        if monotonic() > until:
            body = super().read(request).body
            self.cache[address] = monotonic() + self.fresh, body
        return Response(200, body, {"Cache-Control": f"private, max-age={self.fresh}"})


class BusyAfterWrite(PlainServer):
    """Open: whether a request with a 503 was executed. Here a gateway gives up on every 40th one, which is executed."""

    patience: ClassVar = 40

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.responses = itertools.count(1)

    def respond(self, request: Request) -> Response:
        response = super().respond(request)
        given_up = next(self.responses) % self.patience == 0
        return Response(503, {"detail": "The upstream is slow."}, {"Retry-After": "0"}) if given_up else response


class CaseInsensitiveNames(PlainServer):
    """Assumed: names that differ by case are two names. Here they are one, returned in its latest spelling."""

    deviates = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.casefold()

    def find(self, organization: str, name: str) -> Stored | None:
        stored = super().find(organization, name)
        return stored and replace(stored, name=name)


class TrimmedNames(PlainServer):
    """Assumed: names are stored exactly. Here white space around them is removed."""

    deviates = frozenset({"IDM-11", "IDM-20"})

    def key(self, name: str) -> str:
        return super().key(name.strip())

    def canonical(self, name: str) -> str:
        return name.strip()


class NormalizedNames(PlainServer):
    """Assumed: the server compares names code point by code point. Here it normalizes them to form C."""

    deviates = frozenset({"IDM-11", "IDM-20"})

    def key(self, name: str) -> str:
        return super().key(self.canonical(name))

    def canonical(self, name: str) -> str:
        return unicodedata.normalize("NFC", name)


class OverrideReplaced(PlainServer):
    """Open: the server merges a later override into the earlier one. Here it replaces the earlier one."""

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return override


class OverrideMergedDeep(PlainServer):
    """Open: the server merges a later override into the earlier one entry by entry. Here member by member."""

    def merge_override(self, earlier: Values, override: Values) -> Values:
        both = {
            name: {**earlier[name], **entry}
            for name, entry in override.items()
            if isinstance(entry, dict) and isinstance(earlier.get(name), dict)
        }
        return {**earlier, **override, **both}


class RepeatsChangeUpdatedAt(PlainServer):
    """Open: whether a repeated request changes `updated_at`. Here every request does."""

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return now if earlier.updated is None else max(now, earlier.updated)


class UpdatedAtConstant(PlainServer):
    """Assumed: `updated_at` changes when a value changes. Here it stays the time of the create."""

    deviates = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return earlier.updated


class UpdatedAtNullAfterCreate(PlainServer):
    """Open: whether a create counts as an update. Here `updated_at` is null until the first update."""

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, updated=None if earlier is None else stored.updated)

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return super().updated_time(replace(earlier, updated=earlier.updated or earlier.created), merged, now)


class ClockOfSeconds(PlainServer):
    """Open: the precision of the clock. Here it is a second: two quick updates have the same time."""

    def now(self) -> datetime:
        return super().now().replace(microsecond=0)


class ClockOfMinutes(PlainServer):
    """Open: the precision of the clock. Here it is a minute."""

    def now(self) -> datetime:
        return super().now().replace(second=0, microsecond=0)


class ClockOfHours(PlainServer):
    """Open: the precision of the clock. Here it is an hour, although times are written with milliseconds."""

    def now(self) -> datetime:
        return super().now().replace(minute=0, second=0, microsecond=0)

    def format_time(self, moment: datetime | None) -> str | None:
        return moment.isoformat(timespec="milliseconds") if moment else None


class ClockStepsBack(PlainServer):
    """Open: how a clock is set. Here it steps back by half a second sometimes; no time of a model goes back."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.readings = itertools.count(1)

    def now(self) -> datetime:
        return super().now() - timedelta(seconds=next(self.readings) // 3 % 2 / 2)
