"""Names of the models that a run creates: of one prefix, unique to the run, in an order that a seed repeats."""

from __future__ import annotations

import itertools
import re
import secrets
import threading

PREFIX = "rc-"
"""What the names of all runs start with."""
RUN_PREFIX = re.compile(rf"{PREFIX}[0-9a-f]{{8}}")
"""What the names of one run start with."""


def new_prefix() -> str:
    """What all names of a run start with. Random, so that runs never meet, whatever their seed."""
    return f"{PREFIX}{secrets.token_hex(4)}"


class Names:
    """Hands out names. Each is plain: letters, digits and hyphens, under 64 characters."""

    def __init__(self, worker: str = "", run: str | None = None) -> None:
        self.run = run or new_prefix()
        """What all names of the run start with."""
        self.pattern = re.compile(rf"{self.run}-(?:\d+-)?\d+")
        """Any name of the run, in whatever text it stands."""
        self._worker = worker
        self._counter = itertools.count(1)
        self._lock = threading.Lock()
        self.drawn: list[str] = []
        """Every name that was handed out, in turn."""

    def fresh(self) -> str:
        """A name that nothing was called before."""
        with self._lock:
            self.drawn.append(f"{self.run}-{self._worker}{next(self._counter)}")
            return self.drawn[-1]

    def found_in(self, text: str) -> list[str]:
        """The names of the run that stand in a text, in their order."""
        return self.pattern.findall(text)
