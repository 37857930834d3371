"""A result as one JSON document, of the schema in report.schema.json. Every other report is written from it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import Any

from conformance.configuration.command import NAME
from conformance.configuration.settings import asked_for
from conformance.requirements.level import SECTIONS
from conformance.results import coverage
from conformance.results.about import suite_version
from conformance.results.judged import Judged, Record
from conformance.results.result import Result
from conformance.results.verdict import EXIT_OF, Verdict

SCHEMA_VERSION = "1.1"
"""Of the document: the first number grows where a reader of the old one would go wrong."""

Document = dict[str, Any]


def document(result: Result) -> Document:
    """The document of a run."""
    verdicts, strict, ruling = result.verdicts(), result.verdicts(strict=True), result.ruling()
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": NAME, "version": suite_version()},
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
        "grounds": list(ruling.grounds),
        "causes": [
            {"change": group.change, "settles": list(group.settles), "helps": list(group.helps)}
            for group in result.causes()
        ],
        "stopped_because": result.stopped_because or next((one.text for one in result.disruptions), None),
        "disruptions": [{"kind": one.trouble, "text": one.text} for one in result.disruptions],
        "unjudged": list(result.unjudged(verdicts)),
        "unexplained": list(result.unexplained(verdicts)),
        "run": _run(result),
        "summary": _counts(verdicts.values()),
        "notes": [*result.notes, *result.warnings],
        "coverage": coverage.report(result.coverage, result.contract),
        "sections": [{"id": id, "title": title} for id, title in SECTIONS.items()],
        "requirements": [_requirement(judged, verdicts[id], strict[id]) for id, judged in result.judged.items()],
        "not_applicable": [{"id": id, "reason": reason} for id, reason in result.inapplicable.items()],
    }


def _run(result: Result) -> Document:
    started = result.about.started
    return {
        "started_at": started.astimezone(UTC).isoformat(timespec="seconds") if started else None,
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
        "seed": result.seed,
        "command": result.about.command.whole(result.seed),
        "profile": result.about.profile,
        "options": dict(result.about.options),
        "credentials": list(result.about.credentials),
    }


def _counts(verdicts: Any) -> dict[str, int]:
    """How many requirements came to each verdict, from the worst on."""
    counted = Counter(verdicts)
    return {verdict: counted[verdict] for verdict in reversed(Verdict)}


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
            "known": clause.known.word,
            "text": clause.text,
        },
        "needs": [asked_for(option) for option in requirement.needs],
        "every_exchange": requirement.judge is not None,
        "verdict": verdict,
        "strict_verdict": strict_verdict,
        "cases": dict(judged.cases),
        "obstacles": dict(judged.obstacles),
        "waiver": _waiver(judged),
        "reasons": judged.reasons,
        "unspecified": list(dict.fromkeys(judged.observed)),
        "findings": [_finding(finding) for finding in judged.told_findings()],
    }


def _waiver(judged: Judged) -> Document | None:
    return {**judged.waiver.to_json(), "use": judged.use()} if judged.waiver else None


def _finding(finding: Record) -> Document:
    return {name: value for name, value in finding.items() if name != "requirement"}
