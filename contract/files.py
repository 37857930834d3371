"""Reads the files of a contract: regular files of limited size, whose content is JSON values, each file once.

YAML scalars follow the JSON schema of YAML 1.2, as OpenAPI requires: `on`, `12:30` and `2026-01-15` are strings. Values
that JSON does not have (keys that are not strings, infinite numbers) are errors, and so are duplicate keys and aliases.
JSON files are read as JSON: YAML rejects some characters that JSON allows, and surrogate pairs.

ruamel.yaml would not make this shorter: it reads dates and octal numbers, accepts aliases, stops at the first duplicate
key, exceeds the recursion limit on deep nesting, and takes 25 times as long.
"""

from __future__ import annotations

import json
import math
import os
import os.path
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jiter
import yaml

from contract.errors import Problem, UnusableFileError
from contract.pointer import ABSENT, Tokens, node_at, step, to_pointer

LARGEST_FILE = 64 * 1024 * 1024
"""The largest file that is read, in bytes."""

_OWN_DESCRIPTOR = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/[0-9]+")
"""Files that this process was started with, such as `<(command)` of a shell. They may be pipes."""
_KINDS = {
    stat.S_ISDIR: "a directory",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISLNK: "a symbolic link",
}


class NotReadable(OSError):
    """A file must not be read; `strerror` says why, such as that it is a named pipe."""

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason)


def read_regular(path: Path, *, largest: int = LARGEST_FILE, follow: bool = True) -> bytes:
    """Return the content of `path`. A symbolic link is followed only if `follow` is set.

    Raises OSError, or NotReadable if it is not a regular file or is larger than `largest`. It never blocks: it checks
    the kind of the file before it opens it, and opening does not wait for a writer of a pipe.
    """
    if _OWN_DESCRIPTOR.fullmatch(str(path)):
        with path.open("rb") as file:
            return _within(file.read(largest + 1), largest)
    check_regular(path, follow=follow)
    flags = os.O_RDONLY | _flag("O_NONBLOCK") | _flag("O_CLOEXEC") | _flag("O_BINARY")
    handle = os.open(path, flags | (0 if follow else _flag("O_NOFOLLOW")))
    with os.fdopen(handle, "rb") as file:
        _check(os.fstat(handle))  # again: it may be another file by now
        return _within(file.read(largest + 1), largest)


def check_regular(path: Path, *, follow: bool = True) -> os.stat_result:
    """Return the status of the regular file at `path`. Raises OSError or NotReadable."""
    return _check(path.stat() if follow else path.lstat())


def _check(found: os.stat_result) -> os.stat_result:
    if stat.S_ISREG(found.st_mode):
        return found
    kind = next((kind for test, kind in _KINDS.items() if test(found.st_mode)), "something else")
    raise NotReadable(f"it is {kind}, not a regular file")


def _within(content: bytes, largest: int) -> bytes:
    if len(content) > largest:
        raise NotReadable(f"it is larger than {largest // 1024 // 1024} MiB")
    return content


def _flag(name: str) -> int:
    """Return a flag of `os.open`, or 0 on systems without it."""
    return int(getattr(os, name, 0))


def json_in(content: bytes, nesting: int) -> dict[str, Any] | None:
    r"""Return the object that a JSON text holds, or None if it is not valid JSON; then it may be YAML.

    A duplicate name, a number beyond a double, too deep nesting or a lone surrogate makes it invalid.

    >>> json_in(b'{"smile": "\\ud83d\\ude00"}', 10) == {"smile": chr(0x1F600)}
    True
    >>> json_in(b'{"a": 1, "a": 2}', 10), json_in(b"a: 1", 10)
    (None, None)
    """
    if not content.lstrip().startswith(b"{"):
        return None
    try:
        value = jiter.from_json(content, allow_inf_nan=False, catch_duplicate_keys=True)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # jiter reads 1e400 as infinity
    except ValueError:
        return None
    return value if isinstance(value, dict) and depth_of(value) <= nesting else None


def depth_of(value: Any) -> int:
    """Return how deep `value` is nested. This does not recurse: the author of a text decides how deep it goes."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, (dict, list))]:
        depth += 1
        level = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
    return depth


MAX_DEPTH = 100
"""How deep a file may nest. OpenAPI files that people can read stay far below it."""

_TAG = "tag:yaml.org,2002:"
_INTEGER = r"-?(?:0|[1-9][0-9]*)"
_IMPLICIT = {
    "null": (r"(?:null|~|)", ["n", "~", ""]),
    "bool": (r"(?:true|false)", ["t", "f"]),
    "int": (_INTEGER, list("-0123456789")),
    "float": (_INTEGER + r"(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
}
"""The types of plain scalars: a pattern, and the characters that they start with."""


class _Loader(yaml.CSafeLoader):
    """libyaml's parser, with the implicit types of JSON."""


_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _IMPLICIT.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^{_pattern}$"), _first)


def read_mapping(file: Path) -> dict[str, Any]:
    """Return the mapping in `file`, whose values are JSON values at every level.

    Raises UnusableFileError, with pointers into `file`.
    """
    return mapping_in(file, read_bytes(file))


def read_bytes(file: Path) -> bytes:
    """Return the content of a regular file. Raises UnusableFileError."""
    try:
        return read_regular(file)
    except (OSError, ValueError) as error:  # ValueError: the name has a character that file names must not have
        what = f"cannot be read: {getattr(error, 'strerror', error)}"
        raise _unusable(file, what, "name a file that exists and that you may read") from None


