"""Says which rules can ever meet a request of the API that is served."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from contract import Contract
from mock_server.callers.fixtures import Fixtures
from mock_server.faults.rule import Rule, RuleError
from mock_server.refusing.validation import Validator
from mock_server.refusing.wording import alternatives, nearest, quoted

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
        for member, what, mend in self._problems(rule):
            raise RuleError(what, mend, [member])

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
            for violation in self._names.violations({self._key: rule.model}):
                what = f"no model can have the name {quoted(rule.model)}: {violation.message.rstrip('.')}"
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
