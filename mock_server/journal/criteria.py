"""Which exchanges somebody asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mock_server.http.routing import matches_path
from mock_server.journal.exchange import Exchange

STATUS_PATTERN = "^([1-5][0-9]{2}|[1-5]xx)$"
"""A status, or a class of statuses."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What an exchange has to be like. What is None does not matter.

    >>> Criteria(status="teapot")
    Traceback (most recent call last):
    ValueError: 'teapot' is neither a status such as 404 nor a class such as 4xx
    """

    method: str | None = None
    path: str | None = None
    """The path as it was sent, or decoded; `*` stands for any characters, slashes too."""
    status: str | None = None
    """`404`, or `4xx` for any of its class."""
    organization: str | None = None
    refused: bool | None = None
    after: int = 0
    """Only those of a higher number."""

    def __post_init__(self) -> None:
        if self.status is not None and not re.match(STATUS_PATTERN, self.status):
            raise ValueError(f"{self.status!r} is neither a status such as 404 nor a class such as 4xx")

    def meets(self, exchange: Exchange) -> bool:
        """Whether `exchange` is like that."""
        return (
            exchange.id > self.after
            and self.method in (None, exchange.method)
            and self.organization in (None, exchange.organization)
            and self.refused in (None, exchange.refusal is not None)
            and (self.status is None or _has_status(exchange.status, self.status))
            and (self.path is None or matches_path(exchange.path, self.path))
        )


def _has_status(status: int, wanted: str) -> bool:
    return str(status) == wanted or (wanted.endswith("xx") and str(status // 100) == wanted[0])
