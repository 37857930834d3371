"""The active rules, in the order in which they apply, and how often each has been applied.

A rule that no request of the API can match is an error. Rules can come from a file: a mapping with the single key
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
"""Maximum number of rules: all of them may match a request."""
LARGEST = 1024 * 1024
"""Maximum bytes of JSON of all rules together."""


_SEEDS = random.Random()  # noqa: S311 - no secret


class ActiveRule:
    """A rule, and how often it has been applied."""

    def __init__(self, name: str, rule: Rule, seed: int | None) -> None:
        self.id = name
        self.rule = rule
        self.fired = 0
        self.key = ""
        """A name of this rule that no later one with its id has, if mocks share it."""
        self.bytes = bytes_of(rule.written)
        """The size of the rule as JSON."""
        # Each rule has its own generator, so that another rule does not change its choices. Random() would read random
        # bytes of the system, and release the GIL for a moment: with many rules so often that no other thread gets it.
        self.random = random.Random(_SEEDS.random() if seed is None else f"{seed} {name}")  # noqa: S311 - no secret

    @property
    def is_exhausted(self) -> bool:
        """Whether the rule has been applied `count` times."""
        return self.rule.count is not None and self.fired >= self.rule.count

    def try_to_fire(self) -> bool:
        """Decide whether to apply the rule to a matching request, and count it if so."""
        if self.is_exhausted or (self.rule.probability < 1 and self.random.random() >= self.rule.probability):
            return False
        self.fired += 1
        return True

    @property
    def as_json(self) -> dict[str, Any]:
        """The rule as the admin API returns it."""
        return {"id": self.id, **self.rule.written, "fired": self.fired}


class Faults:
    """The active rules. `initial` are the rules of the start, in JSON; with a `seed` their choices are repeatable.

    Raises RuleError for a rule that contradicts itself, or that the `checker` finds no request for.
    """

    def __init__(
        self, initial: Sequence[Mapping[str, Any]] = (), seed: int | None = None, checker: RuleChecker | None = None
    ) -> None:
        self._initial = initial
        self._initial_bytes = bytes_of(list(initial))
        self.seed = seed
        """The seed of random choices; None for different choices in each run."""
        self._checker = checker
        self.active: tuple[ActiveRule, ...] = ()
        self.restart()

    def restart(self) -> None:
        """Return to the initial rules. Counters and random choices restart."""
        self.replace(self._initial)

    def replace(self, written: Iterable[Mapping[str, Any]]) -> None:
        """Replace all rules, or change nothing and raise RuleError."""
        self.take(self.read(written))

    def read(self, written: Iterable[Mapping[str, Any]]) -> Sequence[ActiveRule]:
        """Return the active form of rules. Many or long rules take time. Raises RuleError."""
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
        """Read a rule and check that a request can match it. A long path takes time. Raises RuleError."""
        read = rule(written)
        if self._checker:
            self._checker.check(read)
        return read

    def add(self, written: Mapping[str, Any], read: Rule | None = None) -> ActiveRule:
        """Add a rule, or replace the one with its id. `read` is the result of `check`. Raises RuleError."""
        old = self.get(written["id"]) if "id" in written else None
        others = {each.id: each for each in self.active if each is not old}
        if len(others) >= max(MOST, len(self._initial)):
            raise RuleError(f"there are {len(others)} rules, which is the maximum", "delete some first")
        added = self._activated(written, others, map("f{}".format, count(1)), read)
        self.take([added if each is old else each for each in self.active] if old else [*others.values(), added])
        return added

    async def try_to_fire(self, rule: ActiveRule) -> bool:
        """Decide whether to apply the rule to a matching request, and count it if so."""
        return rule.try_to_fire()

    @property
    def bytes(self) -> int:
        """The size of all rules as JSON."""
        return sum(each.bytes for each in self.active)

    def take(self, rules: Iterable[ActiveRule]) -> None:
        """Make these the active rules. Raises RuleError if they are too large."""
        taken = tuple(rules)
        if sum(each.bytes for each in taken) > LARGEST + self._initial_bytes:
            raise RuleError(f"all rules together take more than {LARGEST} bytes of JSON", "give fewer or shorter ones")
        self.active = taken

    def get(self, name: str) -> ActiveRule | None:
        """Return the rule with that id, or None."""
        return next((each for each in self.active if each.id == name), None)

    def remove(self, name: str) -> bool:
        """Delete a rule. Return whether it existed."""
        before = len(self.active)
        self.active = tuple(each for each in self.active if each.id != name)
        return len(self.active) < before

    def _activated(
        self, written: Mapping[str, Any], taken: Container[str], unused: Iterator[str], read: Rule | None = None
    ) -> ActiveRule:
        """Read a rule. Without an id, it gets the first of the `unused` ids that is not `taken`."""
        read = read or self.check(written)
        name = written.get("id") or next(name for name in unused if name not in taken)
        if name in taken:
            raise RuleError(f"another rule has the id {name}", "choose another id", ["id"])
        return ActiveRule(name, read, self.seed)


_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
_PARAMETER = re.compile(r"\{[^{}]+\}")
_ONE = "any one"
"""Matches one arbitrary character in a glob: a path parameter is never empty."""


class RuleChecker:
    """Checks that some request of the API can match a rule."""

    def __init__(self, contract: Contract, fixtures: Fixtures) -> None:
        self._key = contract.upsert.key
        self._organizations: Collection[str] = fixtures.organizations
        self._paths = [*contract.document["paths"]]
        self._names = Validator({"properties": {self._key: contract.upsert.request[self._key].schema}})

    def check(self, rule: Rule) -> None:
        """Raise RuleError if no request can match the rule. A model need not exist yet."""
        for member, what, hint in self._problems(rule):
            raise RuleError(what, hint, [member])

    def _problems(self, rule: Rule) -> Iterator[tuple[str, str, str]]:
        if rule.method is not None and rule.method not in _METHODS and (near := nearest(rule.method, _METHODS)):
            yield "method", f"{rule.method} is not an HTTP method", f"did you mean {near}?"
        if rule.organization is not None and rule.organization not in self._organizations:
            what = f"there is no organization {quoted(rule.organization)}"
            yield "organization", what, _named(rule.organization, self._organizations)
        if rule.path is not None and not any(_can_match(rule.path, template) for template in self._paths):
            paths = alternatives(self._paths)
            what = f"no path of the contract matches {quoted(rule.path)}"
            yield "path", what, f"give a path such as {paths}; * matches any characters"
        if rule.model is not None:
            for error in self._names.errors({self._key: rule.model}):
                what = f"no model can have the name {quoted(rule.model)}: {error.message.rstrip('.')}"
                yield "model", what, f"give a name that the contract allows for {self._key}"


def _named(word: str, known: Collection[str]) -> str:
    near = nearest(word, known)
    return f"did you mean {near}? Known are {alternatives(known, 'and')}" if near else f"use {alternatives(known)}"


def _can_match(pattern: str, template: str) -> bool:
    """Return whether `pattern` can match a path of `template`, as sent or percent-decoded.

    >>> _can_match("/api/models/*", "/api/models/{name}/"), _can_match("/api/model/*", "/api/models/{name}/")
    (True, False)
    """
    wanted = _Glob.of_template(template)
    forms = {pattern, unquote(pattern, errors="surrogateescape")}
    return any(_Glob.of_pattern(each).overlaps(wanted) for each in forms)


class _Glob:
    """A list of characters, in which None matches any number of characters, and _ONE any one."""

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

    def overlaps(self, other: _Glob) -> bool:
        """Return whether some text matches both."""
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
        """Add the positions that are reached when a gap of theirs is empty."""
        grown = set(reached)
        for place in range(len(theirs)):
            if place in grown and theirs[place] is None:
                grown.add(place + 1)
        return grown

    @staticmethod
    def _after(part: str | None, reached: set[int], theirs: list[str | None]) -> set[int]:
        """Return the positions in theirs after one more part of ours."""
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
    """The faults file is invalid or cannot be read."""

    subject = "the faults file"


def read_faults(path: Path, checker: RuleChecker | None = None) -> list[Mapping[str, Any]]:
    """Return the rules in a YAML or JSON file, unchanged.

    Raises FaultsError, which lists every problem. `checker` finds the rules that no request can match.
    """
    try:
        written = read_mapping(path)
    except UnusableFileError as error:
        raise FaultsError(error.file, error.problems) from None
    if problems := problems_of(written, checker):
        raise FaultsError(str(path), problems)
    return list(written["faults"])


def problems_of(written: Mapping[str, Any], checker: RuleChecker | None = None) -> list[Problem]:
    """Return the problems of a mapping with the key `faults`. `checker` finds rules that no request can match."""
    return [*_malformed(written)] or [*_inconsistent(written["faults"], checker)]


def _malformed(written: Mapping[str, Any]) -> Iterator[Problem]:
    for error in Validator(_SCHEMA).errors(written):
        yield error.as_problem("faults/fault.schema.json describes a rule")


def _inconsistent(written: list[Mapping[str, Any]], checker: RuleChecker | None) -> Iterator[Problem]:
    taken: set[str] = set()
    for number, each in enumerate(written):
        name = each.get("id")
        if name in taken:
            yield Problem(f"#/faults/{number}/id", f"another rule has the id {name}", "choose another id")
        taken |= {name} if name else set()
        try:
            read = rule(each)
            if checker:
                checker.check(read)
        except RuleError as error:
            yield Problem(to_pointer(("faults", number, *error.at)), error.what, error.hint)
