"""Which requirements a run judges."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace

from conformance.profile import PROFILES, Profile
from conformance.requirement import MUST, REGISTRY, SECTIONS, Requirement
from conformance.settings import Settings
from contract import Contract


class UnknownRequirement(ValueError):
    """The user named a requirement or section that does not exist."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name.upper(), [*REGISTRY, *SECTIONS], n=1)
        hint = f"did you mean {near[0]}?" if near else "--list shows them all."
        super().__init__(f"there is no requirement or section {name}; {hint}")


def profile_of(settings: Settings) -> Profile:
    """The profile that the settings ask for. Raises ValueError where they contradict it."""
    profile, limit = PROFILES[settings["profile"]], settings["time-limit"]
    if limit is None:
        return profile
    if profile.seconds is None:
        raise ValueError(f"--time-limit goes with --profile thorough, not with {profile.name}")
    return replace(profile, seconds=limit)


def selected(contract: Contract, settings: Settings, profile: Profile) -> set[str]:
    """IDs of the requirements to judge: those whose clause the contract has, chosen by options and profile.

    What `--only` names is judged whatever the profile leaves out.
    """
    wanted, unwanted = _expand(settings["only"]), _expand(settings["skip"])
    candidates = wanted or _within(profile)
    return {id for id in candidates - unwanted if stands_in(contract, REGISTRY[id])}


def _within(profile: Profile) -> set[str]:
    """IDs of the requirements that a profile judges."""
    left_out = _expand(profile.leaves_out)
    return {id for id, r in REGISTRY.items() if id not in left_out and (r.level is MUST or not profile.must_only)}


def stands_in(contract: Contract, requirement: Requirement) -> bool:
    """Whether the contract has the clause that the requirement rests on."""
    return requirement.clause in contract.clauses


def _expand(names: Iterable[str]) -> set[str]:
    ids: set[str] = set()
    for name in names:
        found = {id for id in REGISTRY if name.upper() in (id, id.partition("-")[0])}
        if not found:
            raise UnknownRequirement(name)
        ids |= found
    return ids
