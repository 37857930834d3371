"""How well a fact of the contract is known, and what level of requirement it can carry."""

from __future__ import annotations

from enum import IntEnum


class Known(IntEnum):
    """The marks of `x-known`, from the weakest to the strongest."""

    OPEN = 0
    """A server may do either; nothing is judged."""
    ASSUMED = 1
    """Our decision; a vendor may differ. Carries a SHOULD."""
    STANDARD = 2
    """An HTTP or JSON standard says it. Carries a MUST, as do the next two."""
    PUBLISHED = 3
    """The vendor's other material for the same revision says it."""
    STATED = 4
    """The vendor's reference page says it."""

    @property
    def word(self) -> str:
        """The mark as `x-known` spells it."""
        return self.name.lower()

    @property
    def binds(self) -> bool:
        """Whether a server that differs is wrong (MUST), not merely different."""
        return self >= Known.STANDARD

    @classmethod
    def words(cls) -> list[str]:
        """Every mark as `x-known` spells it, the strongest first."""
        return [mark.word for mark in sorted(cls, reverse=True)]
