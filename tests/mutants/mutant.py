"""What a mutant is."""

from __future__ import annotations

from typing import ClassVar

from tests.servers.plain import PlainServer


class Mutant(PlainServer):
    """A server with one bug."""

    trips: ClassVar[frozenset[str]]
    """The requirements that a strict run finds unmet, and no others."""

    survives: ClassVar[str] = ""
    """Why the suite does not find exactly this yet; empty where it does."""
