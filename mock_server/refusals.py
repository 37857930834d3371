"""What the mock says when it does not do what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Reasons: TypeAlias = str | Mapping[str, Sequence[str]]
"""One sentence, or a map from each field to what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is answered with a 4xx, and why."""

    status: int
    reasons: Reasons
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer: `{"detail": ...}`, or the map.

        >>> Refusal(404, "Not found.").body
        {'detail': 'Not found.'}
        """
        return {"detail": self.reasons} if isinstance(self.reasons, str) else dict(self.reasons)

    @property
    def line(self) -> str:
        """The reasons on one line, for a log.

        >>> Refusal(400, {"input_cost": ["Expected a number, got null."]}).line
        'input_cost: Expected a number, got null.'
        """
        if isinstance(self.reasons, str):
            return self.reasons
        return " ".join(f"{name}: {' '.join(messages)}" for name, messages in self.reasons.items())


class RefusedError(Exception):
    """Carries a refusal out of whatever part of the app decides it. The client is at fault."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.line)
        self.refusal = refusal

    @property
    def status(self) -> int:
        """The name under which Connexion looks for the status of an error."""
        return self.refusal.status


def refused(status: int, reasons: Reasons, **headers: str) -> RefusedError:
    """A refusal ready to raise; `WWW_Authenticate="..."` is the header WWW-Authenticate."""
    return RefusedError(Refusal(status, reasons, {name.replace("_", "-"): value for name, value in headers.items()}))
