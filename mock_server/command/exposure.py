"""Keeps the admin API from those on the network who do not know its token."""

from __future__ import annotations

import ipaddress

from mock_server.settings import TOKEN_VARIABLE, Settings


class ExposedError(Exception):
    """Others could use the admin API. The user is at fault; the message says what to do."""


def check_exposure(settings: Settings, address: str) -> None:
    """Raise ExposedError where whoever reaches `address`, an IP address, could use the admin API without a token."""
    if not settings.admin or settings.admin_token or ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return
    raise ExposedError(
        f"others can reach the mock at {settings.host}, and with it the admin API: set a token for it with"
        f" --admin-token or the variable {TOKEN_VARIABLE}, or leave it out with --no-admin"
    )
