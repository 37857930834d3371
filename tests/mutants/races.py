"""Race conditions: bugs that only concurrent requests show. Each has a window of a few milliseconds."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from random import uniform
from time import sleep
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS, FLAGS, KEY, OVERRIDE
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller, Fixtures
    from tests.servers.plain import Address, Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Request

WINDOW = 0.004
"""Seconds between a look and what rests on it."""


class _ChecksBeforeLock(Mutant):
    """Whether a model exists is checked before the lock is acquired."""

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        existed = self.find(organization, name) is not None
        if not existed:
            sleep(WINDOW)
        with self.exclusive(organization, name):
            lost = not existed and self.find(organization, name) is not None
            return self.written_late(organization, name, values) if lost else super().write(organization, name, values)

    def written_late(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        """Return the result of a create that finds, once it holds the lock, that another one was faster."""
        raise NotImplementedError


class RacingCreatesBothReturn201(_ChecksBeforeLock):
    """Two concurrent creates of one name both return 201."""

    kills = frozenset({"CON-01"})
    may_also_fail = frozenset({"CON-09"})  # where two upserts come after a delete
    flaky = frozenset({"CON-09"})

    def written_late(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        return 201, Mutant.write(self, organization, name, values)[1]


class LaterCreateReplacesEarlier(_ChecksBeforeLock):
    """The later of two concurrent creates replaces the values of the earlier and returns 200."""

    kills = frozenset({"CON-07"})

    def written_late(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        self.models.pop(self.address(organization, name))
        return 200, Mutant.write(self, organization, name, values)[1]


class RacingCreateReturns500(_ChecksBeforeLock):
    """The later of two concurrent creates violates a constraint and returns 500."""

    kills = frozenset({"STA-03"})

    def written_late(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        raise RuntimeError("duplicate key value violates unique constraint")


class RacingCreateReturns409(_ChecksBeforeLock):
    """The later of two concurrent creates returns 409."""

    kills = frozenset({"STA-04"})

    def written_late(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        raise HttpError(409, "The model was created meanwhile.")


class RacingCreatesLeaveTwoRows(_ChecksBeforeLock):
    """Two concurrent creates leave two rows: the model still exists after one delete."""

    kills = frozenset({"CON-01", "CON-02", "CON-07"})
    may_also_fail = frozenset({"CON-09"})  # where two upserts come after a delete
    flaky = frozenset({"CON-09"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.second_rows: dict[Address, Stored] = {}

    def written_late(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        row = self.upserted(None, name, values)
        self.second_rows[self.address(organization, name)] = row
        return 201, row

    def remove(self, organization: str, name: str) -> bool:
        found = super().remove(organization, name)
        row = self.second_rows.pop(self.address(organization, name), None)
        if row is not None:
            self.save(organization, row)
        return found


class RacingCreatesReturnNo201(Mutant):
    """The status is computed after the model is stored: none of several concurrent creates returns 201."""

    kills = frozenset({"CON-01"})
    may_also_fail = frozenset({"CON-09"})  # where two upserts come after a delete
    flaky = frozenset({"CON-09"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        if status == 201:
            sleep(WINDOW)
        return 201 if status == 201 and self.find(organization, name) is stored else 200, stored


class LostUpdates(Mutant):
    """An update reads, changes and writes back a model without a lock, and undoes concurrent updates."""

    kills = frozenset({"CON-05", "CON-07"})
    may_also_fail = frozenset({"CON-09"})  # where what is written back was deleted in between
    flaky = frozenset({"CON-09"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        if earlier is None:
            return super().write(organization, name, values)
        sleep(WINDOW)
        stored = self.upserted(earlier, name, values)
        self.save(organization, stored)
        return 200, stored


class OverrideUpdateWithoutLock(LostUpdates):
    """An update with an override reads, merges and writes back without the lock."""

    kills = frozenset({"CON-05"})
    may_also_fail = frozenset({"CON-07"})  # where, of creates that race, the one with an override comes after another
    flaky = frozenset({"CON-07"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        if OVERRIDE in values:
            return super().write(organization, name, values)
        return Mutant.write(self, organization, name, values)


class _Contended(Mutant):
    """Concurrent updates of one model know of each other."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.arrived: Counter[Address] = Counter()
        self.left: Counter[Address] = Counter()

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        address = self.address(organization, name)
        with self.lock:
            earlier = self.models.get(address)
            self.arrived[address] += 1
            others = self.arrived[address] - self.left[address] > 1
            number = self.arrived[address]
        sleep(WINDOW if earlier else 0)
        with self.lock:
            self.left[address] += 1
            met = others or self.arrived[address] > number
            if met and earlier and address in self.models:  # it may have been deleted meanwhile
                return self.met(organization, earlier, values)
            return super().write(organization, name, values)

    def met(self, organization: str, earlier: Stored, values: Values) -> tuple[int, Stored]:
        """Return the result of an update that met another one; `earlier` is what both found."""
        raise NotImplementedError


