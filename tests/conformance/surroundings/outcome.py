"""Runs the command in surroundings, and compares what it says with what it has to say."""

from __future__ import annotations

import html
import re
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from conformance.requirements.registry import load_checks, profile_of, selected
from conformance.results.verdict import EXIT_OF, RunVerdict
from conformance.settings import gather
from contract import load
from tests.conformance.command import KEYS, KNOWN, Ran, conformance
from tests.conformance.surroundings.proxy import proxied
from tests.conformance.surroundings.row import BROKEN, Surroundings
from tests.servers.serving import served

REPORTS = {"html": "report.html", "markdown": "report.md", "junit": "report.xml"}
ACCUSING = ("fail", "deviates", "error")
WAIVER = '[[waiver]]\nid = "{}"\nreason = "the gateway takes it out"\nowner = "platform team"\nexpires = {}\n'
NOT_SELECTED = "not-selected"
UNJUDGED = r"not[- ](?:be )?(?:judged|testable|tested|reached)|unjudged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run of the command."""

    ran: Ran
    reports: Mapping[str, str]
    """The texts of the terminal and of each report, on one line and without markup."""
    seconds: float
    requests: int = 0
    creates: int = 1
    broken: int = 0
    """Requests that got no whole response."""
    left: Mapping[str, int] | None = None
    """Models that are left on the server by organization; None where nobody can look."""

    @property
    def told(self) -> str:
        """What the run printed."""
        return self.reports["terminal"]


def run_in(row: Surroundings, folder: Path) -> Outcome:
    """Run the command on the server of a row, through what stands before it."""
    with ExitStack() as stack:
        server = row.server()
        proxy = stack.enter_context(proxied(stack.enter_context(served(server)), row.script()))
        ran, reports, seconds = run_at(proxy.url, row, folder)
        left = Counter(owner for owner, _ in server.snapshot())
        broken = proxy.statuses[None]
        return Outcome(ran, reports, seconds, proxy.requests, proxy.creates, broken, left)


def run_at(url: str, row: Surroundings, folder: Path) -> tuple[Ran, Mapping[str, str], float]:
    """Run the command on a URL: what it came to, the texts of its reports, and the seconds that it took."""
    options = [*row.options, *(word for name, file in REPORTS.items() for word in (f"--{name}", str(folder / file)))]
    if row.waived:
        options += ["--waivers", str(_waivers(row, folder))]
    began = time.monotonic()
    ran = conformance(url, *KNOWN, *options, report=folder / "report.json", environment=KEYS)
    seconds = time.monotonic() - began
    written = {name: folder / file for name, file in {**REPORTS, "json": "report.json"}.items()}
    texts = {name: path.read_text(encoding="utf-8") for name, path in written.items() if path.exists()}
    return ran, {name: _plain(text) for name, text in {**texts, "terminal": ran.stdout + ran.stderr}.items()}, seconds


def complaints(row: Surroundings, outcome: Outcome) -> list[str]:
    """What is not as the row has it, a sentence each."""
    verdict = next((v for v in row.verdicts if EXIT_OF[v] == outcome.ran.code), None)
    expected = " or ".join(row.verdicts)
    if verdict is None:
        last = outcome.ran.stdout.strip().rpartition("\n")[2]
        return [f"exit code {outcome.ran.code}, expected {expected}: {last}", *_accused(row, outcome)]
    return [
        *_other_verdict(verdict, outcome),
        *_unsaid(row, verdict, outcome),
        *_accused(row, outcome),
        *_uncounted(row, verdict, outcome),
        *_left(row, outcome),
    ]


def _other_verdict(verdict: RunVerdict, outcome: Outcome) -> Iterator[str]:
    report = outcome.ran.report
    if report is not None and report["verdict"] != verdict:
        yield f"the report says {report['verdict']}, and the exit code {verdict}"


