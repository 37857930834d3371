"""The secrets that a mock knows from its start."""

from __future__ import annotations

from contract import Contract
from mock_server.callers.fixtures import Fixtures
from mock_server.hiding.redaction import Redaction
from mock_server.hiding.secret_names import declared_secrets


def redaction_for(contract: Contract, fixtures: Fixtures, admin_token: str | None = None) -> Redaction:
    """Return what hides the keys and the secret of the fixtures, the admin token, and what the contract declares."""
    known = [*fixtures.keys, fixtures.dashboard.secret, *([admin_token] if admin_token else [])]
    return Redaction(declared_secrets(contract.document), known)
