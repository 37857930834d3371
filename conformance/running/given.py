"""What the command and `check` hand to the plugin, where pytest's own options would tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.running.target import App

if TYPE_CHECKING:
    from conformance.running.run import Run


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Given:
    """A run, and the application that it checks where no import path leads to it. Registered as a plugin of pytest."""

    run: Run
    app: App | None = None
