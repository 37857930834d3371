"""The name that a user most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """What an error adds about a name that is none: the nearest of those that there are, else `otherwise`."""
    near = closest(name, known)
    hint = f"did you mean {near}?" if near else otherwise
    return f"; {hint}" if hint else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The name that is spelled most like it, if any is spelled much like it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
