"""Loads a contract: `load()` is the only way to one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from contract.build import Builder
from contract.document import read_document
from contract.errors import ContractError
from contract.examples import example_problems
from contract.extensions import misplaced, vocabulary_problems
from contract.model import Contract


def default_file() -> Path:
    """The contract that ships with the package: inside it when installed, beside it in a checkout."""
    inside = Path(__file__).with_name("openapi.yaml")
    return inside if inside.exists() else Path(__file__).parent.parent / "openapi.yaml"


def load(file: str | Path | None = None) -> Contract:
    """Load the contract in `file`, or the one that ships with the package.

    Raises ContractError, which lists every problem with its place and its mend.
    """
    path = Path(file) if file is not None else default_file()
    document = read_document(path)
    problems = vocabulary_problems(document.written)
    if problems:
        raise ContractError(str(path), problems)
    builder = Builder(document)
    upsert = builder.upsert()
    problems = builder.problems or misplaced(document.written, builder.used) + example_problems(document)
    if problems or upsert is None:
        raise ContractError(str(path), problems)
    canonical = json.dumps(document.resolved, sort_keys=True, ensure_ascii=True, default=str)
    return Contract(
        file=path,
        title=str(document.resolved["info"]["title"]),
        version=str(document.resolved["info"]["version"]),
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        document=document.resolved,
        upsert=upsert,
        clauses=builder.clauses(),
    )
