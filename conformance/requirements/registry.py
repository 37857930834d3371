"""All requirements: loaded from the checks, selected for a run, listed for people, programs and the documentation."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.judge.prerequisite import Prerequisite
from conformance.options import PROFILES, Profile
from conformance.requirements.level import MUST, SECTIONS
from conformance.requirements.requirement import REGISTRY, Requirement, checks
from conformance.settings import Settings, asked_for, closest, suggestion
from contract import Contract

CHECKS = Path(__file__).parents[1] / "checks"


@cache
def load_checks() -> None:
    """Import every file of checks, once, which fills the registry."""
    for file in sorted(CHECKS.glob("test_*.py")):
        importlib.import_module(f"conformance.checks.{file.stem}")


def files_of(ids: Collection[str]) -> list[Path]:
    """Return the files with the checks of these requirements, in the order in which pytest collects a folder."""
    modules = {check.__module__ for check, requirement in checks() if requirement.id in ids}
    return sorted(CHECKS / f"{module.rpartition('.')[2]}.py" for module in modules)


def choose(contract: Contract, settings: Settings) -> set[str]:
    """Load the checks, and return the IDs of the requirements to judge. Raises ValueError."""
    load_checks()
    return selected(contract, settings, profile_of(settings))


def judge_of(prerequisite: Prerequisite) -> str:
    """Return the ID of the requirement that judges a prerequisite."""
    load_checks()
    return next(id for id, requirement in REGISTRY.items() if requirement.prerequisite is prerequisite)


class UnknownRequirement(ValueError):
    """The user named a requirement or section that does not exist."""

    def __init__(self, name: str, place: str) -> None:
        hint = nearest(name, [*REGISTRY, *SECTIONS])
        super().__init__(f"{place}: there is no requirement or section {name}{hint}")


def nearest(name: str, known: Collection[str]) -> str:
    """Return the suggestion that an error makes for an unknown ID, such as one written as IDM-1 or idm01.

    An ID with an unknown section gets no suggestion for its number alone.
    """
    upper = name.upper()
    written = re.fullmatch(r"([A-Z]+)[-_ ]?(\d+)", upper)
    if written:
        section = closest(written[1], {id.partition("-")[0] for id in known})
        upper, known = f"{section}-{int(written[2]):02}", [id for id in known if id.partition("-")[0] == section]
    return suggestion(upper, known, "respan-conformance --list shows them all")


def profile_of(settings: Settings) -> Profile:
    """Return the profile of the settings. Raises ValueError if another setting contradicts it."""
    profile, limit = PROFILES[settings["profile"]], settings["time-limit"]
    if limit is None:
        return profile
    if profile.seconds is None:
        raise ValueError(f"--time-limit needs --profile thorough; the profile is {profile.name}")
    return replace(profile, seconds=limit)


def selected(contract: Contract, settings: Settings, profile: Profile) -> set[str]:
    """Return the IDs of the requirements that apply to the contract and that the options and the profile select.

    `--only` takes precedence over the profile. Raises UnknownRequirement for an unknown name, and ValueError if
    nothing is selected or `--only` names a requirement that does not apply.
    """
    wanted, unwanted = (_expand(settings[name], settings.place(name)) for name in ("only", "skip"))
    reasons = inapplicable(contract)
    for id in [name.upper() for name in settings["only"] if name.upper() in reasons]:
        raise ValueError(f"{settings.place('only')}: {id} does not apply: {reasons[id]}")
    candidates = (wanted or _within(profile)) - unwanted
    chosen = {id for id in candidates if id not in reasons}
    if not chosen and candidates:
        why = "; ".join(dict.fromkeys(reasons[id] for id in sorted(candidates)))
        raise ValueError(f"no selected requirement applies: {why}")
    if not chosen:
        raise ValueError("--only and --skip select no requirement; respan-conformance --list shows them all")
    return chosen


def inapplicable(contract: Contract) -> dict[str, str]:
    """Return the reason for each requirement that does not apply to the contract, by ID."""
    found = {id: REGISTRY[id].inapplicable(contract) for id in sorted(REGISTRY)}
    return {id: reason for id, reason in found.items() if reason is not None}


def _within(profile: Profile) -> set[str]:
    """Return the IDs of the requirements that a profile includes."""
    return {
        id
        for id, requirement in REGISTRY.items()
        if (requirement.level is MUST or not profile.must_only) and (requirement.quick or not profile.quick_only)
    }


def _expand(names: Iterable[str], place: str = "") -> set[str]:
    ids: set[str] = set()
    for name in names:
        found = {id for id in REGISTRY if name.upper() in (id, id.partition("-")[0])}
        if not found:
            raise UnknownRequirement(name, place)
        ids |= found
    return ids


HEAD = """\
# Requirements

