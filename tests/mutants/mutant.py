"""What a mutant is."""

from __future__ import annotations

from typing import ClassVar

from tests.servers.plain import PlainServer


class Mutant(PlainServer):
    """A server with one bug."""

    trips: ClassVar[frozenset[str]]
    """The requirements that a strict run finds unmet, and no others."""

    unsettles: ClassVar[frozenset[str]] = frozenset()
    """Requirements that may fail once and not again: the bug outlives the check that provoked it."""

    perhaps: ClassVar[frozenset[str]] = frozenset()
    """Requirements that find it too, where a race happens to go so that they can."""
