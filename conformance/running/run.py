"""One run of the suite in one process: its contract, its subject, and the records of its tests."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from conformance.configuration.fixtures import with_fixtures
from conformance.configuration.options import OPTIONS
from conformance.configuration.settings import Settings, asked_for
from conformance.judge.outcome import NotTestable
from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY, Requirement
from conformance.requirements.selection import profile_of, selected
from conformance.results.about import About
from conformance.results.coverage import Coverage
from conformance.results.evidence import RUN, finding_record, in_short
from conformance.results.finding import Finding
from conformance.results.judged import Record, read_as
from conformance.results.terms import Terms
from conformance.results.verdict import Verdict
from conformance.running.attempt import CONNECTIONS, Attempt, Attempts
from conformance.running.connection import Connection, callers_of, connection_of
from conformance.running.estimate import estimated_requests
from conformance.running.target import App, named
from conformance.running.tidying import open_ledger, tidy
from conformance.subject.abilities import Abilities
from conformance.subject.client import Client
from conformance.subject.ledger import Ledger
from conformance.subject.names import Names, new_prefix
from conformance.subject.naming import named as with_names
from conformance.subject.plan import Known, Plan
from conformance.subject.probe import probe
from conformance.subject.smoke import look
from conformance.subject.subject import Subject
from conformance.wire.http import HttpTransport
from conformance.wire.in_process import InProcess
from conformance.wire.lost import Unreachable
from conformance.wire.secrets import redacted
from conformance.wire.transport import Transport
from contract import load

SECRET = 8
"""Characters from which on the value of a header of the user's is taken for a secret wherever it stands."""
SHOWN = 3
"""Findings of a requirement that are shown with their exchanges; the others are counted."""


