"""How the API behaves, beyond what the contract says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mock_server.core.clock import Clock, RealClock
from mock_server.faults.book import Faults
from mock_server.handlers import Changed
from mock_server.journal.recording import Note


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the API behaves beyond what the contract says."""

    origins: Sequence[str] = ("*",)
    """The web origins whose pages may call it, `*` for any."""
    seed: str = ""
    """Decides what is made up for those who ask for it."""
    check_responses: bool = False
    """Whether each answer is judged by the contract before it is sent."""
    clock: Clock = field(default_factory=RealClock)
    faults: Faults | None = None
    """How it fails; None is never, at no cost."""
    note: Note | None = None
    """Called with each exchange."""
    changed: Changed | None = None
    """Called with each model that a request has changed."""
    largest_model: int | None = None
    """Bytes of JSON that a stored model may take; None is any number."""
