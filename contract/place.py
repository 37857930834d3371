"""A cursor over a resolved document that knows the way it came, and notes what is found there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contract.document import Document
from contract.errors import Problem
from contract.known import Known
from contract.pointer import ABSENT, Token, Tokens, node_at

UNMARKED = Known.STATED
"""A contract that gives no mark states what it says."""


@dataclass(slots=True)
class Findings:
    """What a reading of a document brings to light."""

    problems: list[Problem] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    """Pointers of the extensions that had an effect."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a document, and the way to it."""

    document: Document
    findings: Findings
    tokens: Tokens
    node: Any
    """ABSENT where the way leads to nothing."""

    @classmethod
    def root_of(cls, document: Document, findings: Findings) -> Place:
        return cls(document, findings, (), document.resolved)

    @property
    def root(self) -> Place:
        """The place of the whole document."""
        return Place.root_of(self.document, self.findings)

    @property
    def exists(self) -> bool:
        return self.node is not ABSENT

    @property
    def name(self) -> str:
        """The last step of the way."""
        return str(self.tokens[-1])

    @property
    def pointer(self) -> str:
        """Where the node is written, or the nearest one that exists."""
        return self.document.pointer(self.tokens)

    def at(self, *tokens: Token) -> Place:
        """The place that `tokens` lead to from here."""
        return Place(self.document, self.findings, (*self.tokens, *tokens), node_at(self.node, tokens))

    def children(self) -> Iterator[Place]:
        """The places below, where this is a mapping or a list."""
        if isinstance(self.node, dict):
            yield from (self.at(name) for name in self.node)
        elif isinstance(self.node, list):
            yield from (self.at(index) for index in range(len(self.node)))

    def extension(self, name: str) -> Place:
        """The place of the extension of that name, noted as read where it exists."""
        place = self.at(name)
        if place.exists:
            self.findings.read.add(place.pointer)
        return place

    def known(self, member: str | None = None) -> Known:
        """The `x-known` of this node, or of one member where the node is an extension that marks them one by one.

        That such an extension stands here at all is as well known as the best known of its members.
        """
        mark = self.at("x-known").node
        if isinstance(mark, dict):
            marks = mark.values() if member is None else [word for name, word in mark.items() if name == member]
            return max((Known[word.upper()] for word in marks), default=UNMARKED)
        return UNMARKED if mark is ABSENT else Known[mark.upper()]

    def problem(self, what: str, mend: str) -> None:
        """Note that something is wrong here."""
        self.findings.problems.append(Problem(self.pointer, what, mend))
