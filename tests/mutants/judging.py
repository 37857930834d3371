"""Runs the suite on a mutant in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import check
from conformance.requirements.level import Stage
from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY
from conformance.results.verdict import Verdict
from tests.servers.careless import carelessly_served
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDERS, READ_ONLY_KEY, READ_WRITE_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.results.result import Result
    from tests.servers.plain import PlainServer

UNMET = frozenset({Verdict.FAIL, Verdict.DEVIATES})
load_checks()
NETS = frozenset(id for id, requirement in REGISTRY.items() if requirement.stage is Stage.GENERATED)
"""Requirements that judge random or generated requests: whether these reach a bug depends on the seed."""


def judged(server: PlainServer, seed: str = "1", *, only: Iterable[str] = (), skip: Iterable[str] = ()) -> Result:
    """Run the suite with all keys and fixtures, on `only` some requirements or on all but those to `skip`."""
    if server.careless:
        with carelessly_served(server) as url:
            return _judged(url, seed, only, skip)
    return _judged(server, seed, only, skip)


def _judged(target: PlainServer | str, seed: str, only: Iterable[str], skip: Iterable[str]) -> Result:
    return check(
        target,
        api_key=READ_WRITE_KEY,
        other_org_key=OTHER_ORGANIZATION_KEY,
        read_only_key=READ_ONLY_KEY,
        builtin_model=list(BUILT_IN_MODELS),
        provider=PROVIDERS,
        seed=int(seed),
        only=sorted(only),
        skip=sorted(skip),
    )


def failed_requirements(result: Result) -> frozenset[str]:
    """Return the requirements that the run found unmet, SHOULD as well as MUST."""
    return frozenset(id for id, verdict in result.verdicts(strict=True).items() if verdict in UNMET)


def explain(result: Result, requirements: Iterable[str]) -> str:
    """Return what the run found about some requirements, one line each."""
    return "\n".join(_explain(result, id) for id in sorted(requirements))


def advise(result: Result, requirements: Iterable[str], kills: frozenset[str]) -> str:
    """Return what the run found about requirements in which it differs from `kills` of a mutant, and what to do."""
    return "\n".join(f"{_explain(result, id)}; {_advice(id in kills)}" for id in sorted(requirements))


def _advice(expected: bool) -> str:
    if expected:
        return "it is in kills, but the bug does not show or its check does not see it: correct one of them"
    return "it is not in kills: add it if the bug violates it, or make the bug or its check narrower"


def _explain(result: Result, id: str) -> str:
    if id not in result.judged:
        return f"{id}: the suite has no such requirement"
    judged = result.judged[id]
    said = [f"expected {found.expected}; observed {found.observed}" for found in judged.findings[:1]] or judged.reasons
    return f"{id} {judged.verdict(strict=True)}" + (f": {'; '.join(said)}" if said else "")
