"""What the mock says when it does not do what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mock_server.refusing.violations import Violation

WHOLE = "detail"
"""The member of the body that says what is wrong with the request as a whole."""

_A_VIOLATION = 512
"""What a violation takes beside its long texts."""

Reasons: TypeAlias = str | tuple[Violation, ...]
"""The rules that the request breaks, or one sentence where there is no more to tell."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is answered with a 4xx, and why."""

    status: int
    reasons: Reasons
    headers: Mapping[str, str] = field(default_factory=dict)
    by_field: bool = False
    """Whether the answer is a map from each field of the body to what is wrong with it."""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The rules that the request breaks, as values."""
        return () if isinstance(self.reasons, str) else self.reasons

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer: `{"detail": ...}`, or a map from each field to its messages.

        >>> Refusal(404, "Not found.").body
        {'detail': 'Not found.'}
        """
        if self.by_field and any(each.in_a_field for each in self.violations):
            return self._map
        return {WHOLE: self.line}

    @property
    def bytes(self) -> int:
        """What it takes in memory, about."""
        if isinstance(self.reasons, str):
            return len(self.reasons)
        return sum(
            _A_VIOLATION + len(each.message) + len(each.pointer or "") + len(each.field or "") for each in self.reasons
        )

    @property
    def _map(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.violations:
            found.setdefault(each.field or WHOLE, []).append(each.message)
        return found

    @property
    def line(self) -> str:
        """The reasons on one line.

        >>> from mock_server.refusing.violations import Part
        >>> message = "This field is required."
        >>> Refusal(400, (Violation(Part.BODY, "name", "required", "a value", "nothing", message),)).line
        'name: This field is required.'
        """
        return self.reasons if isinstance(self.reasons, str) else " ".join(each.sentence for each in self.reasons)


def without_secrets(refusal: Refusal, hide: Callable[[str], str]) -> Refusal:
    """Return the refusal with `hide` applied to every text that may repeat something of the request."""
    if isinstance(refusal.reasons, str):
        return replace(refusal, reasons=hide(refusal.reasons))
    return replace(refusal, reasons=tuple(_hidden(each, hide) for each in refusal.reasons))


def _hidden(violation: Violation, hide: Callable[[str], str]) -> Violation:
    return replace(
        violation,
        field=hide(violation.field) if violation.field else violation.field,
        expected=hide(violation.expected),
        got=hide(violation.got),
        message=hide(violation.message),
        pointer=hide(violation.pointer) if violation.pointer else violation.pointer,
    )


class RefusedError(Exception):
    """Carries a refusal out of whatever part of the app decides it. The client is at fault."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.line)
        self.refusal = refusal

    @property
    def status(self) -> int:
        """The name under which Connexion looks for the status of an error."""
        return self.refusal.status


def refused(status: int, reason: str | Violation, **headers: str) -> RefusedError:
    """A refusal ready to raise; `WWW_Authenticate="..."` is the header WWW-Authenticate."""
    reasons = reason if isinstance(reason, str) else (reason,)
    return RefusedError(Refusal(status, reasons, {name.replace("_", "-"): value for name, value in headers.items()}))
