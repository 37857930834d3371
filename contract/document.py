"""Reads an OpenAPI file, whole: syntax, the OpenAPI 3.0 rules, and the references, external files included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from contract.errors import ContractError, Problem
from contract.pointer import Token, step, to_pointer, to_tokens


@dataclass(frozen=True, slots=True)
class Document:
    """An OpenAPI file as it is written, and with its references resolved."""

    file: Path
    written: dict[str, Any]
    resolved: dict[str, Any]


def read_document(file: Path) -> Document:
    """Read and check `file`. Raises ContractError for whatever makes it no OpenAPI 3.0 document."""
    written = _parse(file)
    problems = list(_version_problems(written)) or list(_dangling_references(written))
    if not problems:
        problems = _openapi_problems(written, file)
    if problems:
        raise ContractError(str(file), problems)
    return Document(file, written, _resolve(written, file))


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: date-times stay strings, and a key stands once in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (str, int)) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            if isinstance(key, (str, int)):
                seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse(file: Path) -> dict[str, Any]:
    def refuse(what: str, mend: str) -> ContractError:
        return ContractError(str(file), [Problem("#", what, mend)])

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror}", "name a file that exists and may be read") from None
    except UnicodeDecodeError as error:
        raise refuse(f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    try:
        written = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise refuse(f"{place}{error.problem}", "correct the YAML there") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise refuse(f"is not YAML: {error}", "correct the YAML") from None
    if not isinstance(written, dict):
        raise refuse("is not a YAML mapping", "start from the openapi.yaml that ships with this package")
    return written


def _version_problems(written: dict[str, Any]) -> Iterator[Problem]:
    version = written.get("openapi")
    if not (isinstance(version, str) and version.startswith("3.0.")):
        yield Problem("#/openapi", f"the OpenAPI version is {version!r}", "use OpenAPI 3.0, such as openapi: 3.0.3")


def _dangling_references(written: dict[str, Any]) -> Iterator[Problem]:
    for path, reference in _references(written, []):
        pointer = to_pointer([*path, "$ref"])
        if reference.startswith(("http:", "https:")):
            yield Problem(pointer, f"{reference} is on the network", "copy what it names into the file, or beside it")
        elif reference.startswith("#"):
            node: Any = written
            try:
                for token in to_tokens(reference):
                    node = step(node, token)
            except (KeyError, IndexError, ValueError):
                yield Problem(pointer, f"{reference} does not exist in the file", "define it, or correct the reference")


def _references(node: Any, path: list[Token]) -> Iterator[tuple[list[Token], str]]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield path, node["$ref"]
        for key, child in node.items():
            yield from _references(child, [*path, key])
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _references(child, [*path, index])


def _openapi_problems(written: dict[str, Any], file: Path) -> list[Problem]:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    mend = "see the OpenAPI 3.0.3 specification for what may stand there"
    try:
        errors = list(OpenAPIV30SpecValidator(written, base_uri=file.resolve().as_uri()).iter_errors())
    except Exception as error:  # noqa: BLE001 - the validator raises what its parts raise on files it did not foresee
        return [Problem("#", f"cannot be validated: {_short(str(error) or type(error).__name__)}", mend)]
    return [Problem(to_pointer(error.absolute_path), _short(error.message), mend) for error in errors]


def _resolve(written: dict[str, Any], file: Path) -> dict[str, Any]:
    from prance.util.resolver import RESOLVE_FILES, RESOLVE_INTERNAL, RefResolver
    from prance.util.url import ResolutionError

    # A resolver of its own for each file read: prance's parsers keep files by path and would serve an edited one stale.
    resolver = RefResolver(written, str(file.resolve()), resolve_types=RESOLVE_INTERNAL | RESOLVE_FILES)
    try:
        resolver.resolve_references(materialize=True)
    except (ResolutionError, OSError, ValueError) as error:
        mend = "correct the reference; a schema that contains itself is not supported"
        raise ContractError(str(file), [Problem("#", _short(str(error)), mend)]) from None
    resolved: dict[str, Any] = resolver.specs
    return resolved


def _short(message: str, limit: int = 300) -> str:
    """The validator quotes whole subtrees in its messages; the pointer beside it says where to look."""
    line = " ".join(message.split())
    return line if len(line) <= limit else line[: limit // 2] + " ... " + line[-limit // 2 :]