def _unsaid(row: Surroundings, verdict: RunVerdict, outcome: Outcome) -> Iterator[str]:
    if verdict is RunVerdict.CONFORMANT:
        return
    for pattern in row.says:
        missing = [name for name, text in outcome.reports.items() if not re.search(pattern, text, re.IGNORECASE)]
        if missing:
            what = "how many requests broke" if pattern == BROKEN else f"/{pattern}/"
            yield f"{what} is not in: {', '.join(sorted(missing))}"
    if BROKEN in row.says and (told := re.search(BROKEN, outcome.told, re.IGNORECASE)):
        count = int(told[1] or told[2])
        if not 1 <= count <= outcome.broken:
            yield f"{count} requests are said to have broken, and {outcome.broken} did"


def _accused(row: Surroundings, outcome: Outcome) -> Iterator[str]:
    if outcome.ran.report is None:
        return
    accused = outcome.ran.with_verdict(*ACCUSING)
    if missing := row.fails - accused:
        yield f"not accused: {_listed(missing)}"
    if (wrongly := accused - row.fails) and not row.others_fail:
        yield f"accused: {_listed(wrongly)}"


def _uncounted(row: Surroundings, verdict: RunVerdict, outcome: Outcome) -> Iterator[str]:
    """See that a run tells of each selected requirement: a green one judged them all, another counts the rest."""
    if verdict in (RunVerdict.WRONG_USE, RunVerdict.NON_CONFORMANT):
        return
    if outcome.ran.report is None:
        yield "there is no report"
        return
    selected_ids = wanted(row.options)
    requirements = [r for r in outcome.ran.report["requirements"] if r["id"] in selected_ids]
    if missing := [r["id"] for r in requirements if r["verdict"] == NOT_SELECTED]:
        yield f"{len(missing)} requirements that were not reached look as if they were not selected"
    unjudged = [r for r in requirements if r["verdict"] in (NOT_SELECTED, "not-testable")]
    musts = [r["id"] for r in unjudged if r["level"] == "MUST"]
    if verdict is not RunVerdict.CONFORMANT:
        yield from _without_count(outcome, {len(unjudged), len(musts)} - {0})
    elif musts and not row.blind:
        yield f"conformant, though these were not judged: {', '.join(musts)}"


def _without_count(outcome: Outcome, counts: set[int]) -> Iterator[str]:
    """See that each report says one of the counts, and of what."""
    number = rf"\b(?:{'|'.join(map(str, counts))})\b"
    told = outcome.reports.items()
    silent = [name for name, text in told if not re.search(_near(number, UNJUDGED), text, re.IGNORECASE)]
    if counts and silent and "nothing was judged" not in outcome.told:
        unjudged = " or ".join(map(str, sorted(counts)))
        yield f"{unjudged} not judged, and these do not say so: {', '.join(sorted(silent))}"


def _near(one: str, other: str) -> str:
    """A pattern of two that stand near each other, in either order."""
    return rf"{one}.{{0,60}}(?:{other})|(?:{other}).{{0,60}}{one}"


def _left(row: Surroundings, outcome: Outcome) -> Iterator[str]:
    for owner in row.emptied:
        if left := (outcome.left or {}).get(owner):
            yield f"{left} models of {owner} are left"
    if not outcome.creates and "left on the target" in outcome.told:
        yield "models are said to be left, though none was created"


def wanted(options: tuple[str, ...]) -> set[str]:
    """The requirements that a run with these options has to judge, or to say why not."""
    load_checks()
    given = dict(pairwise(options))
    chosen: dict[str, Any] = {"profile": given.get("--profile", "default")}
    if "--only" in given:
        chosen["only"] = given["--only"].split(",")
    settings = gather(chosen)
    return selected(load(settings["contract"]), settings, profile_of(settings))


def _waivers(row: Surroundings, folder: Path) -> Path:
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    path = folder / "waivers.toml"
    path.write_text("".join(WAIVER.format(id, day) for id in row.waived), encoding="utf-8")
    return path


def _listed(ids: Collection[str]) -> str:
    return ", ".join(sorted(ids)) or "nothing"


def _plain(text: str) -> str:
    """The text on one line, without tags; JUnit says in an attribute how many tests were not judged."""
    text = re.sub(r'<testsuite [^<>]*\bskipped="(\d+)"', r" \1 not judged \g<0>", text)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^<>]{1,300}>", " ", text)))
