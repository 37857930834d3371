"""The examples in the documentation and in the docstrings are true."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOCK = ROOT / "docs" / "mock.md"
MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in (ROOT / "mock_server").rglob("*.py")
    if re.search(r"^ +>>> ", file.read_text(encoding="utf-8"), re.MULTILINE)
)


def test_examples_of_the_documentation() -> None:
    blocks = re.findall(r"^```python\n(>>> .*?)^```", MOCK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, MOCK.name, str(MOCK), 0)
    results = doctest.DocTestRunner().run(test)
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    results = doctest.testmod(import_module(module))
    assert results.attempted
    assert not results.failed