What `respan-conformance` checks. IDs are stable.

- **MUST**: the vendor has stated or published it, or an HTTP or JSON standard requires it. It decides the verdict.
- **SHOULD**: the contract assumes it. A target that differs *deviates*, and fails with `--strict`.
- **OPEN**: the contract leaves it open. The suite reports what it observes, and never fails.

*Needs* names the options without which a requirement is not testable.

Generated by `python -m conformance --list markdown`; do not edit.
"""

LEFT = "Not applicable"
"""The heading of the requirements that do not apply to the contract."""


def as_text(contract: Contract, chosen: Iterable[str]) -> str:
    """Return the requirements as text, by section."""
    lines: list[str] = []
    for section, members in _by_section(chosen):
        lines.append(f"{section}  {SECTIONS[section]}")
        for requirement in members:
            level, provenance = requirement.level_in(contract), requirement.provenance(contract).word
            lines.append(f"  {requirement.id}  {level:<6}  {provenance:<9}  {requirement.text}")
    left = inapplicable(contract)
    return "\n".join([*lines, *([LEFT] if left else []), *(f"  {id}  {reason}" for id, reason in left.items())])


def as_json(contract: Contract, chosen: Iterable[str]) -> str:
    """Return the requirements as one JSON document."""
    listed = {
        "contract": {"title": contract.title, "version": contract.version, "sha256": contract.digest},
        "sections": [{"id": id, "title": title} for id, title in SECTIONS.items()],
        "requirements": [_document(r, contract) for _, members in _by_section(chosen) for r in members],
        "not_applicable": [{"id": id, "reason": reason} for id, reason in inapplicable(contract).items()],
    }
    return json.dumps(listed, indent=2, ensure_ascii=False)


def as_markdown(contract: Contract, chosen: Iterable[str]) -> str:
    """Return a page with a table for each section."""
    lines = [HEAD]
    for section, members in _by_section(chosen):
        lines += [f"## {section}: {SECTIONS[section]}", ""]
        lines += ["| ID | Level | Provenance | Requirement | Clause | Needs |", "|---|---|---|---|---|---|"]
        lines += [_row(requirement, contract) for requirement in members]
        lines.append("")
    if left := inapplicable(contract):
        lines += [f"## {LEFT}", "", "| ID | Reason |", "|---|---|", *(f"| {id} | {left[id]} |" for id in left)]
    return "\n".join(lines).rstrip()


Listing = Callable[[Contract, Iterable[str]], str]
LISTINGS: Mapping[str, Listing] = MappingProxyType({"text": as_text, "json": as_json, "markdown": as_markdown})
"""The formats of `--list`. Each takes the IDs of the requirements."""


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
        "provenance": clause.provenance.word,
        "text": requirement.text,
        "clause": {"name": clause.name, "pointer": clause.pointer, "text": clause.text},
        "every_exchange": requirement.judge is not None,
        "needs": [asked_for(option) for option in requirement.needs],
    }


def _row(requirement: Requirement, contract: Contract) -> str:
    told = _document(requirement, contract)
    needs = ", ".join(f"`{option}`" for option in told["needs"])
    cells = (told["id"], told["level"], told["provenance"], told["text"], f"`{told['clause']['pointer']}`", needs)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
