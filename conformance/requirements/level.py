"""How binding a requirement is, and the sections that requirements are laid out in."""

from __future__ import annotations

from enum import StrEnum


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
