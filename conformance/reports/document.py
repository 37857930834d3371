"""A result as the JSON report, of the schema in report.schema.json."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC
from typing import Any

from conformance.requirements.level import SECTIONS
from conformance.results.about import NAME
from conformance.results.coverage import Covered
from conformance.results.finding import Finding
from conformance.results.judged import Judged
from conformance.results.result import Result
from conformance.results.verdict import EXIT_OF, Verdict
from conformance.settings import asked_for
from contract.version import installed_version

SCHEMA_VERSION = "3.0"
"""The first number grows when a reader of the earlier version would go wrong."""

Document = dict[str, Any]


def document(result: Result) -> Document:
    """Return the JSON report of a run."""
    verdicts, strict, ruling = result.verdicts(), result.verdicts(strict=True), result.ruling()
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": NAME, "version": installed_version()},
        "implementation": {"name": result.about.implementation, "version": result.about.implementation_version},
        "target": result.target,
        "contract": {
            "title": result.contract.title,
            "version": result.contract.version,
            "sha256": result.contract.digest,
        },
        "verdict": ruling.verdict,
        "strict_verdict": result.verdict(strict=True),
        "strict": result.strict,
        "exit_code": EXIT_OF[ruling.verdict],
        "conclusion": result.conclusion(),
        "reasons": list(ruling.reasons),
        "causes": [asdict(group) for group in result.causes()],
        "stop_reason": result.stop_reason or next((one.text for one in result.disruptions), None),
        "disruptions": [{"kind": one.trouble, "text": one.text} for one in result.disruptions],
        "not_judged": result.not_judged(),
        "blocked_without_finding": result.blocked_without_finding(),
        "run": _run(result),
        "summary": summary(result),
        "notes": [*result.notes, *result.warnings],
        "coverage": asdict(Covered.of(result.coverage, result.contract)),
        "sections": [{"id": id, "title": title} for id, title in SECTIONS.items()],
        "requirements": [_requirement(judged, verdicts[id], strict[id]) for id, judged in result.judged.items()],
        "not_applicable": [{"id": id, "reason": reason} for id, reason in result.inapplicable.items()],
    }


def summary(result: Result) -> dict[Verdict, int]:
    """Return the number of requirements with each verdict, the worst first."""
    counts = Counter(result.verdicts().values())
    return {verdict: counts[verdict] for verdict in reversed(Verdict)}


def started_at(result: Result) -> str | None:
    """Return the time at which the run started, in UTC."""
    started = result.about.started
    return started.astimezone(UTC).isoformat(timespec="seconds") if started else None


def _run(result: Result) -> Document:
    return {
        "started_at": started_at(result),
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
        "seed": result.seed,
        "command": result.about.command.whole(result.seed),
        "profile": result.about.profile,
        "options": dict(result.about.options),
        "credentials": list(result.about.credentials),
    }


def _requirement(judged: Judged, verdict: Verdict, strict_verdict: Verdict) -> Document:
    requirement, clause = judged.requirement, judged.clause
    return {
        "id": requirement.id,
        "section": requirement.section,
        "level": judged.level,
        "text": requirement.text,
        "clause": {
            "name": clause.name,
            "pointer": clause.pointer,
            "provenance": clause.provenance.word,
            "text": clause.text,
        },
        "needs": [asked_for(option) for option in requirement.needs],
        "every_exchange": requirement.judge is not None,
        "verdict": verdict,
        "strict_verdict": strict_verdict,
        "cases": judged.cases,
        "obstacles": judged.obstacles,
        "waiver": {**judged.waiver.to_json(), "use": judged.use()} if judged.waiver else None,
        "reasons": judged.reasons,
        "observed": judged.observed,
        "findings": [_finding(finding) for finding in judged.findings],
    }


def _finding(finding: Finding) -> Document:
    members = asdict(finding, dict_factory=_without_empty_trailers)
    del members["requirement"]  # which the finding stands in
    return members


def _without_empty_trailers(members: list[tuple[str, Any]]) -> Document:
    return {name: value for name, value in members if name != "trailers" or value}
