"""Which names of models a server has to take, and which reach it in a path."""

from __future__ import annotations

import re
from urllib.parse import quote

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
