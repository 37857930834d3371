"""Reads an OpenAPI file, whole: syntax, references (external files included), and the rules of OpenAPI 3.0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.errors import ContractError, Problem, UnusableFileError
from contract.files import Files
from contract.openapi_rules import MEND, openapi_faults, version_problems
from contract.pointer import Tokens
from contract.references import reference_problems


@dataclass(frozen=True, slots=True)
class Document:
    """An OpenAPI document with its references resolved, and the files that it is written in."""

    files: Files
    resolved: dict[str, Any]

    @property
    def in_one_piece(self) -> dict[str, Any]:
        """The document as it is written where that is one file, else resolved: a reference never leads out of it."""
        alone = self.files.contents.keys() == {self.files.root.url}
        return self.files.contents[self.files.root.url] if alone else self.resolved

    def pointer(self, tokens: Tokens) -> str:
        """Pointer to the place in the files where the node at `tokens` of the resolved document is written."""
        return self.files.shown(self.files.written(tokens))


def read_document(file: Path) -> Document:
    """Read and check `file`. Raises ContractError for whatever makes it no OpenAPI 3.0 document."""
    files = Files(file)
    try:
        written = files.read(files.root.url)
    except UnusableFileError as error:
        raise ContractError(str(file), error.problems) from None
    problems = version_problems(written) or reference_problems(files)
    if problems:
        raise ContractError(str(file), problems)
    document = Document(files, _resolved(files))
    problems = [Problem(document.pointer(tokens), what, MEND) for tokens, what in openapi_faults(document.resolved)]
    if problems:
        raise ContractError(str(file), list(dict.fromkeys(problems)))
    return document


def _resolved(files: Files) -> dict[str, Any]:
    from prance.util.resolver import RESOLVE_FILES, RESOLVE_INTERNAL, RefResolver

    # prance takes the files as they were read and checked; left alone it would read them by looser rules.
    resolver = RefResolver(
        files.contents[files.root.url],
        files.root.url,
        reference_cache={(url, True): content for url, content in files.contents.items()},
        resolve_types=RESOLVE_INTERNAL | RESOLVE_FILES,
    )
    resolver.resolve_references(materialize=True)
    resolved: dict[str, Any] = resolver.specs
    return resolved
