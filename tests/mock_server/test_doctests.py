"""The examples in the documentation of the pure modules are true."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

MOCK = Path(__file__).parents[2] / "docs" / "mock.md"
MODULES = [
    "admin.guard",
    "callers.fixtures",
    "command.fault_options",
    "core.clock",
    "core.display",
    "core.upsert",
    "faults.rule",
    "http.grammar",
    "http.routing",
    "http.strict_json",
    "journal.criteria",
    "journal.curl",
    "journal.redaction",
    "journal.secret_names",
    "preferring.preferences",
    "preferring.sampling",
    "refusing.json_schema",
    "refusing.refusals",
    "refusing.validation",
    "refusing.violations",
    "refusing.wording",
    "testing.server",
]


def test_examples_of_the_documentation() -> None:
    blocks = re.findall(r"^```python\n(>>> .*?)^```", MOCK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, MOCK.name, str(MOCK), 0)
    results = doctest.DocTestRunner().run(test)
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    results = doctest.testmod(import_module(f"mock_server.{module}"))
    assert results.attempted
    assert not results.failed
