"""Keeps the admin API from those on the network who do not know its token."""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.command.listening import is_loopback
from mock_server.settings import TOKEN_VARIABLE, Settings


class ExposedError(Exception):
    """Others could use the admin API. The user is at fault; the message says what to do."""


def check_exposure(settings: Settings, addresses: Iterable[str]) -> None:
    """Raise ExposedError where whoever reaches one of the IP `addresses` could use the admin API without a token."""
    if not settings.admin or settings.admin_token or all(map(is_loopback, addresses)):
        return
    raise ExposedError(
        f"others can reach the mock at {', '.join(settings.hosts)}, and with it the admin API: set a token for it with"
        f" --admin-token or the variable {TOKEN_VARIABLE}, or leave it out with --no-admin"
    )
