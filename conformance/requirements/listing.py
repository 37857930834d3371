"""The registry of requirements, listed for people, for programs, and for `docs/requirements.md`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.configuration.settings import asked_for
from conformance.requirements.level import SECTIONS
from conformance.requirements.requirement import REGISTRY, Requirement
from conformance.requirements.selection import inapplicable
from contract import Contract

HEAD = """\
# Requirements

What `respan-conformance` judges, each requirement by a stable ID.

- **MUST**: the vendor has stated or published it, or a standard says so. It decides the verdict.
- **SHOULD**: the contract assumes it. A target that differs deviates, and fails under `--strict`.
- **OPEN**: the contract leaves it open. It is observed and never judged.

Written by `respan-conformance --list markdown`; not to be edited.
"""

LEFT = "Not applicable"
"""The heading of the requirements that are about what the contract lacks."""


def as_text(contract: Contract, chosen: Iterable[str]) -> str:
    """Lines of text, by section."""
    lines: list[str] = []
    for section, members in _by_section(chosen):
        lines.append(f"{section}  {SECTIONS[section]}")
        for requirement in members:
            level, known = requirement.level_in(contract), requirement.known(contract).word
            lines.append(f"  {requirement.id}  {level:<6}  {known:<9}  {requirement.text}")
    left = inapplicable(contract)
    return "\n".join([*lines, *([LEFT] if left else []), *(f"  {id}  {reason}" for id, reason in left.items())])


def as_json(contract: Contract, chosen: Iterable[str]) -> str:
    """One JSON document."""
    listed = {
        "contract": {"title": contract.title, "version": contract.version, "sha256": contract.digest},
        "sections": [{"id": id, "title": title} for id, title in SECTIONS.items()],
        "requirements": [_document(r, contract) for _, members in _by_section(chosen) for r in members],
        "not_applicable": [{"id": id, "reason": reason} for id, reason in inapplicable(contract).items()],
    }
    return json.dumps(listed, indent=2, ensure_ascii=False)


def as_markdown(contract: Contract, chosen: Iterable[str]) -> str:
    """A page with a table for each section."""
    lines = [HEAD]
    for section, members in _by_section(chosen):
        lines += [f"## {section}: {SECTIONS[section]}", ""]
        lines += ["| ID | Level | Known | Requirement | Clause | Needs |", "|---|---|---|---|---|---|"]
        lines += [_row(requirement, contract) for requirement in members]
        lines.append("")
    if left := inapplicable(contract):
        lines += [f"## {LEFT}", "", "| ID | Reason |", "|---|---|", *(f"| {id} | {left[id]} |" for id in left)]
    return "\n".join(lines).rstrip()


Listing = Callable[[Contract, Iterable[str]], str]
LISTINGS: Mapping[str, Listing] = MappingProxyType({"text": as_text, "json": as_json, "markdown": as_markdown})
"""The ways to list requirements, given by their IDs."""


def _by_section(chosen: Iterable[str]) -> Iterator[tuple[str, list[Requirement]]]:
    requirements = [REGISTRY[id] for id in sorted(chosen)]
    for section in SECTIONS:
        members = [requirement for requirement in requirements if requirement.section == section]
        if members:
            yield section, members


def _document(requirement: Requirement, contract: Contract) -> dict[str, Any]:
    clause = requirement.clause_in(contract)
    return {
        "id": requirement.id,
        "section": requirement.section,
        "level": requirement.level_in(contract),
        "known": clause.known.word,
        "text": requirement.text,
        "clause": {"name": clause.name, "pointer": clause.pointer, "text": clause.text},
        "every_exchange": requirement.judge is not None,
        "needs": [asked_for(option) for option in requirement.needs],
    }


def _row(requirement: Requirement, contract: Contract) -> str:
    told = _document(requirement, contract)
    needs = ", ".join(f"`{option}`" for option in told["needs"])
    cells = (told["id"], told["level"], told["known"], told["text"], f"`{told['clause']['pointer']}`", needs)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
