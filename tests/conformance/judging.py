"""Judges a server in this process with all keys and fixtures that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance import check
from conformance.result import Result
from conformance.verdict import Verdict

UNMET = (Verdict.DEVIATES, Verdict.UNSTABLE, Verdict.FAIL, Verdict.ERROR)
NETS = frozenset({"MOD-01", "MOD-02", "STA-26", "STA-27", "STA-28", "STA-29", "STA-30"})
"""Requirements that judge what was drawn or generated: whatever deviates may deviate there as well."""


def judged(target: str | Callable[..., Any], **options: Any) -> Result:
    """The result of a run on a server that has the fixtures of all servers here."""
    return check(
        target,
        api_key="demo-acme",
        other_org_key="demo-globex",
        read_only_key="demo-acme-readonly",
        builtin_model=["gpt-4o", "openai/gpt-4o-mini"],
        provider=["my-vllm"],
        **{"seed": "1", **options},
    )


def unmet(result: Result) -> dict[str, Any]:
    """What a strict run found, by requirement: the first finding of each."""
    return {
        id: [finding["expected"] + " / " + finding["observed"] for finding in result.judged[id].findings[:1]]
        for id, verdict in result.verdicts(strict=True).items()
        if verdict in UNMET
    }
