"""The files that CONTRIBUTING and the documentation name exist, and so does what the example of a requirement uses."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["CONTRIBUTING.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_each_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:benchmarks|conformance|contract|docs|mock_server|tests)/[\w./]*)`", text))
    linked = {(Path(page).parent / link).as_posix() for link in re.findall(r"\]\(([\w-]*[./][\w./-]*)[)#]", text)}
    assert [each for each in named | linked if not (ROOT / each).exists()] == []


def test_each_module_that_a_command_runs_is_there() -> None:
    modules = re.findall(r"python -m ([\w.]+)", CONTRIBUTING)
    assert modules
    files = {each: [ROOT / f"{each.replace('.', '/')}{end}" for end in (".py", "/__main__.py")] for each in modules}
    assert [each for each in modules if not any(file.exists() for file in files[each])] == []


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL))
def test_an_example_uses_names_that_exist(example: str) -> None:
    product = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("conformance", "tests/mutants", "tests/servers")
        for file in (ROOT / folder).rglob("*.py")
    )
    names = {node.id for node in ast.walk(ast.parse("if 1:\n" + example)) if isinstance(node, ast.Name)}
    local = {"later", "seconds", "kills", "bytes", "dict", "str", "frozenset", "super"}
    assert [name for name in sorted(names - local) if not re.search(rf"\b{name}\b", product)] == []
