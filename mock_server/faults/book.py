"""Keeps the rules, in the order in which they are asked, and counts how often each has acted."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import count
from typing import Any

from mock_server.faults.reach import Reach
from mock_server.faults.rule import Rule, RuleError, rule

MOST = 1000
"""How many rules there can be: each request is compared with all of them."""


class ActiveRule:
    """A rule at work."""

    def __init__(self, name: str, rule: Rule, seed: int | None) -> None:
        self.id = name
        self.rule = rule
        self.fired = 0
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
        rules = [*written]
        if len(rules) > MOST:
            raise RuleError(f"there are {len(rules)} rules", f"give at most {MOST}", ["faults"])
        named = {each["id"] for each in rules if isinstance(each, Mapping) and isinstance(each.get("id"), str)}
        fresh: tuple[ActiveRule, ...] = ()
        for number, each in enumerate(rules):
            try:
                fresh = (*fresh, self._activated(each, {rule.id for rule in fresh}, named))
            except RuleError as error:
                raise error.within("faults", number) from None
        self.active = fresh

    def add(self, written: Mapping[str, Any]) -> ActiveRule:
        """Take one more rule, or one in place of that of its id. Raises RuleError."""
        old = self.get(written["id"]) if "id" in written else None
        others = tuple(each for each in self.active if each is not old)
        if len(others) >= MOST:
            raise RuleError(f"there are {MOST} rules already, and no more can be added", "remove some")
        added = self._activated(written, {each.id for each in others})
        self.active = tuple(added if each is old else each for each in self.active) if old else (*others, added)
        return added

    def get(self, name: str) -> ActiveRule | None:
        """The rule of that id, or None."""
        return next((each for each in self.active if each.id == name), None)

    def remove(self, name: str) -> bool:
        """Drop a rule. Whether it was there."""
        before = len(self.active)
        self.active = tuple(each for each in self.active if each.id != name)
        return len(self.active) < before

    def _activated(self, written: Mapping[str, Any], taken: Set[str], kept: Set[str] = frozenset()) -> ActiveRule:
        """Read a rule. Where it has no id, it gets one that is not `taken`, and not `kept` for another."""
        read = rule(written)
        if self._reach:
            self._reach.check(read)
        unused = (name for name in map("f{}".format, count(1)) if name not in taken and name not in kept)
        name = written.get("id") or next(unused)
        if name in taken:
            raise RuleError(f"the id {name} is taken", "give another", ["id"])
        return ActiveRule(name, read, self.seed)