class RacingUpdatesRolledBack(_Contended):
    """Concurrent updates roll each other back: each returns 200 and none is stored."""

    kills = frozenset({"CON-03", "CON-05", "CON-06"})
    may_also_fail = frozenset({"CON-07"})  # where, of creates that race, two meet after a third

    def met(self, organization: str, earlier: Stored, values: Values) -> tuple[int, Stored]:
        return 200, self.upserted(earlier, earlier.name, values)


class RacingDisplayNamesJoined(_Contended):
    """The display names of concurrent updates are joined, as by a document merge."""

    kills = frozenset({"CON-03", "CON-04", "CON-05", "CON-06"})

    def met(self, organization: str, earlier: Stored, values: Values) -> tuple[int, Stored]:
        stored = self.models[self.address(organization, earlier.name)]
        names = [model.get("display_name", "") for model in (stored.values, values)]
        joined = {"display_name": " / ".join(filter(None, names))} if "display_name" in values else {}
        return Mutant.write(self, organization, earlier.name, {**values, **joined})


class TornWrites(Mutant):
    """Values are written one by one: concurrent reads and writes come between."""

    kills = frozenset({"CON-04"})
    may_also_fail = frozenset({"CON-02", "CON-09"})  # where a delete comes in between
    flaky = frozenset({"CON-02", "CON-09"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        if self.find(organization, name) is None or len(values) == 1:
            return super().write(organization, name, values)
        for field, value in values.items():
            status, stored = super().write(organization, name, {KEY: name, field: value})
            sleep(uniform(0, WINDOW / 2))  # in step, the last writer would heal what the others tear
        return status, stored


class TornReads(Mutant):
    """A read fetches the costs after the rest: concurrent writes come between."""

    kills = frozenset({"CON-04"})
    window = WINDOW

    def read(self, request: Request) -> Response:
        first = super().read(request)
        sleep(self.window)
        costs = {name: value for name, value in super().read(request).body.items() if name.endswith("cost")}
        return replace(first, body={**first.body, **costs})


class ReadsCoalesced(Mutant):
    """A read waits for the same read in progress, whose response may be older than the request."""

    kills = frozenset({"CON-06"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.under_way: dict[object, _Flight] = {}

    def read(self, request: Request) -> Response:
        question = request.path, request.header("Authorization")
        with self.lock:
            flight = self.under_way.get(question)
            first = flight is None
            if flight is None:
                flight = self.under_way[question] = _Flight()
        if first:
            self.fly(flight, question, request)
        flight.landed.wait()
        if flight.error is not None:
            raise flight.error
        return flight.response

    def fly(self, flight: _Flight, question: object, request: Request) -> None:
        """Respond to a read, for all requests that wait for it."""
        try:
            flight.response = super().read(request)
            sleep(WINDOW)
        except HttpError as error:
            flight.error = error
        del self.under_way[question]
        flight.landed.set()


class _Flight:
    """A read in progress."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.response = Response(500)
        self.error: HttpError | None = None


class OrganizationInGlobalVariable(Mutant):
    """The organization is in a global variable, which a concurrent request changes."""

    kills = frozenset({"CON-08"})

    organization: str

    def admit(self, request: Request) -> tuple[Caller, Values]:
        caller, values = super().admit(request)
        self.organization = caller.organization
        sleep(WINDOW / 2)
        return replace(caller, organization=self.organization), values


class BodyInGlobalVariable(Mutant):
    """The body is in a global variable: concurrent requests all store the latest one."""

    kills = frozenset({"CON-05", "CON-07", "CON-08", "SCH-11"})

    values: Values

    def admit(self, request: Request) -> tuple[Caller, Values]:
        caller, self.values = super().admit(request)
        sleep(WINDOW)
        return caller, self.values


class UpdatesDeleteAndInsert(Mutant):
    """An update deletes the row and inserts another: a read between finds none."""

    kills = frozenset({"CON-04"})

    def save(self, organization: str, stored: Stored) -> None:
        if self.models.pop(self.address(organization, stored.name), None) is not None:
            sleep(4 * WINDOW)  # readers are quick, and come in few races only
        super().save(organization, stored)


class RacingDeleteReturns500(Mutant):
    """The later of two concurrent deletes finds nothing to delete and returns 500."""

    kills = frozenset({"STA-03"})

    def remove(self, organization: str, name: str) -> bool:
        if self.find(organization, name) is None:
            return False
        sleep(2 * WINDOW)
        del self.models[self.address(organization, name)]
        return True


class UpdateRevivesDeletedModel(Mutant):
    """An update writes back a model that was deleted meanwhile."""

    kills = frozenset({"CON-09"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        sleep(2 * WINDOW if earlier else 0)
        with self.lock:
            if earlier is not None and self.find(organization, name) is None:
                revived = self.upserted(earlier, name, values)
                self.save(organization, revived)
                return 200, revived
            return super().write(organization, name, values)


class DeleteRemovesNewModel(Mutant):
    """A delete finds its model and later deletes by name, even a model that was created meanwhile."""

    kills = frozenset({"CON-09"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        return (201 if (organization, name) in self.going else status), stored

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.going: set[Address] = set()

    def remove(self, organization: str, name: str) -> bool:
        address = self.address(organization, name)
        if self.find(organization, name) is None:
            return False
        self.going.add(address)
        sleep(4 * WINDOW)
        self.going.discard(address)
        return super().remove(organization, name)


class FieldsDeletedOneByOne(Mutant):
    """A delete removes the values first and the model later: reads come between."""

    kills = frozenset({"CON-02"})

    def remove(self, organization: str, name: str) -> bool:
        stored = self.find(organization, name)
        if stored is not None:
            self.save(organization, replace(stored, values={}))
            sleep(8 * WINDOW)
        return super().remove(organization, name)


class FlagsInOneColumn(Mutant):
    """Flags are bits of one number, which an update reads, changes and writes back without the lock."""

    kills = frozenset({"CON-05"})
    may_also_fail = frozenset({"CON-07"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        flags = {flag: earlier.values[flag] for flag in FLAGS if earlier and flag in earlier.values}
        if earlier and any(flag in values for flag in FLAGS):
            sleep(2 * WINDOW)
            return super().write(organization, name, {**flags, **values})
        return super().write(organization, name, values)


class FlagsWrittenLater(Mutant):
    """Flags are written by a second statement: concurrent writes come between."""

    kills = frozenset({"CON-04"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        flags = {flag: value for flag, value in values.items() if flag in FLAGS}
        others = {field: value for field, value in values.items() if field not in FLAGS}
        if not flags or self.find(organization, name) is None or len(others) == 1:
            return super().write(organization, name, values)
        super().write(organization, name, others)
        sleep(uniform(0, 2 * WINDOW))
        return super().write(organization, name, {KEY: name, **flags})


class ParametersWrittenLater(Mutant):
    """Parameters are written by a second statement: concurrent writes come between."""

    kills = frozenset({"CON-04"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        if OVERRIDE not in values or self.find(organization, name) is None or len(values) == 2:
            return super().write(organization, name, values)
        super().write(organization, name, {field: value for field, value in values.items() if field != OVERRIDE})
        sleep(uniform(0, 2 * WINDOW))
        return super().write(organization, name, {KEY: name, OVERRIDE: values[OVERRIDE]})


class BaseReadTwice(Mutant):
    """A derived model takes costs and the rest from two reads of its base model: updates come between."""

    kills = frozenset({"CON-04"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        returned = super().serialize(organization, stored)
        if BASE not in stored.values or stored.values[BASE] in self.fixtures.built_in_models:
            return returned
        sleep(4 * WINDOW)
        costs = {name: value for name, value in super().serialize(organization, stored).items() if name in COSTS}
        return {**returned, **costs}
