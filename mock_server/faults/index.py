"""Finds the rules that a request matches without a look at each of them: there may be a thousand.

Rules with equal conditions form a group, apart from their model, which is a key in the group. A group is found by path,
method and organization. So a request is compared with each path that has a wildcard, and otherwise only looks up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeAlias

from mock_server.faults.rules import ActiveRule


class Request(Protocol):
    """What the conditions of rules are about."""

    @property
    def method(self) -> str:
        """The method."""

    @property
    def paths(self) -> set[str]:
        """The path as it was sent, and decoded."""

    @property
    def organization(self) -> str | None:
        """The organization of the credentials."""

    def has_path(self, pattern: str) -> bool:
        """Return whether the path matches a pattern, as sent or decoded."""

    async def model(self) -> object:
        """Return the model name in the path, or else in the body."""


@dataclass(slots=True)
class _Group:
    """The places, in the order of all rules, of those with the same conditions apart from their model."""

    of_any: list[int] = field(default_factory=list)
    """Those that apply to every model."""
    of_one: dict[str, list[int]] = field(default_factory=dict)
    """The others, by model, the earliest first."""

    @property
    def named(self) -> Iterator[int]:
        """The places of all rules that name a model, an earliest one first."""
        return (place for places in self.of_one.values() for place in places)


_Groups: TypeAlias = dict[tuple[str | None, str | None], _Group]
"""The groups of a path, by method and organization."""


class RuleIndex:
    """The active `rules`, by their conditions."""

    def __init__(self, rules: Sequence[ActiveRule]) -> None:
        self.rules = rules
        self._by_path: dict[str, _Groups] = {}
        self._by_pattern: dict[str | None, _Groups] = {}
        self._has_organizations = any(each.rule.organization is not None for each in rules)
        for place, active in enumerate(rules):
            rule = active.rule
            if rule.path is None or "*" in rule.path:
                groups = self._by_pattern.setdefault(rule.path, {})
            else:
                groups = self._by_path.setdefault(rule.path, {})
            group = groups.setdefault((rule.method, rule.organization), _Group())
            places = group.of_any if rule.model is None else group.of_one.setdefault(rule.model, [])
            places.append(place)

    async def matching(self, request: Request) -> AsyncIterator[ActiveRule]:
        """Yield the rules that the request matches, in their order; perhaps without those that are exhausted.

        The model of the request, which may be in its body, is looked up when the first rule about a model has its turn.
        """
        groups = [*self._groups(request)]
        turns: list[tuple[int, _Group | None]] = [(place, None) for group in groups for place in group.of_any]
        turns += [(next(each.named), each) for each in groups if self._can_apply(each)]
        heapify(turns)
        while turns:
            place, about_models = heappop(turns)
            if about_models is None:
                yield self.rules[place]
                continue
            model = await request.model()
            for named in about_models.of_one.get(model, ()) if isinstance(model, str) else ():
                heappush(turns, (named, None))

    def _can_apply(self, group: _Group) -> bool:
        """Return whether a rule that names a model is not exhausted."""
        return any(not self.rules[place].is_exhausted for place in group.named)

    def _groups(self, request: Request) -> Iterator[_Group]:
        """Yield the groups whose path, method and organization are those of the request."""
        found = [self._by_path[path] for path in request.paths if path in self._by_path]
        found += [it for pattern, it in self._by_pattern.items() if pattern is None or request.has_path(pattern)]
        organizations = (None, request.organization) if self._has_organizations and found else (None,)
        keys = dict.fromkeys((method, name) for method in (None, request.method) for name in organizations)
        return (groups[key] for groups in found for key in keys if key in groups)
