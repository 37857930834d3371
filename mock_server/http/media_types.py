"""Media types, as a contract and a request write them."""

from __future__ import annotations


def essence(media_type: str) -> str:
    """Return a media type in lower case, without its parameters.

    >>> essence("Application/JSON; charset=utf-8")
    'application/json'
    """
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether bodies of the media type are JSON (RFC 6839, section 3.1, for the suffix).

    >>> is_json("application/problem+json"), is_json("text/csv")
    (True, False)
    """
    name = essence(media_type)
    return name == "application/json" or name.endswith("+json")
