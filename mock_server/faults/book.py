"""Keeps the rules, in the order in which they are asked, and counts how often each has acted.

A rule that can never meet a request of the API is an error. Rules may come from a file: a mapping with the one key
`faults`, a list.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from contract import Contract, Problem, UnusableFileError, read_mapping
from contract.pointer import to_pointer
from mock_server.errors import alternatives, nearest, quoted
from mock_server.faults.rule import SCHEMA, Rule, RuleError, rule
from mock_server.fixtures import Fixtures
from mock_server.strict_json import bytes_of
from mock_server.validation import Validator

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


_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
_PARAMETER = re.compile(r"\{[^{}]+\}")
_ONE = "any one"
"""Stands in a glob for any one character: a parameter is never empty."""


class Reach:
    """The organizations, paths and names that requests can have."""

    def __init__(self, contract: Contract, fixtures: Fixtures) -> None:
        self._key = contract.upsert.key
        self._organizations: Collection[str] = fixtures.organizations
        self._paths = [*contract.document["paths"]]
        self._names = Validator({"properties": {self._key: contract.upsert.request[self._key].schema}})

    def check(self, rule: Rule) -> None:
        """Raise the RuleError of a rule that no request can meet. A model need not exist yet."""
        for member, what, hint in self._problems(rule):
            raise RuleError(what, hint, [member])

    def _problems(self, rule: Rule) -> Iterator[tuple[str, str, str]]:
        if rule.method is not None and rule.method not in _METHODS and (near := nearest(rule.method, _METHODS)):
            yield "method", f"{rule.method} is not a method of HTTP", f"did you mean {near}?"
        if rule.organization is not None and rule.organization not in self._organizations:
            what = f"there is no organization {quoted(rule.organization)}"
            yield "organization", what, _named(rule.organization, self._organizations)
        if rule.path is not None and not any(_can_match(rule.path, template) for template in self._paths):
            paths = alternatives(self._paths)
            what = f"no path of the contract is like {quoted(rule.path)}"
            yield "path", what, f"give a path such as {paths}; * stands for any characters"
        if rule.model is not None:
            for error in self._names.errors({self._key: rule.model}):
                what = f"no model can have the name {quoted(rule.model)}: {error.message.rstrip('.')}"
                yield "model", what, f"give a name that the contract allows as {self._key}"


def _named(word: str, known: Collection[str]) -> str:
    near = nearest(word, known)
    return f"did you mean {near}? Else name {alternatives(known)}" if near else f"name {alternatives(known)}"


def _can_match(pattern: str, template: str) -> bool:
    """Whether a path of `template` can be like `pattern`, as it is sent or decoded.

    >>> _can_match("/api/models/*", "/api/models/{name}/"), _can_match("/api/model/*", "/api/models/{name}/")
    (True, False)
    """
    wanted = _Glob.of_template(template)
    return any(_Glob.of_pattern(each).meets(wanted) for each in {pattern, unquote(pattern, errors="surrogateescape")})


class _Glob:
    """Characters, in which None stands for any number of them, and _ONE for one."""

    def __init__(self, parts: list[str | None]) -> None:
        self.parts = parts

    @classmethod
    def of_pattern(cls, pattern: str) -> _Glob:
        return cls([None if character == "*" else character for character in pattern])

    @classmethod
    def of_template(cls, template: str) -> _Glob:
        literals = _PARAMETER.split(template)
        parts: list[str | None] = [*literals[0]]
        for literal in literals[1:]:
            parts += [_ONE, None, *literal]
        return cls(parts)

    def meets(self, other: _Glob) -> bool:
        """Whether one text is like both."""
        ours, theirs = self.parts, other.parts
        reached = {0}
        for part in [*ours, ""]:
            reached = self._with_gaps(reached, theirs)
            if part == "":
                break
            reached = self._after(part, reached, theirs)
        return len(theirs) in reached

    @staticmethod
    def _with_gaps(reached: set[int], theirs: list[str | None]) -> set[int]:
        """Those places too that are reached where a gap of theirs is empty."""
        grown = set(reached)
        for place in range(len(theirs)):
            if place in grown and theirs[place] is None:
                grown.add(place + 1)
        return grown

    @staticmethod
    def _after(part: str | None, reached: set[int], theirs: list[str | None]) -> set[int]:
        """The places in theirs that are reached by one more part of ours."""
        if not reached:
            return reached
        if part is None:
            return set(range(min(reached), len(theirs) + 1))
        return {
            place if theirs[place] is None else place + 1
            for place in reached
            if place < len(theirs) and theirs[place] in (None, _ONE, part)
        }


_SCHEMA = {
    "type": "object",
    "required": ["faults"],
    "additionalProperties": False,
    "properties": {"faults": {"type": "array", "maxItems": MOST, "items": SCHEMA}},
}


class FaultsError(UnusableFileError):
    """The rules cannot be used."""

    subject = "the faults file"


def read_faults(path: Path, reach: Reach | None = None) -> list[Mapping[str, Any]]:
    """Return the rules in a YAML or JSON file, as they are written.

    Raises FaultsError, which lists every problem; `reach` finds the rules that no request can meet.
    """
    try:
        written = read_mapping(path)
    except UnusableFileError as error:
        raise FaultsError(error.file, error.problems) from None
    if problems := problems_of(written, reach):
        raise FaultsError(str(path), problems)
    return list(written["faults"])


def problems_of(written: Mapping[str, Any], reach: Reach | None = None) -> list[Problem]:
    """What is wrong with a mapping of the one key `faults`; `reach` finds the rules that no request can meet."""
    return [*_malformed(written)] or [*_contradictory(written["faults"], reach)]


def _malformed(written: Mapping[str, Any]) -> Iterator[Problem]:
    for error in Validator(_SCHEMA).errors(written):
        hint = f"expected {error.expected}; faults/fault.schema.json describes a rule"
        yield Problem(f"#{error.pointer}", error.message, hint)


def _contradictory(written: list[Mapping[str, Any]], reach: Reach | None) -> Iterator[Problem]:
    taken: set[str] = set()
    for number, each in enumerate(written):
        name = each.get("id")
        if name in taken:
            yield Problem(f"#/faults/{number}/id", f"the id {name} is taken", "give another")
        taken |= {name} if name else set()
        try:
            read = rule(each)
            if reach:
                reach.check(read)
        except RuleError as error:
            yield Problem(to_pointer(("faults", number, *error.at)), error.what, error.hint)
