"""Which requirements a run judges."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from conformance.configuration.near import closest, suggestion
from conformance.configuration.profile import PROFILES, Profile
from conformance.configuration.settings import Settings
from conformance.requirements.level import MUST, SECTIONS
from conformance.requirements.requirement import REGISTRY
from contract import Contract


class UnknownRequirement(ValueError):
    """The user named a requirement or section that does not exist."""

    def __init__(self, name: str, place: str) -> None:
        hint = nearest(name, [*REGISTRY, *SECTIONS])
        super().__init__(f"{place}: there is no requirement or section {name}{hint}")


def nearest(name: str, known: Collection[str]) -> str:
    """What an error adds about an ID that is none. It may be written otherwise (IDM-1, idm01), or miss its section.

    IDs that have no more than their number in common are not near: FOO-01 is no MOD-01.
    """
    upper = name.upper()
    written = re.fullmatch(r"([A-Z]+)[-_ ]?(\d+)", upper)
    if written:
        section = closest(written[1], {id.partition("-")[0] for id in known})
        upper, known = f"{section}-{int(written[2]):02}", [id for id in known if id.partition("-")[0] == section]
    return suggestion(upper, known, "--list shows them all")


def profile_of(settings: Settings) -> Profile:
    """The profile that the settings ask for. Raises ValueError where they contradict it."""
    profile, limit = PROFILES[settings["profile"]], settings["time-limit"]
    if limit is None:
        return profile
    if profile.seconds is None:
        raise ValueError(f"--time-limit goes with --profile thorough, not with {profile.name}")
    return replace(profile, seconds=limit)


def selected(contract: Contract, settings: Settings, profile: Profile) -> set[str]:
    """IDs of the requirements to judge: those that apply to the contract, chosen by options and profile.

    What `--only` names is judged whatever the profile leaves out. Raises UnknownRequirement, or ValueError where
    nothing is left, or `--only` names a requirement that does not apply.
    """
    wanted, unwanted = (_expand(settings[name], settings.origins.get(name, "")) for name in ("only", "skip"))
    reasons = inapplicable(contract)
    for id in [name.upper() for name in settings["only"] if name.upper() in reasons]:
        raise ValueError(f"{settings.origins.get('only', '--only')}: {id} does not apply: {reasons[id]}")
    candidates = (wanted or _within(profile)) - unwanted
    chosen = {id for id in candidates if id not in reasons}
    if not chosen and candidates:
        why = "; ".join(dict.fromkeys(reasons[id] for id in sorted(candidates)))
        raise ValueError(f"nothing of what is chosen applies: {why}")
    if not chosen:
        raise ValueError("--only and --skip leave nothing to judge; --list shows what there is")
    return chosen


def inapplicable(contract: Contract) -> dict[str, str]:
    """IDs of the requirements that do not apply to the contract, each with the reason."""
    found = {id: REGISTRY[id].inapplicable(contract) for id in sorted(REGISTRY)}
    return {id: reason for id, reason in found.items() if reason is not None}


def _within(profile: Profile) -> set[str]:
    """IDs of the requirements that a profile judges."""
    left_out = _expand(profile.leaves_out)
    return {id for id, r in REGISTRY.items() if id not in left_out and (r.level is MUST or not profile.must_only)}


def _expand(names: Iterable[str], place: str = "") -> set[str]:
    ids: set[str] = set()
    for name in names:
        found = {id for id in REGISTRY if name.upper() in (id, id.partition("-")[0])}
        if not found:
            raise UnknownRequirement(name, place)
        ids |= found
    return ids
