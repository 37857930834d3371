"""Checks that pick invalid requests by their labels pick ones that exist."""

from __future__ import annotations

from conformance.checks.invalid_requests import INVALID_REQUESTS
from conformance.checks.test_idm_rejected import LATE
from contract import load


def test_late_requests_exist() -> None:
    assert INVALID_REQUESTS(load()).keys() > LATE
