"""Names of the models that a run creates: of one prefix, unique to the run, in an order that a seed repeats."""

from __future__ import annotations

import itertools
import re
import secrets
import threading
from urllib.parse import quote

PREFIX = "rc-"
"""What the names of all runs start with."""
PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._/-]{0,62}[A-Za-z0-9_-]")
SIBLING_ROUTES = {"list", "summary", "public", "status"}
"""Last segments that are routes of their own at the vendor's."""
LONGEST_PATH = 1000


def is_safe_in_path(name: str) -> bool:
    """Whether a path with the name in it reaches the model, past every server and proxy on the way."""
    segments = name.split("/")
    return (
        not any(segment in ("", ".", "..") for segment in segments)
        and segments[-1] not in SIBLING_ROUTES
        and name.isprintable()
        and len(quote(name)) <= LONGEST_PATH
    )


def is_deletable(name: str) -> bool:
    """Whether a path with the name in it, percent-encoded throughout, leads to no other model than one of the run.

    Segments of dots would lead elsewhere, and the last segments that are routes to something else.
    """
    segments = name.split("/")
    return not any(segment in (".", "..") for segment in segments) and segments[-1] not in SIBLING_ROUTES


def is_plain(name: str) -> bool:
    """Whether no reasonable server refuses the name."""
    return PLAIN.fullmatch(name) is not None and is_safe_in_path(name)


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

    def fresh(self) -> str:
        """A name that nothing was called before."""
        with self._lock:
            return f"{self.run}-{self._worker}{next(self._counter)}"

    def found_in(self, text: str) -> list[str]:
        """The names of the run that stand in a text, in their order."""
        return self.pattern.findall(text)
