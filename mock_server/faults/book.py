"""Keeps the rules, in the order in which they are asked, and counts how often each has acted."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from mock_server.core.size import bytes_of
from mock_server.faults.reach import Reach
from mock_server.faults.rule import Rule, RuleError, rule

MOST = 1000
"""How many rules there can be: each request is compared with all of them."""
LARGEST = 1024 * 1024
"""Bytes of JSON that those may take together."""


class ActiveRule:
    """A rule at work."""

    def __init__(self, name: str, rule: Rule, seed: int | None) -> None:
        self.id = name
        self.rule = rule
        self.fired = 0
        self.bytes = bytes_of(rule.written)
        """How much JSON it is."""
        # Each has its own chance, so that one more rule changes nothing for the others.
        self.chance = random.Random() if seed is None else random.Random(f"{seed} {name}")  # noqa: S311 - no secret

    @property
    def is_spent(self) -> bool:
        """Whether it has acted as often as it may."""
        return self.rule.count is not None and self.fired >= self.rule.count

    def acts(self) -> bool:
        """Whether it acts on a request that matches. Counts it if so."""
        if self.is_spent or (self.rule.probability < 1 and self.chance.random() >= self.rule.probability):
            return False
        self.fired += 1
        return True

    @property
    def shown(self) -> dict[str, Any]:
        """The rule as JSON."""
        return {"id": self.id, **self.rule.written, "fired": self.fired}


class Faults:
    """The rules. `initial` are those of the start, as they are written; with a `seed` their choices can be repeated.

    A rule beyond `reach` is rejected, as is one that contradicts itself. Raises RuleError.
    """

    def __init__(
        self, initial: Sequence[Mapping[str, Any]] = (), seed: int | None = None, reach: Reach | None = None
    ) -> None:
        self._initial = initial
        self._initial_bytes = bytes_of(list(initial))
        self.seed = seed
        """What the choices are drawn from; None is something else each time."""
        self._reach = reach
        self.active: tuple[ActiveRule, ...] = ()
        self.restart()

    def restart(self) -> None:
        """Go back to the rules of the start; counts and choices begin anew."""
        self.replace(self._initial)

    def replace(self, written: Iterable[Mapping[str, Any]]) -> None:
        """Take these rules in place of all. Raises RuleError, and then nothing was changed."""
        self.take(self.read(written))

    def read(self, written: Iterable[Mapping[str, Any]]) -> Sequence[ActiveRule]:
        """Read rules, to be taken in place of all. It takes long where they are many or long. Raises RuleError."""
        rules = [*written]
        if len(rules) > max(MOST, len(self._initial)):
            raise RuleError(f"there are {len(rules)} rules", f"give at most {MOST}", ["faults"])
        named = {each["id"] for each in rules if isinstance(each, Mapping) and isinstance(each.get("id"), str)}
        fresh: dict[str, ActiveRule] = {}
        unused = (name for name in map("f{}".format, count(1)) if name not in named)  # each is tried once
        for number, each in enumerate(rules):
            try:
                added = self._activated(each, fresh, unused)
            except RuleError as error:
                raise error.within("faults", number) from None
            fresh[added.id] = added
        return tuple(fresh.values())

    def check(self, written: Mapping[str, Any]) -> Rule:
        """Read one rule that can be met. It takes long where its path is long. Raises RuleError."""
        read = rule(written)
        if self._reach:
            self._reach.check(read)
        return read

    def add(self, written: Mapping[str, Any], read: Rule | None = None) -> ActiveRule:
        """Take one more rule, or one in place of that of its id; `read` is what `check` gave. Raises RuleError."""
        old = self.get(written["id"]) if "id" in written else None
        others = {each.id: each for each in self.active if each is not old}
        if len(others) >= max(MOST, len(self._initial)):
            raise RuleError(f"there are {len(others)} rules already, and no more can be added", "remove some")
        added = self._activated(written, others, map("f{}".format, count(1)), read)
        self.take([added if each is old else each for each in self.active] if old else [*others.values(), added])
        return added

    @property
    def bytes(self) -> int:
        """How much JSON the rules are."""
        return sum(each.bytes for each in self.active)

    def take(self, rules: Iterable[ActiveRule]) -> None:
        """Have these rules. Raises RuleError where those that a client has given are too large."""
        taken = tuple(rules)
        if sum(each.bytes for each in taken) > LARGEST + self._initial_bytes:
            raise RuleError(f"all rules together take more than {LARGEST} bytes of JSON", "give fewer or shorter ones")
        self.active = taken

    def get(self, name: str) -> ActiveRule | None:
        """The rule of that id, or None."""
        return next((each for each in self.active if each.id == name), None)

    def remove(self, name: str) -> bool:
        """Drop a rule. Whether it was there."""
        before = len(self.active)
        self.active = tuple(each for each in self.active if each.id != name)
        return len(self.active) < before

    def _activated(
        self, written: Mapping[str, Any], taken: Container[str], unused: Iterator[str], read: Rule | None = None
    ) -> ActiveRule:
        """Read a rule. Where it has no id, it gets the first of the `unused` that is not `taken`."""
        read = read or self.check(written)
        name = written.get("id") or next(name for name in unused if name not in taken)
        if name in taken:
            raise RuleError(f"the id {name} is taken", "give another", ["id"])
        return ActiveRule(name, read, self.seed)
