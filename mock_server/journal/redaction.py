"""Keeps secrets out of what is shown of a request."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

HIDDEN = "[redacted]"

_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api-?key|credential|session", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(
    r"token|secret|password|passwd|api[-_]?key|^key$|credential|session|^sig(nature)?$|^auth|^code$|jwt", re.IGNORECASE
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*(?= +\S)")


def header(name: str, value: str) -> str:
    """The value of a header without its secrets. Of credentials the scheme stays.

    >>> header("authorization", "Bearer demo-acme"), header("accept", "*/*")
    ('Bearer [redacted]', '*/*')
    """
    if not _SECRET_HEADER.search(name) or "authenticate" in name.lower():
        return _JWT.sub(HIDDEN, value)
    scheme = _SCHEME.match(value.strip()) if "authorization" in name.lower() else None
    return f"{scheme[0]} {HIDDEN}" if scheme else HIDDEN


def query(text: str) -> str:
    """A query without the values of parameters that carry secrets.

    >>> query("page=2&access_token=abc")
    'page=2&access_token=[redacted]'
    """
    return _JWT.sub(HIDDEN, "&".join(map(_parameter, text.split("&"))))


def path(text: str) -> str:
    """A path without tokens in it."""
    return _JWT.sub(HIDDEN, text)


def _parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    return f"{name}={HIDDEN}" if equals and value and _SECRET_PARAMETER.search(unquote_plus(name)) else text
