"""Files that are not YAML, or whose values JSON does not have, are rejected."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.conftest import ProblemsOf

SHALLOW, DEEP = 100, 101


def nested(depth: int) -> bytes:
    """Return a mapping whose deepest value is `depth` levels down."""
    return b"x: " + b"[" * (depth - 1) + b"0" + b"]" * (depth - 1)


UNREADABLE = {
    "syntax error": (b"openapi: [\n", "#", "is not YAML: line 2, column 1: ", "correct the YAML there"),
    "tab": (b"info:\n\ttitle: x", "#", "is not YAML: line 2, column 1: ", "correct the YAML there"),
    "control character": (b"openapi: \x00", "#", "is not YAML: unacceptable character", "correct the YAML there"),
    "nested beyond the parser": (b"[" * 5000, "#", "is not YAML: line ", "correct the YAML there"),
    "two documents": (b"a: 1\n---\nb: 2", "#", "but found another document", "correct the YAML there"),
    "not UTF-8": (b"title: caf\xe9", "#", "is not UTF-8 (byte 10)", "save it as UTF-8"),
    "empty": (b"", "#", "is not a YAML mapping", "write keys and values at the top level"),
    "only a comment": (b"# nothing yet", "#", "is not a YAML mapping", "write keys and values at the top level"),
    "list": (b"- openapi", "#", "is not a YAML mapping", "write keys and values at the top level"),
    "string": (b"openapi", "#", "is not a YAML mapping", "write keys and values at the top level"),
    "duplicate key": (b"a: 1\nb: {c: 1,\n c: 2}", "#/b/c", "line 3: duplicate key c", "remove one of the two"),
    "duplicate key, quoted": (b"a: 1\n'a': 2", "#/a", "line 2: duplicate key a", "remove one of the two"),
    "key of digits": (b"responses:\n  200: x", "#/responses", "line 2: the key 200 is not a string", "into quotes"),
    "key null": (b"~: 1", "#", "line 1: the key ~ is not a string", "into quotes"),
    "key true": (b"true: 1", "#", "line 1: the key true is not a string", "into quotes"),
    "key that is a list": (b"[a]: 1", "#", "line 1: the key is not a string", "into quotes"),
    "alias": (b"a: &x {b: 1}\nc: *x", "#/c", "line 1: is a YAML alias", "use a $ref, or write the value out"),
    "alias to itself": (b"a: &x [*x]", "#/a/0", "line 1: is a YAML alias", "use a $ref, or write the value out"),
    "beyond a double": (b"a: 1e400", "#/a", "line 1: 1e400 is not a JSON value", "write a value that JSON has"),
    "5,000 digits": (b"a: " + b"7" * 5000, "#/a", "line 1: " + "7" * 40, "write a value that JSON has"),
    "other tag": (b"a: [!!binary aGk=]", "#/a/0", "line 1: aGk= is not a JSON value", "write a value that JSON has"),
    "wrong tag": (b"a: !!int five", "#/a", "line 1: five is not a JSON value", "write a value that JSON has"),
    "too deep": (nested(DEEP), "#/x" + "/0" * (DEEP - 1), "line 1: nests deeper than 100 levels", "to components"),
}


@pytest.mark.parametrize(("text", "pointer", "what", "hint"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_json_is_rejected(
    text: bytes, pointer: str, what: str, hint: str, tmp_path: Path, problems_of: ProblemsOf
) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_bytes(text)
    [problem] = problems_of(file)
    assert problem.pointer == pointer
    assert what in problem.what
    assert hint in problem.hint


def test_depth_within_the_limit_is_read(tmp_path: Path, problems_of: ProblemsOf) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_bytes(nested(SHALLOW))
    assert [problem.pointer for problem in problems_of(file)] == ["#/openapi"]


def test_missing_file(tmp_path: Path, problems_of: ProblemsOf) -> None:
    [problem] = problems_of(tmp_path / "absent.yaml")
    assert problem.what == "cannot be read: No such file or directory"
    assert problem.hint == "name a file that exists and that you may read"


def test_directory(tmp_path: Path, problems_of: ProblemsOf) -> None:
    [problem] = problems_of(tmp_path)
    assert problem.what == "cannot be read: it is a directory, not a regular file"


def test_name_that_no_file_can_have(problems_of: ProblemsOf) -> None:
    [problem] = problems_of(Path("a\0b"))
    assert problem.what.startswith("cannot be read: ")
    assert "embedded null" in problem.what
