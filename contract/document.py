"""Reads an OpenAPI document: its syntax, its references (also to other files), and the rules of OpenAPI 3.0."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from contract.errors import ContractError, Problem, UnusableFileError
from contract.files import DeadReference, Files, Location, mapping_in, read_bytes
from contract.pointer import Tokens
from contract.schemas import example_errors


@dataclass(frozen=True, slots=True)
class Document:
    """An OpenAPI document with its references resolved, and the files it was read from."""

    files: Files
    resolved: dict[str, Any]
    is_known: bool = False
    """Whether this very content was validated before, so that it need not be validated again."""

    @property
    def in_one_piece(self) -> dict[str, Any]:
        """The document as written if it is one file, else resolved; so no reference leads out of it."""
        alone = self.files.contents.keys() == {self.files.root.url}
        return self.files.contents[self.files.root.url] if alone else self.resolved

    def pointer(self, tokens: Tokens) -> str:
        """Return a pointer to where the files define the node at `tokens` of the resolved document."""
        return self.files.display(self.files.written(tokens))


def read_document(file: Path, known: str | None = None) -> Document:
    """Read and check `file`. Raises ContractError if it is not a valid OpenAPI 3.0 document.

    `known` is the digest of a valid document in one file. A file with this digest is read, but not checked.
    """
    files = Files(file)
    try:
        content = read_bytes(file)
        written = files.contents[files.root.url] = mapping_in(file, content)
    except UnusableFileError as error:
        raise ContractError(str(file), error.problems) from None
    if digest_of(content) == known:
        return Document(files, _resolved(files), is_known=True)
    problems = version_problems(written) or reference_problems(files)
    if problems:
        raise ContractError(str(file), problems)
    document = Document(files, _resolved(files))
    problems = [Problem(document.pointer(tokens), what, HINT) for tokens, what in openapi_errors(document.resolved)]
    if problems:
        raise ContractError(str(file), list(dict.fromkeys(problems)))
    return document


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of the content of a file, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _resolved(files: Files) -> dict[str, Any]:
    from prance.util.resolver import RESOLVE_FILES, RESOLVE_INTERNAL, RefResolver

    # Give prance the files that we have read and checked: its own reader is less strict.
    resolver = RefResolver(
        files.contents[files.root.url],
        files.root.url,
        reference_cache={(url, True): content for url, content in files.contents.items()},
        resolve_types=RESOLVE_INTERNAL | RESOLVE_FILES,
    )
    resolver.resolve_references(materialize=True)
    resolved: dict[str, Any] = resolver.specs
    return resolved


def reference_problems(files: Files) -> list[Problem]:
    """Return a problem for each reference, in any of the files, that leads nowhere or back to itself."""
    graph = _Graph(files)
    graph.explore()
    return list(dict.fromkeys(graph.problems)) or list(graph.cycles())


class _Graph:
    """The nodes that references lead to, and the references that each contains."""

    def __init__(self, files: Files) -> None:
        self.problems: list[Problem] = []
        self._files = files
        self._edges: dict[Location, list[Location]] = {}

    def explore(self) -> None:
        pending = [self._files.root]
        while pending:
            here = pending.pop()
            if here not in self._edges:
                self._edges[here] = list(self._targets(here))
                pending.extend(self._edges[here])

    def cycles(self) -> Iterator[Problem]:
        try:
            TopologicalSorter(self._edges).prepare()
        except CycleError as error:
            cycle = [self._files.display(location) for location in reversed(error.args[1])]
            what = f"contains itself: {' -> '.join(cycle)}"
            yield Problem(cycle[0], what, "break the cycle; recursive schemas are not supported")

    def _targets(self, here: Location) -> Iterator[Location]:
        for tokens, node in _referring(self._files.node(here), here.tokens):
            site = Location(here.url, tokens)
            self._check_beside(site, node)
            try:
                yield self._followed(node["$ref"], site)
            except DeadReference as error:
                self._problem(site.below("$ref"), error.what, error.hint)
            except UnusableFileError as error:
                for problem in error.problems:
                    what = f"{node['$ref']}: {problem.what} ({problem.pointer} of that file)"
                    self._problem(site.below("$ref"), what, problem.hint)

    def _check_beside(self, site: Location, node: dict[str, Any]) -> None:
        for key in node:
            if key.startswith("x-"):
                hint = "put the $ref into an allOf, and keep the extension beside the allOf"
                self._problem(site.below(key), "an extension beside a $ref is ignored", hint)

    def _followed(self, reference: Any, site: Location) -> Location:
        if not isinstance(reference, str):
            raise DeadReference("the reference is not a string", "write a reference such as #/components/schemas/Model")
        target = self._files.target(reference, site.url)
        if not isinstance(self._files.node(target), dict):
            raise DeadReference(f"{reference} does not lead to a mapping", "define it, or correct the reference")
        return target

    def _problem(self, site: Location, what: str, hint: str) -> None:
        self.problems.append(Problem(self._files.display(site), what, hint))


def _referring(node: Any, tokens: Tokens) -> Iterator[tuple[Tokens, dict[str, Any]]]:
    """Yield each mapping with a `$ref` at or below `node`, and its place."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield tokens, node
        children: Any = node.items()
    else:
        children = enumerate(node) if isinstance(node, list) else ()
    for token, child in children:
        yield from _referring(child, (*tokens, token))


