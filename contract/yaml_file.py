"""Reads a YAML file as JSON would have it.

Scalars follow the JSON schema of YAML 1.2, as OpenAPI asks: `on`, `12:30` and `2026-01-15` are strings. What JSON
cannot hold (keys that are no strings, infinite numbers) and what hides what a file says (a key given twice, aliases)
is refused.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import yaml

from contract.errors import Problem, UnusableFileError
from contract.json_text import json_in
from contract.pointer import Tokens, to_pointer
from contract.regular_file import read_regular

MAX_DEPTH = 100
"""How deep a file may nest. OpenAPI files that people can read stay well below."""

_TAG = "tag:yaml.org,2002:"
_INTEGER = r"-?(?:0|[1-9][0-9]*)"
_IMPLICIT = {
    "null": (r"(?:null|~|)", ["n", "~", ""]),
    "bool": (r"(?:true|false)", ["t", "f"]),
    "int": (_INTEGER, list("-0123456789")),
    "float": (_INTEGER + r"(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
}
"""The types of plain scalars: what they match, and the characters that they start with."""


class _Loader(yaml.CSafeLoader):
    """libyaml's parser, with the implicit types of JSON."""


_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _IMPLICIT.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^{_pattern}$"), _first)


def read_mapping(file: Path) -> dict[str, Any]:
    """The mapping that `file` holds, of JSON values all the way down.

    Raises UnusableFileError, whose pointers lead into `file`.
    """
    return mapping_in(file, read_bytes(file))


def read_bytes(file: Path) -> bytes:
    """The content of the regular file `file`. Raises UnusableFileError."""
    try:
        return read_regular(file)
    except (OSError, ValueError) as error:  # a ValueError: the name holds a character that no file name may hold
        what = f"cannot be read: {getattr(error, 'strerror', error)}"
        raise _refusal(file, what, "name a file that exists and may be read") from None


def mapping_in(file: Path, content: bytes) -> dict[str, Any]:
    """The mapping in `content`, which was read from `file`. Raises UnusableFileError."""
    if (written := json_in(content, MAX_DEPTH)) is not None:
        return written
    node = _compose(file, content)
    if not isinstance(node, yaml.MappingNode):
        raise _refusal(file, "is not a YAML mapping", "write keys and values at the top")
    values = _Values()
    mapping = values.mapping(node, ())
    if values.problems:
        raise UnusableFileError(str(file), values.problems)
    return mapping


def line_of(content: bytes, pointer: str) -> int | None:
    """The line of the node that `pointer` leads to, or of the last one on the way; None where it cannot be told."""
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=_Loader)
    except (UnicodeDecodeError, yaml.YAMLError):
        return None
    line = node.start_mark.line if node else 0
    for token in pointer.removeprefix("#").split("/")[1:]:
        step = _step(node, token.replace("~1", "/").replace("~0", "~"))
        if step is None:
            break
        line, node = step
    return line + 1


def _step(node: yaml.Node | None, token: str) -> tuple[int, yaml.Node] | None:
    """The line of the child of `node` under `token`, and that child."""
    if isinstance(node, yaml.MappingNode):
        members = ((key.start_mark.line, value) for key, value in node.value if key.value == token)
        return next(members, None)
    if isinstance(node, yaml.SequenceNode) and token.isdecimal() and int(token) < len(node.value):
        child = node.value[int(token)]
        return child.start_mark.line, child
    return None


def _compose(file: Path, content: bytes) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(content.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise _refusal(file, f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        raise _refusal(file, f"is not YAML: {_where(error)}{error.problem}", "correct the YAML there") from None
    except yaml.YAMLError as error:
        raise _refusal(file, f"is not YAML: {' '.join(str(error).split())}", "correct the YAML there") from None
    return node


def _refusal(file: Path, what: str, mend: str) -> UnusableFileError:
    return UnusableFileError(str(file), [Problem("#", what, mend)])


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


class _Values:
    """Turns the nodes of a file into values, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._seen: set[yaml.Node] = set()

    def mapping(self, node: yaml.MappingNode, tokens: Tokens) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.tag != _TAG + "str" or not isinstance(key, str):
                shown = f"key {key}" if isinstance(key, str) else "key"
                self._refuse(key_node, tokens, f"the {shown} is not a string", "put it into quotes, such as '200'")
            elif key in values:
                self._refuse(key_node, (*tokens, key), f"the key {key} stands twice", "remove one of the two")
            else:
                values[key] = self._value(value_node, (*tokens, key))
        return values

    def _value(self, node: yaml.Node, tokens: Tokens) -> Any:
        if node in self._seen:
            return self._refuse(node, tokens, "is a YAML alias", "use a $ref, or write the value out")
        self._seen.add(node)
        if len(tokens) > MAX_DEPTH:
            return self._refuse(node, tokens, f"nests deeper than {MAX_DEPTH} levels", "move parts of it to components")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, tokens)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*tokens, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, tokens)

    def _scalar(self, node: yaml.Node, tokens: Tokens) -> Any:
        match node.tag.removeprefix(_TAG):
            case "str":
                return node.value
            case "null":
                return None
            case "bool" | "int" | "float":
                value = _json_scalar(node.value)
            case _:
                value = None
        if value is None:
            return self._refuse(node, tokens, f"{node.value[:40]} is no JSON value", "write a value that JSON can hold")
        return value

    def _refuse(self, node: yaml.Node, tokens: Tokens, what: str, mend: str) -> None:
        self.problems.append(Problem(to_pointer(tokens), f"line {node.start_mark.line + 1}: {what}", mend))


def _json_scalar(text: str) -> bool | int | float | None:
    """The value of `text`, or None where JSON has none for it."""
    try:
        value: bool | int | float = json.loads(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
