"""The examples in the documentation of the pure modules are true."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = [
    "admin.guard",
    "clock",
    "display",
    "fault_options",
    "faults.rule",
    "fixtures",
    "http_grammar",
    "journal.criteria",
    "journal.curl",
    "journal.redaction",
    "json_schema",
    "preferences",
    "refusals",
    "sampling",
    "routing",
    "semantics",
    "strict_json",
    "validation",
    "violations",
    "wording",
]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    results = doctest.testmod(import_module(f"mock_server.{module}"))
    assert results.attempted
    assert not results.failed
