"""Checks that pick refusals by their labels pick ones that exist."""

from __future__ import annotations

from conformance.checks.invalid_requests import REFUSED
from conformance.checks.test_idm_rejected import LATE
from contract import load


def test_late_refusals_are_known() -> None:
    assert REFUSED(load()).keys() > LATE