HINT = "see the OpenAPI 3.0.3 specification for what is allowed there"

_REFERENCE = {"$ref": "#/definitions/Reference"}


def version_problems(written: dict[str, Any]) -> list[Problem]:
    """Return a problem if `written` does not declare OpenAPI 3.0."""
    version = written.get("openapi")
    if isinstance(version, str) and re.fullmatch(r"3\.0\.[0-9]", version):
        return []
    what = f"the OpenAPI version is {version!r}" if "openapi" in written else "the OpenAPI version is missing"
    return [Problem("#/openapi", what, "use OpenAPI 3.0: openapi: 3.0.3")]


def openapi_errors(resolved: dict[str, Any]) -> list[tuple[Tokens, str]]:
    """Return where and how a document without references breaks the rules of OpenAPI."""
    errors = _errors(resolved)
    # The validator reports whole subtrees, or no place at all: prefer the causes that we find.
    return errors and (_structural_errors(resolved) or list(example_errors(resolved)) or errors)


def _errors(resolved: dict[str, Any]) -> list[tuple[Tokens, str]]:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    try:
        errors = OpenAPIV30SpecValidator(resolved).iter_errors()
        return [(tuple(error.absolute_path), _short(error.message)) for error in errors]
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001 - on unexpected documents it raises whatever its parts raise
        return [((), _short(str(error) or type(error).__name__))]


def _structural_errors(resolved: dict[str, Any]) -> list[tuple[Tokens, str]]:
    """Return the deepest cause of each error by the OpenAPI schema."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import best_match
    from openapi_spec_validator.schemas import schema_v30

    schema = _without_references(dict(schema_v30))
    validator = Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)
    causes = (best_match([error]) for error in validator.iter_errors(resolved))
    return [(tuple(cause.absolute_path), _short(cause.message)) for cause in causes if cause]


def _without_references(schema: Any) -> Any:
    """Return the OpenAPI schema for resolved documents, in which no reference is allowed."""
    if isinstance(schema, list):
        return [_without_references(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {keyword: _without_references(value) for keyword, value in schema.items()}
    alternatives = kept.get("oneOf")
    if isinstance(alternatives, list) and _REFERENCE in alternatives:
        alternatives.remove(_REFERENCE)
        if len(alternatives) == 1:  # best_match looks for causes in allOf; in a oneOf of one it would find none
            kept["allOf"] = kept.pop("oneOf")
    return kept


def _short(message: str, limit: int = 300) -> str:
    """Return the message on one line with its middle cut: it may quote a whole subtree."""
    line = " ".join(message.split()).replace(
        "is not a 'regex'", "is not a regular expression in Python, which reads it"
    )
    return line if len(line) <= limit else line[: limit // 2] + " ... " + line[-limit // 2 :]
