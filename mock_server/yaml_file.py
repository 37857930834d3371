"""Reads a YAML file that has to hold what JSON can hold, and tells by JSON pointers where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from contract import Problem

_NO_NUMBERS = {".inf", ".nan"}


class _Loader(yaml.SafeLoader):
    """Leaves dates and times the strings that JSON would have in their place."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class YamlError(Exception):
    """The file cannot be read as JSON-like YAML. Its author is at fault; `problems` says where and how to mend it."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = list(problems)


def read_yaml(file: Path) -> Any:
    """The value in `file`. Raises YamlError."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise _whole(f"cannot be read: {error.strerror}", "name a file that exists and may be read") from None
    except UnicodeDecodeError as error:
        raise _whole(f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if problems := list(_unlike_json(root, "#")):
            raise YamlError(*problems)
        return loader.construct_document(root) if root else None  # type: ignore[no-untyped-call]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _whole(f"{place}{error.problem}", "correct the YAML there") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _whole(f"is not YAML: {' '.join(str(error).split())}", "correct the YAML") from None


def child(pointer: str, name: str) -> str:
    """The JSON pointer of the member `name` of what `pointer` leads to.

    >>> child("#/models", "openai/gpt-4o")
    '#/models/openai~1gpt-4o'
    """
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _whole(what: str, mend: str) -> YamlError:
    return YamlError(Problem("#", what, mend))


def _unlike_json(node: yaml.Node | None, pointer: str) -> Iterator[Problem]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            here = child(pointer, str(key.value))
            if not key.tag.endswith(":str"):
                yield Problem(here, f"the key {key.value} is no string", "put it into quotes")
            elif key.value in seen:
                yield Problem(here, f"the key stands twice, again in line {key.start_mark.line + 1}", "remove one of them")
            seen.add(key.value)
            yield from _unlike_json(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _unlike_json(value, f"{pointer}/{index}")
    elif isinstance(node, yaml.ScalarNode) and node.value.lower().lstrip("+-") in _NO_NUMBERS:
        yield Problem(pointer, f"{node.value} is no number that JSON can write", "give a number")
