"""What a mutant is."""

from __future__ import annotations

from typing import ClassVar

from tests.servers.plain import PlainServer


class Mutant(PlainServer):
    """A server with one bug."""

    kills: ClassVar[frozenset[str]]
    """The requirements that detect the bug in a strict run. Every other requirement must be met."""

    may_also_fail: ClassVar[frozenset[str]] = frozenset()
    """Requirements that detect the bug only in some runs, because a race decides."""

    flaky: ClassVar[frozenset[str]] = frozenset()
    """Requirements whose failure may not repeat: the bug's effect outlives the check that caused it."""
