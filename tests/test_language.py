"""Texts use the words of the glossary and not those that it replaced; docstrings of functions begin with a verb."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("contract", "mock_server", "conformance")
FOLDERS = (*PRODUCT, "tests", "benchmarks", "docs", "examples", "tools")
SUFFIXES = {".css", ".html", ".ini", ".jinja", ".js", ".json", ".md", ".mjs", ".py", ".toml", ".yaml"}

DENIED = {
    r"octets?": "bytes",
    r"mend(s|ed|ing)?": "fix, hint",
    r"anew": "again",
    r"(un)?lawful(ly)?": "allowed, conforming",
    r"curtail(s|ed)?": "the request budget is exhausted",
    r"heirs?": "derived model",
    r"rehears(e|es|ed|al)": "dry run",
    r"retrac(e|es|ed|ing)": "replay",
    r"stray": "unexpected",
    r"unsettl(e|es|ed)": "flaky",
    r"whoever": "anyone, a client that",
    r"to be had": "available",
    r"be it": "whether",
    r"in the midst": "within, during",
    r"left to chance|made up": "random, generated",
    r"(that|which) is (?-i:none)": "invalid, unknown, missing",
}
"""What not to write, and what to write instead."""

ALLOWED = {("CHANGELOG.md", "mend")}
"""Words that a file needs: the changelog names what was renamed."""

NO_VERBS = {
    *("a", "about", "all", "an", "another", "any", "as", "both", "each", "every", "for", "from", "how", "if", "in"),
    *("it", "its", "json", "no", "none", "not", "nothing", "one", "plain", "see", "some", "somebody", "something"),
    *("that", "the", "these", "this", "those", "two", "valid", "what", "when", "where", "whether", "which", "who"),
    *("whose", "why", "with", "without", "wrong"),
}
"""Words that docstrings of functions do not begin with."""


def texts() -> Iterator[Path]:
    """Yield the files that people write."""
    for folder in FOLDERS:
        yield from (file for file in (ROOT / folder).rglob("*") if file.suffix in SUFFIXES and _is_ours(file))
    yield from (file for file in ROOT.iterdir() if file.suffix in SUFFIXES)


def _is_ours(file: Path) -> bool:
    return file.is_file() and "node_modules" not in file.parts and file != Path(__file__)


@pytest.mark.parametrize("words", DENIED)
def test_replaced_words_are_not_used(words: str) -> None:
    pattern = re.compile(rf"(?<![\w-])({words})(?![\w-])", re.IGNORECASE)
    found = [
        f"{place}: {line.strip()}"
        for place, line in _lines()
        for match in pattern.finditer(line)
        if (place.partition(":")[0], match[0]) not in ALLOWED
    ]
    assert found == [], f"write instead: {DENIED[words]}"


@cache
def _lines() -> list[tuple[str, str]]:
    """Return each line of the texts, with its place."""
    return [
        (f"{file.relative_to(ROOT).as_posix()}:{number}", line)
        for file in texts()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    ]


@pytest.mark.parametrize("package", PRODUCT)
def test_docstrings_of_functions_begin_with_a_verb(package: str) -> None:
    found = [
        f"{file.relative_to(ROOT).as_posix()}:{function.lineno}: {first}"
        for file in sorted((ROOT / package).rglob("*.py"))
        for function in _functions(ast.parse(file.read_text(encoding="utf-8")))
        if not _is_verb(first := (ast.get_docstring(function) or "Return").split()[0].rstrip(",.:;"))
    ]
    assert found == [], "begin the docstring with a verb in the imperative, such as Return or Yield"


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions but for properties, and for checks: their docstrings are the texts of requirements."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = " ".join(ast.unparse(each) for each in node.decorator_list)
            if not re.search(r"property|\brequirement\(|\bevery_exchange\(", decorators):
                yield node


def _is_verb(word: str) -> bool:
    """Return whether a word may be a verb in the imperative: not a third person, a plural or a participle."""
    participle = word.endswith(("ing", "ed")) and word not in ("Bring", "Feed", "Need")
    plural = word.endswith("s") and not word.endswith(("ss", "us"))
    return word.isalpha() and word.lower() not in NO_VERBS and not participle and not plural
