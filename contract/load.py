"""Loads a contract: `load()` is the only way to one."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from contract.clauses import clauses_at
from contract.contradictions import note_contradictions
from contract.document import Document, read_document
from contract.errors import ContractError, Problem
from contract.extensions import misplaced, vocabulary_problems
from contract.model import Contract
from contract.place import Findings, Place
from contract.servers import base_path_at
from contract.upsert import note_missing_bodies, upsert_at, upsert_places
from contract.values import MEND, value_faults


def default_file() -> Path:
    """The contract that ships with the package: inside it when installed, beside it in a checkout."""
    inside = Path(__file__).with_name("openapi.yaml")
    return inside if inside.exists() else Path(__file__).parent.parent / "openapi.yaml"


def load(file: str | Path | None = None) -> Contract:
    """Load the contract in `file`, or the one that ships with the package, which is read once in a process.

    Raises ContractError, which lists every problem with its place and its mend.
    """
    return _loaded(Path(file)) if file is not None else _shipped()


@cache
def _shipped() -> Contract:
    return _loaded(default_file())


def _loaded(path: Path) -> Contract:
    try:
        document = read_document(path)
        _stop_at(path, vocabulary_problems(document))
        return _contract(path, document)
    except RecursionError:
        mend = "shorten the chains of references"
        raise ContractError(str(path), [Problem("#", "nests too deeply, references followed", mend)]) from None


def _contract(path: Path, document: Document) -> Contract:
    findings = Findings()
    root = Place.root_of(document, findings)
    marked = upsert_places(root)
    _stop_at(path, findings.problems)
    operation = marked[0]
    note_missing_bodies(operation)
    _stop_at(path, findings.problems)
    upsert = upsert_at(operation)
    _stop_at(path, findings.problems)
    note_contradictions(operation, upsert)
    clauses = clauses_at(operation)
    base_path = base_path_at(root)
    wrong = [Problem(document.pointer(tokens), what, MEND) for tokens, what in value_faults(document.resolved)]
    _stop_at(path, [*findings.problems, *wrong, *misplaced(document, findings.read)])
    return Contract(
        file=path,
        title=str(document.resolved["info"]["title"]),
        version=str(document.resolved["info"]["version"]),
        digest=_digest(document),
        document=document.resolved,
        in_one_piece=document.in_one_piece,
        upsert=upsert,
        clauses=clauses,
        locate=document.pointer,
        base_path=base_path,
    )


def _stop_at(path: Path, problems: list[Problem]) -> None:
    if problems:
        raise ContractError(str(path), list(dict.fromkeys(problems)))


def _digest(document: Document) -> str:
    canonical = json.dumps(document.resolved, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
