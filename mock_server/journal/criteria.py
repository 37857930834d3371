"""Which exchanges somebody asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mock_server.http.grammar import WORD
from mock_server.http.routing import matches_path
from mock_server.journal.exchange import Exchange
from mock_server.refusing.wording import quoted

STATUS_PATTERN = "[1-5](?:[0-9]{2}|[xX]{2})"
"""A status, or a class of statuses."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What an exchange has to be like. What is None does not matter.

    >>> Criteria(status="teapot")
    Traceback (most recent call last):
    ValueError: 'teapot' is neither a status such as 404 nor a class such as 4xx
    """

    method: str | None = None
    """In capitals or not."""
    path: str | None = None
    """The path as it was sent, or decoded; `*` stands for any characters, slashes too, and nothing else does."""
    status: str | None = None
    """`404`, or `4xx` for any of its class."""
    organization: str | None = None
    refused: bool | None = None
    after: int = 0
    """Only those of a higher number."""

    def __post_init__(self) -> None:
        if self.status is not None and not re.fullmatch(STATUS_PATTERN, self.status):
            raise ValueError(f"{self.status!r} is neither a status such as 404 nor a class such as 4xx")
        if self.path is not None and not self.path.startswith(("/", "*")):
            raise ValueError(f"no request has the path {quoted(self.path)}: begin it with a slash, or with *")
        if self.method is not None and not re.fullmatch(WORD, self.method):
            raise ValueError(f"no request has the method {quoted(self.method)}: give one such as POST")

    def meets(self, exchange: Exchange) -> bool:
        """Whether `exchange` is like that."""
        return (
            exchange.id > self.after
            and (self.method is None or self.method.upper() == exchange.method)
            and self.organization in (None, exchange.organization)
            and self.refused in (None, exchange.refusal is not None)
            and (self.status is None or _has_status(exchange.status, self.status))
            and (self.path is None or matches_path(exchange.path, self.path))
        )


def _has_status(status: int, wanted: str) -> bool:
    return str(status) == wanted or (wanted[1:].lower() == "xx" and str(status // 100) == wanted[0])
