"""One run of the suite in one process, from the first request to the last.

A run is made from settings and sends nothing. Then it goes through four stages:

- `meet` connects to the target. It sends the plainest upsert, stops if that cannot work (wrong address, wrong key), and
  probes what the target can do: read, delete, keep omitted fields. Checks rely on these capabilities.
- `judge` runs one check at a time (`attempt.py`) and returns a record of it. In between it deletes the models that no
  check needs any more, and keeps track of what a change of the surroundings would make void: everything that was judged
  since the plain request last worked (`control.py`).
- `close` sends the plain request once more if the last tests leave that open, deletes what the run created, and returns
  what no record has said: warnings, disruptions, and which records are void.

With pytest-xdist each worker process has a run of its own. Records are plain data, because they travel from there to
the process that makes the reports.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from random import Random
from statistics import median

from conformance.fields import is_required
from conformance.fixtures import with_fixtures
from conformance.judge.outcome import Disrupted, NotProvided
from conformance.judge.prerequisite import Prerequisite
from conformance.options import OPTIONS
from conformance.redaction import redacted
from conformance.requirements.registry import judge_of, load_checks, profile_of, selected
from conformance.requirements.requirement import REGISTRY, Requirement
from conformance.results.about import BUNDLED, About, Command, command_of
from conformance.results.coverage import Coverage
from conformance.results.finding import RUN, Evidence, Finding, Origin, Place, finding_of, in_short
from conformance.results.judged import read_as
from conformance.results.record import Closing, Record, Test
from conformance.results.verdict import Verdict
from conformance.results.waivers import Terms
from conformance.runner.attempt import Attempt, CheckRunner
from conformance.runner.control import Change
from conformance.settings import BadSetting, Settings, asked_for
from conformance.target.application import App, path_of, target_name
from conformance.target.budget import (
    Disruption,
    Trouble,
    disarm,
    duration,
    estimated_models,
    estimated_requests,
    require_time,
)
from conformance.target.cleanup import clean_up, delete_unneeded, leftovers_of_earlier_runs, open_ledger
from conformance.target.client import Client
from conformance.target.connection import Connection, connection_of, credentials_of
from conformance.target.ledger import Entry, Ledger
from conformance.target.names import LeftoverName, Names, apply_name_pattern, new_prefix
from conformance.target.operations import Capabilities
from conformance.target.preflight import foreign_response_hint, preflight
from conformance.target.probe import lacks_delete, probe, serves_one_at_a_time, warning_of_leftovers
from conformance.target.subject import NO_NEW_NAMES, KnownFixtures, RunOptions, Subject
from conformance.wire.exchange import Credential, Exchange, Unreachable
from conformance.wire.http import HttpTransport
from conformance.wire.in_process import InProcess
from conformance.wire.transport import Transport
from contract import Contract, load

SECRET = 8
"""A header value that the user gives is treated as a secret everywhere, if it has at least this many characters."""
OTHER = "other-org-key"
LONG = 60.0
"""A run that is expected to take at least this many seconds says so at the start."""
SHOWN = 3
"""How many findings of a requirement keep their exchanges."""


def _supported(contract: Contract) -> Contract:
    """Return the contract. Raises BadSetting if the suite cannot judge a target by it."""
    for name, field in contract.upsert.request.items():
        if field.reference and is_required(field):
            needed = "the suite needs models without one, and supports only other fields as required"
            raise BadSetting(f"{contract.file}: each upsert has to have the reference {name}; {needed}")
    return contract


class Run:
    """The run of one process. It sends nothing before `meet`."""

    def __init__(
        self, settings: Settings, seed: int, worker: str = "", share: int = 1, prefix: str | None = None
    ) -> None:
        self.settings = settings = with_fixtures(settings)
        self._connection: Connection = connection_of(settings, share)
        load_checks()
        self.contract, self._shape = apply_name_pattern(_supported(load(settings["contract"])), settings)
        self.seed = seed
        self.terms = Terms.of(settings)
        self.profile = profile_of(settings)
        self.selected = selected(self.contract, settings, self.profile)
        self.about = About.of(settings, self.profile.name)
        self.target = str(settings["url"] or settings["app"])
        self.repeat_with(command_of(settings, self.secrets()))
        self.node = ""
        """The ID with which pytest runs the current test alone."""
        self._app: str | None = settings["app"]
        """The import path of an application; empty if it has none, None if nobody has looked for it."""
        self.prefix = prefix or new_prefix(self._shape)
        self._earlier = leftovers_of_earlier_runs(settings["names"], worker)
        self.names = self._shape.summary(self.prefix)
        """The pattern of the names of the run, for the reader of a report."""
        self.proxy = str(self._connection.proxy or "")
        """The proxy to the target, and the setting that names it; empty if there is none."""
        self.estimate = 0
        """About how many requests the run sends; 0 if nobody has estimated it."""
        self.expected = 0.0
        """About how many seconds the run takes; 0 if that is unknown."""
        self.notes: list[str] = []
        self.warnings: list[str] = self._connection.warnings()
        self._worker = worker
        self._subject: Subject | None = None
        self._transport: Transport | None = None
        self._lost = False
        self._unstable = False
        """Whether any failure did not repeat."""
        self._counted = 0
        self._coverage = Coverage()
        self._counts: Counter[str] = Counter()
        self._disruptions: list[Disruption] = []
        self._unproven: dict[Test, set[Credential | None]] = {}
        """The tests that were judged since the surroundings were last found unchanged."""
        self._gone: dict[str, str] = {}
        """The options of keys that no longer work, and why."""

    def repeat_with(self, command: Command) -> None:
        """Set the command that repeats the run."""
        self.about = replace(self.about, command=command)

    def repeat_on(self, app: App) -> None:
        """Set the command that repeats the run on an application that `check` was given."""
        self._app = path_of(app) or ""
        self.repeat_with(command_of(self.settings, self.secrets(), self._app))

    def estimate_requests(self, tests: Mapping[str, int]) -> None:
        """Estimate how many requests so many tests of each section will send."""
        self.estimate = estimated_requests(self.profile, tests)

    def meet(self, target: str | App, notice: Callable[[str], None] = lambda _: None) -> Subject:
        """Connect to the target and probe it, once; call `notice` with what the user should know at once.

        Raises Unreachable, WrongKey, Refused or Disrupted if nothing can be judged.
        """
        if self._subject is None:
            self.target = target_name(target)
            if self._app is None and not isinstance(target, str):
                self._app = path_of(target)
            self._transport = self._connect(target)
            self._subject = subject = self._new_subject(
                self._connection.client(self._transport), isinstance(target, str)
            )
            self._probe_target(subject, notice)
        return self._subject

    def _probe_target(self, subject: Subject, notice: Callable[[str], None]) -> None:
        leaves = isinstance(self._transport, HttpTransport)  # an application in this process ends with it
        lacking = lacks_delete(subject) if leaves else None
        if lacking:
            notice(self._warning_of_leftovers(subject))
        with subject.names.reusing():
            preflight(subject)
            if subject.names.reuses and subject.was_created(subject.baseline):  # what earlier runs left is gone
                subject.names.stop_reusing()
            if serves_one_at_a_time(subject):
                subject.client.transport.disable_keep_alive()
            subject.capabilities = probe(subject)
        if subject.names.reuses and subject.capabilities.delete_works:
            subject.names.stop_reusing()
            subject.capabilities = probe(subject)
        if leaves and not lacking and not subject.capabilities.delete_works:
            notice(self._warning_of_leftovers(subject))
        self.notes += _notes(subject)
        responses = subject.client.response_seconds or [0.0]
        self.expected = require_time(self.estimate, median(responses), subject.client.limits)
        if self.expected >= LONG:
            notice(f"the run will take about {duration(self.expected)}, judging by the first responses")

    def _connect(self, target: str | App) -> Transport:
        route = self._connection.route
        return HttpTransport(target, route) if isinstance(target, str) else InProcess(target, route.timeout)

    @property
    def subject(self) -> Subject:
        """The target, after `meet`."""
        if self._subject is None:
            raise RuntimeError("call `meet` first")
        return self._subject

    def _new_subject(self, client: Client, lasting: bool) -> Subject:
        fixtures = KnownFixtures(self.settings["builtin-model"], self.settings["provider"])
        options = RunOptions(fixtures, self.seed, self.profile)
        self._earlier = [run for run in self._earlier if run.target == self.target]
        names = Names(self._worker, self.prefix, self._shape, self._names_left())
        subject = Subject(
            self.contract, client, credentials_of(self.settings), names, options, self._open_ledger(lasting)
        )
        subject.creations.adopt(self._own_entries())
        return subject

    def _own_entries(self) -> Iterator[Entry]:
        """Yield the models of earlier runs that have a name of a run and that this run has the key to delete."""
        for run in self._earlier:
            for entry in run.entries:
                if entry.name.startswith(run.prefix) and (
                    entry.key_variable != asked_for(OTHER) or self.settings[OTHER]
                ):
                    yield entry

    def _names_left(self) -> list[LeftoverName]:
        """Return the names of models that earlier runs left, in an order that depends on the seed alone."""
        found = list[LeftoverName]()
        for run in self._earlier:
            pattern = self._shape.pattern(run.prefix, self._worker)
            theirs = {entry.name for entry in run.entries if entry.key_variable == asked_for(OTHER)}
            ours = {entry.name for entry in run.entries if entry.key_variable != asked_for(OTHER)}
            matches = [(match, name) for name in sorted(ours) if (match := pattern.match(name))]
            found += [LeftoverName(match[0], name[match.end() :], name in theirs) for match, name in matches]
        Random(self.seed).shuffle(found)  # noqa: S311 - the order is no secret
        return found

    def _warning_of_leftovers(self, subject: Subject) -> str:
        """Return the warning about models that will stay on the target."""
        return warning_of_leftovers(estimated_models(self.estimate), len(self._names_left()) * subject.names.reuses)

    def _open_ledger(self, lasting: bool) -> Ledger | None:
        """Open the ledger of the run, unless the target ends with the run and the user asks for no ledger."""
        given = self.settings["names"] or self.settings["ledger"]
        if not (given or lasting):
            return None
        ledger, warning = open_ledger(given, self.target, self.prefix, self._worker)
        self.warnings += [warning] if warning else []
        return ledger

    @cached_property
    def _attempts(self) -> CheckRunner:
        judges = [REGISTRY[id] for id in sorted(self.selected) if REGISTRY[id].judge is not None]
        probe = judge_of(Prerequisite.KEEPS_REQUESTS_APART) in self.selected
        return CheckRunner(
            self.contract, self.subject, judges, self.terms.waived(), minimising=True, probe_connections=probe
        )

    def read(self, requirement: Requirement, found: Verdict) -> Verdict:
        """Return the verdict of one test under the terms of the run: its strictness and its waivers."""
        waived = requirement.id in self.terms.waived()
        return read_as(found, requirement.level_in(self.contract), strict=self.terms.strict, waived=waived)

    def judge(self, requirement: Requirement, case: str, check: Callable[[], None]) -> Record:
        """Run one check, and say what it came to."""
        started = time.perf_counter()
        try:
            attempt = self._attempts.run(requirement, lambda: self._run_if_possible(requirement, check))
        except Unreachable:
            self._lost = True
            raise
        seconds = time.perf_counter() - started
        self._coverage.note(attempt.exchanges, self.contract)
        void = self._void((requirement.id, case), attempt)
        self._unstable |= any(evidence.verdict is Verdict.UNSTABLE for evidence in attempt.findings.values())
        self.subject.found_failure |= any(
            self._makes_nonconformant(id, evidence) for id, evidence in attempt.findings.items()
        )
        delete_unneeded(self.subject)
        if self.subject.names.reuses:
            self.subject.names.return_unwritten(self.subject.creations.written_names())
        return Record(
            requirement.id,
            case,
            read_as(attempt.verdict, requirement.level_in(self.contract), strict=True, waived=False),
            reason=self.without_secrets(attempt.reason),
            obstacle=attempt.obstacle,
            blocked_by=attempt.blocked_by,
            observed=tuple(map(self.without_secrets, attempt.observed)),
            requests=self._uncounted(),
            coverage=self._coverage.take(),
            findings=self._findings(requirement.id, case, attempt),
            void=void,
            seconds=seconds,
            exchanges=self._lines(attempt) if self.settings["verbose"] else (),
        )

    def _makes_nonconformant(self, id: str, evidence: Evidence) -> bool:
        """Return whether a finding makes the target not conformant."""
        return evidence.verdict is Verdict.FAIL and self.read(REGISTRY[id], Verdict.FAIL) is Verdict.FAIL

    def _run_if_possible(self, requirement: Requirement, check: Callable[[], None]) -> None:
        """Run the check. Raises NotProvided or Disrupted if a setting, a key or new names are missing for it."""
        self.subject.client.budget.check_time()
        missing = [option for option in requirement.needs if not self.settings[option]]
        if missing:
            raise NotProvided(f"needs {' and '.join(map(asked_for, missing))}")
        for option in requirement.needs:
            if option in self._gone:
                raise Disrupted(self._gone[option])
        if requirement.creates and self.subject.names.reuses:
            raise NotProvided(NO_NEW_NAMES)
        check()

    def _void(self, test: Test, attempt: Attempt) -> tuple[Test, ...]:
        """Note what was judged since the surroundings were last found unchanged; return what a change makes void."""
        void = list[Test]()
        for change in attempt.changes:
            void += self._unproven_without(change.option)
            self._unproven.clear()
            self._disruptions.append(change.disruption)
            if change.lasts and change.option is not None:
                self._gone[change.option] = change.disruption.text
                self.subject.credentials = self.subject.credentials.without(change.option)
        if attempt.trailing < len(attempt.exchanges):
            self._unproven.clear()
        if attempt.trailing:
            self._unproven[test] = {exchange.request.credential for exchange in attempt.exchanges}
        return tuple(void)

    def _unproven_without(self, option: str | None) -> list[Test]:
        """Return the tests that say nothing if a key no longer works: those that used it, or all for the primary one.

        The control of the primary key has worked if the one of another key fails.
        """
        if option is None:
            return list(self._unproven)
        given = self.subject.credentials
        gone = set(given.all()) - set(given.without(option).all())
        return [test for test, callers in self._unproven.items() if callers & gone]

    def _findings(self, id: str, case: str, attempt: Attempt) -> tuple[Finding, ...]:
        """Return the findings of a test of requirement `id`, its own and those of other requirements."""
        if not attempt.findings:
            return ()
        bundled = self.settings.origins.get("url") == BUNDLED  # which ends with the command
        place = Place.of("" if bundled else self.target, self._app, self._shape.shell, self._connection.command_options)
        variables = self._variables()
        return tuple(
            finding_of(
                other,
                self._limited(other, evidence),
                Origin(id, case, self.about.command.of(self.seed, id, other, node=self.node)),
                place,
                variables,
            )
            for other, evidence in attempt.findings.items()
        )

    def _lines(self, attempt: Attempt) -> tuple[str, ...]:
        variables = self._variables()
        return tuple(in_short(exchange, variables) for exchange in attempt.exchanges)

    def without_secrets(self, text: str) -> str:
        """Return `text` with the names of shell variables in place of the keys of the run."""
        return redacted(text, self.secrets()) if text else text

    def _limited(self, id: str, evidence: Evidence) -> Evidence:
        """Return the evidence, without its exchanges once the requirement has enough findings with exchanges."""
        self._counts[id] += 1
        if evidence.exchanges:
            hint = foreign_response_hint(evidence.exchanges[-1], self.subject.baseline)
            evidence = replace(evidence, hint=hint or self._hint_at_keys(evidence.exchanges))
        return evidence if self._counts[id] <= SHOWN else replace(evidence, exchanges=(), again=())

    def _hint_at_keys(self, exchanges: Iterable[Exchange]) -> str:
        """Return a hint that two keys may belong to one organization, if the exchanges used both; else empty."""
        primary, other = self.subject.credentials.primary, self.subject.credentials.other_org
        if other is None or not {primary, other} <= {exchange.request.credential for exchange in exchanges}:
            return ""
        keys = f"{asked_for('api-key')} and {asked_for('other-org-key')}"
        return f"the target is not at fault if {keys} are keys of one organization"

    def _variables(self) -> dict[str, str]:
        """Return what reports replace with shell variables: the secrets, and the prefix of the names of the run."""
        return self.secrets() | {self.subject.names.prefix: RUN}

    def secrets(self) -> dict[str, str]:
        """Return each secret with the shell variable that reports show in its place."""
        headers = {text: shell for text, shell in self._connection.secrets() if len(text) >= SECRET}
        given = [option for option in OPTIONS if option.secret and self.settings[option.name]]
        return headers | {self.settings[option.name]: f"${option.environment}" for option in given}

    def _uncounted(self) -> int:
        """Return the number of requests since the last call."""
        total = self._subject.client.requests if self._subject else 0
        counted, self._counted = self._counted, total
        return total - counted

    def close(self, tests: Sequence[str]) -> Closing:
        """Delete what the run created, as far as the target can, and return what no record has said.

        `tests` has the requirement of each test that was collected.
        """
        disarm()
        void = [*self._last_control(), *([(judge_of(Prerequisite.RESPONDS), "")] if self._flaky_requests else [])]
        doubtful = self._unstable or bool(self._flaky_requests or self._disruptions)
        if self._subject is not None and (left := clean_up(self._subject, lost=self._lost, doubtful=doubtful)):
            self.warnings.append(left)
        if self._transport is not None:
            self._transport.close()
        return Closing(
            self.target,
            tuple(self.notes),
            tuple(self.warnings),
            self._uncounted(),
            tuple(void),
            tuple(replace(one, text=self.without_secrets(one.text)) for one in self._all_disruptions()),
            tuple(tests),
        )

    def _last_control(self) -> list[Test]:
        """Check the surroundings again if the last tests do not show that they are unchanged; return what is void."""
        if not self._unproven or self._lost or self.subject.client.budget.exhausted:
            return []
        try:
            change = self._attempts.control.changed()
        except Unreachable as gone:
            change = Change(Disruption(Trouble.GONE, str(gone)), lasts=True)
            self._lost = True
        except Disrupted:
            return []
        if change is None:
            return []
        self._disruptions.append(change.disruption)
        return self._unproven_without(change.option)

    @property
    def _flaky_requests(self) -> int:
        """The number of requests that failed once and not when they were sent again."""
        return self._attempts.flaky_requests if "_attempts" in vars(self) else 0

    def _all_disruptions(self) -> list[Disruption]:
        """Return what disrupted the run, each disruption once, in the order of occurrence."""
        if self._subject is None:
            return []
        client, flaky_requests = self._subject.client, self._flaky_requests
        if not flaky_requests:
            return self._each_once(client.disruption)
        flaky = Disruption(
            Trouble.FLAKY,
            f"{flaky_requests} of {client.requests:,} requests got no response or a gateway error (5xx), and another "
            f"response when they were sent again (the latest: {self._attempts.latest_flaky})",
        )
        return self._each_once(flaky, client.disruption)

    def _each_once(self, *last: Disruption | None) -> list[Disruption]:
        return list(dict.fromkeys([*self._disruptions, *(one for one in last if one is not None)]))


def _notes(subject: Subject) -> list[str]:
    """Return sentences about what the target was found to do."""
    able = subject.capabilities
    return [note for note in (_note_on_reading(able), _note_on_deleting(able), _note_on_omitting(able)) if note]


def _note_on_reading(able: Capabilities) -> str:
    if able.read_may_be_stale:
        return "the read of the target may return stale values, so no other check relies on it"
    if able.read_works:
        return (
            "the target has a read"
            if able.read_returns_state
            else "the target has a read that does not return what was written"
        )
    return (
        "" if able.read_status is None else f"the target has no read: for an existing model it got {able.read_status}"
    )


def _note_on_deleting(able: Capabilities) -> str:
    if able.delete_works:
        return "the target has a delete"
    seen = able.delete_status
    return "" if seen is None else f"the target has no delete: for an existing model it got {seen}"


def _note_on_omitting(able: Capabilities) -> str:
    if not able.update_works:
        return ""
    return (
        "an upsert keeps omitted fields" if able.bare_upsert_returns_state else "an upsert does not keep omitted fields"
    )
