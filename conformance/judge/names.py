"""Which names of models a server has to take, and which reach it in a path."""

from __future__ import annotations

import re
import string
from types import MappingProxyType
from urllib.parse import quote

from conformance.judge.valid import valid
from contract import Schema

AT_THE_ENDS = {*string.ascii_letters, *string.digits, "_", "-"}
INSIDE = AT_THE_ENDS | {".", "/"}
LONGEST = 64
SIBLING_ROUTES = {"list", "summary", "public", "status"}
"""Last segments that are routes of their own at the vendor's."""
LONGEST_PATH = 1000
ONLY, EXAMPLE = "x-only-names", "x-name-of-a-run"
"""In the schema of the key: the pattern that the user says all names match, and a name that the run goes by."""
ANY: Schema = MappingProxyType({})


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


def is_plain(name: str, schema: Schema = ANY) -> bool:
    """Whether no reasonable server refuses the name: none whose names are of the schema, the one of the key."""
    return _reads_plainly(name, str(schema.get(EXAMPLE, ""))) and is_safe_in_path(name) and is_allowed(name, schema)


def is_allowed(name: str, schema: Schema) -> bool:
    """Whether the name is one of those that the target takes, by the schema of the key and by its user."""
    only = schema.get(ONLY)
    return (only is None or re.fullmatch(only, name) is not None) and (not schema or valid(schema, name))


def _reads_plainly(name: str, example: str) -> bool:
    """Whether it is of plain characters; what stands in a name that the run goes by is plain, too."""
    ends = {name[:1], name[-1:]} <= AT_THE_ENDS | {example[:1], example[-1:]}
    return 2 <= len(name) <= max(LONGEST, len(example)) and ends and set(name) <= INSIDE | set(example)
