"""The levels of requirements, the sections that they are listed in, and the stages that their checks run in."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(StrEnum):
    """How binding a requirement is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    OPEN = "OPEN"
    """Left open by the contract: observed, never judged."""


MUST, SHOULD, OPEN = Level.MUST, Level.SHOULD, Level.OPEN

SECTIONS = {
    "SCH": "Responses",
    "STA": "Statuses",
    "IDM": "Idempotency and state",
    "SEM": "Inheritance, overrides and providers",
    "TEN": "Organizations",
    "AUT": "Authentication",
    "CON": "Concurrency",
    "MOD": "Model-based",
}


class Stage(IntEnum):
    """When a check runs. Within a stage, checks run by file, in alphabetical order."""

    DIRECTED = 1
    CLOSING = 2
    """After every directed check."""
    GENERATED = 3
    """After all others, with the requests of the budget that they leave."""