def mapping_in(file: Path, content: bytes) -> dict[str, Any]:
    """Return the mapping in `content`, which was read from `file`. Raises UnusableFileError."""
    if (written := json_in(content, MAX_DEPTH)) is not None:
        return written
    node = _compose(file, content)
    if not isinstance(node, yaml.MappingNode):
        raise _unusable(file, "is not a YAML mapping", "write keys and values at the top level")
    values = _Values()
    mapping = values.mapping(node, ())
    if values.problems:
        raise UnusableFileError(str(file), values.problems)
    return mapping


def line_of(content: bytes, pointer: str) -> int | None:
    """Return the line of the node at `pointer`, or of its nearest ancestor; None if the content is not YAML."""
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
    """Return the line of the child of `node` under `token`, and that child."""
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
        raise _unusable(file, f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        raise _unusable(file, f"is not YAML: {_where(error)}{error.problem}", "correct the YAML there") from None
    except yaml.YAMLError as error:
        raise _unusable(file, f"is not YAML: {' '.join(str(error).split())}", "correct the YAML there") from None
    return node


def _unusable(file: Path, what: str, hint: str) -> UnusableFileError:
    return UnusableFileError(str(file), [Problem("#", what, hint)])


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


class _Values:
    """Turns the nodes of a file into values, and collects their problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._seen: set[yaml.Node] = set()

    def mapping(self, node: yaml.MappingNode, tokens: Tokens) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.tag != _TAG + "str" or not isinstance(key, str):
                label = f"key {key}" if isinstance(key, str) else "key"
                self._reject(key_node, tokens, f"the {label} is not a string", "put it into quotes, such as '200'")
            elif key in values:
                self._reject(key_node, (*tokens, key), f"duplicate key {key}", "remove one of the two")
            else:
                values[key] = self._value(value_node, (*tokens, key))
        return values

    def _value(self, node: yaml.Node, tokens: Tokens) -> Any:
        if node in self._seen:
            return self._reject(node, tokens, "is a YAML alias", "use a $ref, or write the value out")
        self._seen.add(node)
        if len(tokens) > MAX_DEPTH:
            return self._reject(node, tokens, f"nests deeper than {MAX_DEPTH} levels", "move parts of it to components")
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
            return self._reject(node, tokens, f"{node.value[:40]} is not a JSON value", "write a value that JSON has")
        return value

    def _reject(self, node: yaml.Node, tokens: Tokens, what: str, hint: str) -> None:
        self.problems.append(Problem(to_pointer(tokens), f"line {node.start_mark.line + 1}: {what}", hint))


def _json_scalar(text: str) -> bool | int | float | None:
    """Return the value of `text`, or None if it is not a JSON scalar."""
    try:
        value: bool | int | float = json.loads(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class DeadReference(ValueError):
    """A reference leads nowhere; `hint` says what to write instead."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Location:
    """A node of a file."""

    url: str
    """`file:` URL of the file."""
    tokens: Tokens

    def below(self, *tokens: str | int) -> Location:
        return Location(self.url, (*self.tokens, *tokens))


class Files:
    """Reads files by URL, each once. A new object reads them again, so that edits are seen."""

    def __init__(self, root: Path) -> None:
        # Not Path.resolve(): references are relative to the name that was given, symbolic link or not.
        self.root = Location(Path(os.path.abspath(root)).as_uri(), ())  # noqa: PTH100
        self.contents: dict[str, dict[str, Any]] = {}
        self._targets: dict[tuple[str, str], Location] = {}

    def read(self, url: str) -> dict[str, Any]:
        """Return the mapping in the file at `url`. Raises UnusableFileError."""
        if url not in self.contents:
            self.contents[url] = read_mapping(_path(url))
        return self.contents[url]

    def node(self, location: Location) -> Any:
        """Return the node at `location`, references unresolved, or ABSENT. Raises UnusableFileError."""
        return node_at(self.read(location.url), location.tokens)

    def target(self, reference: str, base: str) -> Location:
        """Return the location that a `$ref` in the file `base` leads to. Raises DeadReference."""
        if (reference, base) not in self._targets:
            self._targets[reference, base] = _split(reference, base)
        return self._targets[reference, base]

    def written(self, tokens: Tokens) -> Location:
        """Return where the node at `tokens` of the resolved document is written, or its nearest existing ancestor."""
        here = self.root
        for token in tokens:
            here = self._dereferenced(here)
            if step(self.node(here), token) is ABSENT:
                break
            here = here.below(token)
        return here

    def _dereferenced(self, location: Location) -> Location:
        while isinstance(node := self.node(location), dict) and "$ref" in node:
            location = self.target(node["$ref"], location.url)
        return location

    def display(self, location: Location) -> str:
        """Return the location for error messages: a JSON pointer, after the file name if the file is not the root."""
        pointer = to_pointer(location.tokens)
        if location.url == self.root.url:
            return pointer
        return os.path.relpath(_path(location.url), _path(self.root.url).parent) + pointer


def _path(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _split(reference: str, base: str) -> Location:
    from prance.util.url import ResolutionError, split_url_reference, urlresource

    try:
        url, tokens = split_url_reference(base, reference)
    except (ResolutionError, ValueError):
        raise DeadReference(f"{reference} is not a reference", "write one such as #/components/schemas/Model") from None
    if url.scheme != "file":
        hint = "copy its target into the contract, or into a file beside it"
        raise DeadReference(f"{reference} is not a file on this machine", hint)
    return Location(urlresource(url), tuple(tokens))
