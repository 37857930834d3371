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
    "testing.server",
    "validation",
    "violations",
    "wording",
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