class Run:
    """Made once in each process that runs tests. Sends nothing before `subject` is asked for."""

    def __init__(
        self, settings: Settings, seed: int, worker: str = "", share: int = 1, prefix: str | None = None
    ) -> None:
        self.settings = settings = with_fixtures(settings)
        self._connection: Connection = connection_of(settings, share)
        load_checks()
        self.contract, self._shape = with_names(load(settings["contract"]), settings)
        self.seed = seed
        self.terms = Terms.of(settings)
        self.profile = profile_of(settings)
        self.selected = selected(self.contract, settings, self.profile)
        self.about = About.of(settings, self.profile.name)
        self.target = str(settings["url"] or settings["app"])
        self.prefix = prefix or new_prefix(self._shape)
        self.names = self._shape.spelled(self.prefix)
        """All names of the run, as a reader is told of them."""
        self.proxy = str(self._connection.proxy or "")
        """The proxy on the way to the target, and where it was named; empty where there is none."""
        self.estimate = 0
        """About how many requests the run sends; 0 where nobody reckoned it."""
        self.notes: list[str] = []
        self.warnings: list[str] = self._connection.warnings()
        self._worker = worker
        self._subject: Subject | None = None
        self._transport: Transport | None = None
        self._lost = False
        self._counted = 0
        self._coverage = Coverage()
        self._findings: Counter[str] = Counter()

    def estimate_requests(self, tests: Mapping[str, int]) -> None:
        """Reckon what so many tests of each section will send."""
        self.estimate = estimated_requests(self.profile, tests)

    def meet(self, target: str | App) -> Subject:
        """Smoke and probe the target, once. Raises Unreachable or WrongKey where nothing can be judged."""
        if self._subject is None:
            self.target = named(target)
            self._transport = self._connect(target)
            self._subject = subject = self._unmet(self._connection.client(self._transport), isinstance(target, str))
            look(subject)
            subject.abilities = probe(subject)
            self.notes += _notes(subject)
        return self._subject

    def _connect(self, target: str | App) -> Transport:
        route = self._connection.route
        return HttpTransport(target, route) if isinstance(target, str) else InProcess(target, route.timeout)

    @property
    def subject(self) -> Subject:
        """The target that was met."""
        if self._subject is None:
            raise RuntimeError("no target was met yet")
        return self._subject

    def _unmet(self, client: Client, lasting: bool) -> Subject:
        known = Known(self.settings["builtin-model"], self.settings["provider"])
        plan = Plan(known, self.seed, self.profile)
        names = Names(self._worker, self.prefix, self._shape)
        return Subject(self.contract, client, callers_of(self.settings), names, plan, self._open_ledger(lasting))

    def _open_ledger(self, lasting: bool) -> Ledger | None:
        """The ledger of the run; a target that does not outlast it needs none, unless the user wants one."""
        given = self.settings["ledger"]
        if not (given or lasting):
            return None
        ledger, warning = open_ledger(given, self.target, self.prefix, self._worker)
        self.warnings += [warning] if warning else []
        return ledger

    @cached_property
    def _attempts(self) -> Attempts:
        judges = [REGISTRY[id] for id in sorted(self.selected) if REGISTRY[id].judge is not None]
        suspecting = CONNECTIONS in self.selected
        return Attempts(self.contract, self.subject, judges, self.terms.waived(), shrinking=True, suspecting=suspecting)

    def read(self, requirement: Requirement, found: Verdict) -> Verdict:
        """What was found in one test, on the terms of the run."""
        waived = requirement.id in self.terms.waived()
        return read_as(found, requirement.level_in(self.contract), strict=self.terms.strict, waived=waived)

    def judge(self, requirement: Requirement, case: str, check: Callable[[], None]) -> Record:
        """Run one check, and say what it came to."""
        spent = self.subject.client.budget.spent
        missing = [asked_for(option) for option in requirement.needs if not self.settings[option]]

        def guarded() -> None:
            if spent:
                raise NotTestable(spent)
            if missing:
                raise NotTestable(f"needs {' and '.join(missing)}")
            check()

        started = time.perf_counter()
        try:
            attempt = self._attempts.run(requirement, guarded)
        except Unreachable:
            self._lost = True
            raise
        seconds = time.perf_counter() - started
        self._coverage.note(attempt.exchanges, self.contract)
        return self._record(requirement, case, attempt) | {"seconds": seconds, **self._journal(attempt)}

    def _record(self, requirement: Requirement, case: str, attempt: Attempt) -> dict[str, Any]:
        base_url = self.target if self.target.startswith("http") else "$RESPAN_URL"
        own = requirement.id
        return {
            "requirement": requirement.id,
            "case": case,
            "verdict": attempt.verdict.value,
            "reason": self.told(attempt.reason),
            "because": attempt.because,
            "observed": [self.told(observed) for observed in attempt.observed],
            "requests": self.uncounted(),
            "coverage": self._coverage.take(),
            "curtailed": self.subject.client.budget.spent or "",
            "findings": [
                {
                    **finding_record(
                        id, case, self._shown(id, finding), base_url, self._variables(), self._shape.shell
                    ),
                    "found_in": own,
                }
                for id, finding in attempt.findings.items()
            ],
        }

    def _journal(self, attempt: Attempt) -> dict[str, Any]:
        """Every exchange in short, where they are asked for."""
        if not self.settings["verbose"]:
            return {}
        return {"journal": [in_short(exchange, self._variables()) for exchange in attempt.exchanges]}

    def told(self, text: str) -> str:
        """`text` without the keys of the run."""
        return redacted(text, self._secrets())

    def _shown(self, id: str, finding: Finding) -> Finding:
        """The finding, without its exchanges once the requirement has been shown violated often enough."""
        self._findings[id] += 1
        return finding if self._findings[id] <= SHOWN else replace(finding, exchanges=(), again=())

    def _variables(self) -> dict[str, str]:
        """What reports write as shell variables: the tokens, and the prefix of the run's names."""
        return self._secrets() | {self.subject.names.run: RUN}

    def _secrets(self) -> dict[str, str]:
        """What must not be told, and the shell variables that stand for it."""
        headers = {text: shell for text, shell in self._connection.secrets() if len(text) >= SECRET}
        given = [option for option in OPTIONS if option.secret and self.settings[option.name]]
        return headers | {self.settings[option.name]: f"${option.environment}" for option in given}

    def uncounted(self) -> int:
        """Requests since the last call."""
        total = self._subject.client.requests if self._subject else 0
        counted, self._counted = self._counted, total
        return total - counted

    def close(self) -> dict[str, Any]:
        """Delete what the run created, as far as the target can, and say, as plain JSON, what no record has said."""
        if self._subject is not None and (left := tidy(self._subject, lost=self._lost)):
            self.warnings.append(left)
        if self._transport is not None:
            self._transport.close()
        return {
            "target": self.target, "notes": self.notes, "warnings": self.warnings, "requests": self.uncounted(),
        }  # fmt: skip


def _notes(subject: Subject) -> list[str]:
    able = subject.abilities
    return [
        _note_on_reading(able),
        "the target has a delete" if able.deletes else "the target has no delete",
        "an upsert keeps omitted fields" if able.keeps else "an upsert does not keep omitted fields",
    ]


def _note_on_reading(able: Abilities) -> str:
    if able.reads_late:
        return "the read of the target may show what was before a write, so that nothing else is judged by it"
    return "the target has a read" if able.reads else "the target has no read"
