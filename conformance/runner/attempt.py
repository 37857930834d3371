"""Run one check, and report only what holds: confirm, attribute, minimise.

A failure of a check is not yet a finding. A connection may have broken, a gateway may have failed, a token may have
expired, and the target may behave that way only sometimes. A wrong accusation is worse than a missed fault.

Repeat what was disturbed. Four loops run a check before its failures count. From the inside out, they repeat it after a
stale connection, after a write that may have been processed twice (`_run_without_double_writes`), after a request
without a response (`_run_until_answered`), and after a change of the surroundings (`_run_undisturbed`, `control.py`).
Three losses of one request are a finding; losses of different requests make the connection flaky.

Attribute. One fault makes one finding. A check reports its own failure. The requirements on every exchange judge all
exchanges of the check, and each reports its first failure. A check that cannot go on is not testable: it names the
requirement that judges the step in its way.

Confirm. Every failure is seen twice before it counts, and each requirement is confirmed once a run (`_confirm`). These
ways are tried in turn, the cheapest first:

1. fewer requests than the check sends, if the shrinker finds some that show the failure;
2. the replay that the check brought along, if it has one;
3. the whole check under fresh names, or after it the last request alone;
4. the same requests under fresh names, if they end in the same response: a fault that leaves something behind changes
   what a second run of the check starts from, so that the check may not fail again.

What none of them shows again is unstable, and makes the run inconclusive. A server error that does not come again is
taken for a flaky gateway, and is not a finding.

Minimise. The shrinker reduces a confirmed failure to few requests, and replays what a report prints as its reproduction
(`conformance/reproduction/shrinker.py`).
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from conformance.judge.outcome import Disrupted, Failure, NotTestable, Obstacle
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.responses import ANY_SERVER, SchemaJudge
from conformance.reproduction.sequence import renamed, same_response, sequence_showing, shows, text_of
from conformance.reproduction.shrinker import Shrinker
from conformance.requirements.registry import judge_of
from conformance.requirements.requirement import Requirement
from conformance.results.finding import Evidence
from conformance.results.verdict import Verdict
from conformance.runner.control import Change, Control
from conformance.target.client import has_repeated_write
from conformance.target.preflight import still_responds
from conformance.target.probe import breaks_reused_connections
from conformance.target.subject import Subject
from conformance.wire.exchange import (
    STALE_RETRIES,
    Exchange,
    NoResponse,
    Request,
    StaleConnection,
    Unreachable,
    retry_stale,
)
from contract import Contract

TOO_BUSY = "the target is busy: it may have processed writes behind its 503 responses"
RANDOM = ("CON", "MOD")
"""Sections whose second run expects something else: who wins a race, and what is generated, is a matter of chance."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ][\d:.]+(?:Z|z|[+-]\d\d:\d\d)?")
SERVER_ERRORS = 2
"""How many times in a row a request that is sent again has to get a server error to confirm it."""
SAME_LOSSES = 3
"""After how many losses of the same request the target is at fault."""
MAX_LOSSES = 4
"""How many times a check may run in which a request gets no response."""
MAX_CHANGES = 3
"""How many times the surroundings may change, and change back, during one check."""
MAX_REPLAY = 30
"""Exchanges that are replayed at most, to see whether they end in the same response."""


@dataclass(slots=True)
class Attempt:
    """The outcome of one run of a check."""

    requirement: Requirement
    state: Verdict = Verdict.PASS
    """The outcome apart from findings: pass, not-testable or error."""
    reason: str = ""
    obstacle: Obstacle | None = None
    """What kept the check from judging."""
    blocked_by: str | None = None
    """The requirement that judges the step that went wrong."""
    observed: tuple[str, ...] = ()
    """What the target does where the contract leaves it open."""
    exchanges: tuple[Exchange, ...] = ()
    findings: dict[str, Evidence] = field(default_factory=dict)
    """By the ID of the requirement: the check's own, and those of requirements on every exchange."""
    lost: NoResponse | None = None
    """The request that got no response."""
    changes: list[Change] = field(default_factory=list)
    """How the surroundings changed since the check before."""
    trailing: int = 0
    """The number of exchanges after the last one that shows that the surroundings are unchanged."""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the check's own requirement."""
        own = self.findings.get(self.requirement.id)
        return own.verdict if own else self.state

    def give_up(self, reason: str, obstacle: Obstacle) -> None:
        """Drop the findings, and say why nothing can be judged."""
        self.state, self.reason, self.obstacle, self.blocked_by = Verdict.NOT_TESTABLE, reason, obstacle, None
        self.findings.clear()


class CheckRunner:
    """Runs the checks of one run, and remembers for which requirements a failure is confirmed."""

    def __init__(
        self,
        contract: Contract,
        subject: Subject,
        on_every_exchange: Iterable[Requirement],
        unconfirmed: Iterable[str] = (),
        *,
        minimising: bool = False,
        probe_connections: bool = True,
    ) -> None:
        """Prepare to judge `on_every_exchange` along with every check.

        A failure of an `unconfirmed` requirement, such as a waived one, is reported without a second run.
        With `probe_connections`, a failure after an error response makes the runner test once whether connections can
        be reused; leave it out if the requirement that reports this is not selected.
        """
        self._contract = contract
        self._schemas = SchemaJudge(contract)
        self._subject = subject
        self._judges = {requirement.id: requirement.judge for requirement in on_every_exchange}
        self._confirmed = set(unconfirmed)
        self._suspects_connections = probe_connections
        self._shrinker = Shrinker(subject, self._schemas, self._judges) if minimising else None
        self.control = Control(subject)
        self.flaky_requests = 0
        """How many requests got no response or a server error, and another response when they were sent again."""
        self.latest_flaky = "a server error (5xx)"
        """What the latest of them got."""

    def run(self, requirement: Requirement, check: Callable[[], None]) -> Attempt:
        """Run `check`, confirm what it finds, and return the outcome."""
        first = self._run_first(requirement, check)
        if self._is_misled_by_connections(first):
            changes, first = first.changes, self._run_undisturbed(requirement, check, fresh=True)
            first.changes[:0] = changes
        if first.state is not Verdict.ERROR:
            self._confirm(first, check)
        exhausted = self._subject.client.budget.exhausted
        if exhausted and first.verdict is Verdict.PASS:
            first.give_up(exhausted, Obstacle.DISRUPTED)
        return first

    def _run_first(self, requirement: Requirement, check: Callable[[], None]) -> Attempt:
        """Run `check` on models that earlier runs left, if the run reuses names, and on new ones if it fails there.

        A pass on reused models counts. A failure may come from what earlier runs left, and proves nothing.
        """
        if not self._subject.names.reuses:
            return self._run_undisturbed(requirement, check)
        with self._subject.names.reusing():
            attempt = self._run_undisturbed(requirement, check)
        stuck = attempt.state is Verdict.NOT_TESTABLE and attempt.obstacle is not Obstacle.DISRUPTED
        failed = attempt.findings.keys() & {requirement.id, *(attempt.findings.keys() - self._confirmed)}
        if not (failed or (stuck and attempt.exchanges)):
            return attempt
        again = self._run_undisturbed(requirement, check, fresh=True)
        again.changes[:0] = attempt.changes
        return again

    # Running a check: each loop repeats the one below it.

    def _run_undisturbed(self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False) -> Attempt:
        """Run `check`, and again if the surroundings changed during it; give up if the change lasts."""
        changes = list[Change]()
        while True:
            attempt = self._run_until_answered(requirement, check, fresh=fresh)
            attempt.trailing = self.control.note(attempt.exchanges)
            change = self._detect_change(attempt)
            if change is None:
                attempt.changes = changes
                return attempt
            changes.append(change)
            if change.lasts or len(changes) == MAX_CHANGES:
                attempt.give_up(change.disruption.text, Obstacle.DISRUPTED)
                attempt.changes = changes
                return attempt
            fresh = True

    def _run_until_answered(
        self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False
    ) -> Attempt:
        """Run `check`, and again if a request got no response.

        If the same request gets none repeatedly, the target is at fault. Otherwise the connection is flaky.
        """
        losses = list[tuple[int, str]]()
        for _ in range(MAX_LOSSES):
            attempt = self._run_without_double_writes(requirement, check, fresh=fresh)
            if attempt.lost is None or self._subject.client.budget.exhausted:
                self.flaky_requests += len(losses)
                return attempt
            self.latest_flaky = attempt.lost.reason
            losses.append((len(attempt.exchanges), self._without_names(attempt.lost.request)))
            if losses.count(losses[-1]) == SAME_LOSSES:
                self._confirmed.add(judge_of(Prerequisite.RESPONDS))
                self.flaky_requests += len(losses) - SAME_LOSSES
                return attempt
            if change := self._change_behind_loss(attempt):
                attempt.changes.append(change)
                return attempt
            if len(losses) > 1:
                # If every nth request breaks, this check would lose the same one each time: shift the count.
                self.control.is_stable()
            fresh = True
        self.flaky_requests += len(losses)
        attempt.give_up(
            f"the connection is flaky: {len(losses)} requests of this check got no response, each of them once",
            Obstacle.DISRUPTED,
        )
        attempt.lost = None
        return attempt

    def _run_without_double_writes(
        self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False
    ) -> Attempt:
        """Run `check`, and again if it fails and a write that was processed twice would explain the failure."""
        for _ in range(STALE_RETRIES):
            attempt = retry_stale(partial(self._run_once, requirement, check, fresh=fresh))
            doubtful = set(attempt.findings) - set(self._judges)
            if not ((doubtful or attempt.blocked_by) and has_repeated_write(attempt.exchanges)):
                return attempt
            fresh = True
        certain = {id: finding for id, finding in attempt.findings.items() if id not in doubtful}
        attempt.give_up(TOO_BUSY, Obstacle.DISRUPTED)
        attempt.findings = certain
        return attempt

    def _run_once(self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False) -> Attempt:
        self._subject.begin_check(fresh=fresh)
        attempt = Attempt(requirement)
        own = _outcome_of(check, attempt)
        attempt.observed = tuple(self._subject.observations)
        attempt.exchanges = tuple(self._subject.client.drain())
        attempt.findings.update(self._judge_exchanges(attempt.exchanges))
        if own is not None:
            attempt.findings[requirement.id] = Evidence(own, own.exchanges or sequence_showing(own, attempt.exchanges))
        if attempt.lost is not None and not self._subject.client.budget.seconds_left:
            attempt.give_up("the time budget ran out during a wait for a response", Obstacle.DISRUPTED)
        return attempt

    def _judge_exchanges(self, exchanges: Sequence[Exchange]) -> dict[str, Evidence]:
        """Return the first failure of each requirement on every exchange."""
        findings: dict[str, Evidence] = {}
        for index, exchange in enumerate(exchanges):
            for id, judge in self._judges.items():
                if judge is None or id in findings:
                    continue
                try:
                    judge(exchange, self._schemas, self._contract)
                except Failure as failure:
                    findings[id] = Evidence(failure, _about_same_model(exchanges, index))
        return findings

    # Telling a fault of the target from its surroundings.

    def _detect_change(self, attempt: Attempt) -> Change | None:
        """Return what changed around the target, if the check went wrong and its last request did not succeed."""
        wrong = set(attempt.findings) - self._confirmed or attempt.obstacle in (Obstacle.BLOCKED, Obstacle.DISRUPTED)
        if attempt.changes:
            return attempt.changes.pop()
        doubtful = attempt.trailing or self.control.suspects(attempt.exchanges)
        if not (wrong and doubtful) or self._subject.client.budget.exhausted:
            return None
        try:
            return self._ask_control(attempt)
        except Disrupted as exhausted:
            attempt.give_up(exhausted.reason, Obstacle.DISRUPTED)
            return None

    def _ask_control(self, attempt: Attempt) -> Change | None:
        """Return what the control says changed; end the run if the primary key no longer works."""
        change = self.control.changed(attempt.exchanges)
        if change is not None and change.lasts and change.option is None:
            self._subject.client.budget.end(change.disruption.trouble, change.disruption.text)
        return change

    def _change_behind_loss(self, attempt: Attempt) -> Change | None:
        """Return what changed, if the control fails too. Raises Unreachable if the target responds to nothing."""
        if self._subject.baseline is not None:
            return self._ask_control(attempt)
        if not still_responds(self._subject):
            raise Unreachable(f"the target stopped responding: {attempt.reason}")
        return None

    def _is_misled_by_connections(self, attempt: Attempt) -> bool:
        """Return whether a connection that is unusable after an error response may explain the failure.

        If so, no connection is reused from here on. This is tested once a run.
        """
        rejected = attempt.lost or not all(exchange.response.successful for exchange in attempt.exchanges)
        if not (self._suspects_connections and rejected and (attempt.findings or attempt.blocked_by)):
            return False
        self._suspects_connections = False
        if spoils := breaks_reused_connections(self._subject):
            self._subject.client.transport.disable_keep_alive()
        return spoils

    # Confirming.

    def _confirm(self, first: Attempt, check: Callable[[], None]) -> None:
        """Keep the findings that repeat; mark the others unstable, or drop them."""
        new = set(first.findings) - self._confirmed
        new -= self._confirm_by_fewer_requests(
            first, {id for id in new if not _may_come_from_gateway(first.findings[id])}
        )
        new -= self._mark_confirmed(first, {id for id in new if self._replays(first.findings[id])})
        later, stopped = tuple[Exchange, ...](), ""
        for _ in range(first.requirement.confirming_runs):
            if not new:
                return
            again = self._run_undisturbed(first.requirement, check, fresh=True)
            first.changes += again.changes
            if again.obstacle is Obstacle.DISRUPTED:
                stopped = again.reason
                break
            later = again.exchanges
            repeated = {
                id
                for id in new & set(again.findings)
                if self._is_same_fault(id, first.findings[id], again.findings[id])
            }
            first.findings |= {id: again.findings[id] for id in repeated}
            repeated |= {
                id for id in new - repeated if self._repeats_reliably(self._fails_alone, id, first.findings[id])
            }
            new -= self._mark_confirmed(first, repeated, again.exchanges)
        if not stopped:
            new -= self._mark_confirmed(
                first, {id for id in new if self._repeats_reliably(self._ends_alike, id, first.findings[id])}
            )
        stopped = stopped or self._subject.client.budget.exhausted or ""
        for id in new:
            if stopped:
                del first.findings[id]
                first.state, first.obstacle = Verdict.NOT_TESTABLE, Obstacle.DISRUPTED
                first.reason = f"{stopped}, before the failure could be confirmed"
            elif _may_come_from_gateway(first.findings[id]):
                self._drop_flaky(first, id)
            else:
                first.findings[id] = replace(first.findings[id], verdict=Verdict.UNSTABLE, again=later)

    def _confirm_by_fewer_requests(self, attempt: Attempt, new: set[str]) -> set[str]:
        """Confirm and minimise the findings that fewer requests than the check sends show again; return their IDs."""
        if self._shrinker is None or not new:
            return set()
        found = {id: self._shrinker.minimised(id, attempt.findings[id], attempt.exchanges) for id in sorted(new)}
        attempt.findings |= (again := {id: finding for id, finding in found.items() if finding is not None})
        self._confirmed |= again.keys()
        return set(again)

    def _mark_confirmed(self, attempt: Attempt, repeated: set[str], whole: Sequence[Exchange] = ()) -> set[str]:
        """Minimise what was seen twice, and confirm it no more in this run; return the IDs.

        `whole` is everything that the second run sent.
        """
        self._confirmed |= repeated
        if self._shrinker is not None and repeated:
            attempt.findings |= {
                id: self._shrinker.reproducible(id, attempt.findings[id], whole) for id in sorted(repeated)
            }
        return repeated

    def _replays(self, finding: Evidence) -> bool:
        """Return whether the replay that the check brought along, if any, shows the failure again."""
        replay = finding.failure.replay
        if replay is None:
            return False
        requests = [exchange.request for exchange in finding.exchanges]
        try:
            return replay(renamed(requests, self._subject.names)) is not None
        except (NoResponse, NotTestable, StaleConnection):
            return False

    def _fails_alone(self, id: str, finding: Evidence) -> bool:
        """Return whether the last request fails again: a second run of the check does not repeat generated requests."""
        if id not in self._judges or not finding.exchanges:
            return False
        try:
            exchange = self._subject.send(finding.exchanges[-1].request)
        except (NoResponse, NotTestable):
            return False
        return id in self._judge_exchanges([exchange])

    def _ends_alike(self, _: str, finding: Evidence) -> bool:
        """Return whether the same requests about other models end in the same response.

        A fault that leaves something behind changes what a second run of the check starts from. Then the second run may
        not see the fault, although the response is as wrong as before. A response on the way that looks like one of a
        gateway, such as half a body, has to come again too: the failure may be a comparison with it.
        """
        exchanges = finding.exchanges
        raced = any(exchange.race is not None for exchange in exchanges)
        if not exchanges or raced or len(exchanges) > MAX_REPLAY or not shows(exchanges[-1], finding.failure):
            return False
        if not self._subject.can_afford(len(exchanges)):
            return False
        names = self._subject.names
        try:
            again = [self._subject.send(request) for request in renamed([e.request for e in exchanges], names)]
        except (NoResponse, NotTestable, StaleConnection):
            return False
        if any(_is_broken(one) and not _is_broken(other) for one, other in zip(exchanges, again, strict=True)):
            return False
        return same_response(self._contract, names, exchanges, again)

    def _repeats_reliably(self, repeats: Callable[[str, Evidence], bool], id: str, finding: Evidence) -> bool:
        """Return whether a finding repeats. A server error has to several times in a row: gateways send some too."""
        if not _may_come_from_gateway(finding):
            return repeats(id, finding)
        return all(repeats(id, finding) for _ in range(SERVER_ERRORS)) and self.control.is_stable()

    def _is_same_fault(self, id: str, first: Evidence, again: Evidence) -> bool:
        """Return whether two findings of a requirement show one fault, and not a gateway that fails now and then.

        For a requirement on every exchange, and for a server error, the last request has to be the same. For others
        the expected value has to be, or the expected and the observed value may differ in digits alone.
        """
        if id[:3] in RANDOM or not (first.exchanges and again.exchanges):
            return True
        gateway = _may_come_from_gateway(first) or _may_come_from_gateway(again)
        if gateway or id in self._judges:
            one, other = (self._without_names(finding.exchanges[-1].request) for finding in (first, again))
            return one == other and (not gateway or self.control.is_stable())
        expected = [self._normalised(finding, finding.failure.expected) for finding in (first, again)]
        observed = [self._normalised(finding, finding.failure.observed) for finding in (first, again)]
        return expected[0] == expected[1] or all(
            _without_digits(one) == _without_digits(other) for one, other in (expected, observed)
        )

    def _normalised(self, finding: Evidence, text: str) -> str:
        """Return a text of a finding without times, and with a letter for each name, in the order of their use."""
        names = self._subject.names
        sent = [name for exchange in finding.exchanges for name in names.names_in(text_of(exchange.request))]
        order = {name: f"#{chr(ord('a') + number % 26)}" for number, name in enumerate(dict.fromkeys(sent))}
        return names.pattern.sub(lambda found: order.get(found[0], "#"), _TIME.sub("", text))

    def _without_names(self, request: Request) -> str:
        return f"{request.method} {self._subject.names.pattern.sub('', text_of(request))}"

    def _drop_flaky(self, attempt: Attempt, id: str) -> None:
        """Count a server error that did not come again as a flaky gateway, and not as a finding."""
        del attempt.findings[id]
        self.flaky_requests += id == (responds := judge_of(Prerequisite.RESPONDS))
        if id == attempt.requirement.id or attempt.blocked_by == responds:
            attempt.state, attempt.obstacle, attempt.blocked_by = Verdict.NOT_TESTABLE, Obstacle.DISRUPTED, None
            attempt.reason = "the target is flaky: a request got a server error, but not when it was sent again"


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "", text)


def _may_come_from_gateway(finding: Evidence) -> bool:
    """Return whether the last response is one that gateways send now and then."""
    return bool(finding.exchanges) and _is_broken(finding.exchanges[-1])


def _is_broken(exchange: Exchange) -> bool:
    """Return whether the response is a server error, or a success without an object, as gateways send them."""
    response = exchange.response
    empty = response.successful and exchange.request.method != "DELETE" and not isinstance(response.json, dict)
    return empty or (response.status >= 500 and response.status not in ANY_SERVER)


def _outcome_of(check: Callable[[], None], attempt: Attempt) -> Failure | None:
    """Run `check`, write its outcome to `attempt`, and return its own failure."""
    try:
        check()
    except Failure as failure:
        return failure
    except NotTestable as obstacle:
        _note_obstacle(attempt, obstacle)
    except NoResponse as lost:
        attempt.state, attempt.reason, attempt.lost = Verdict.NOT_TESTABLE, lost.reason, lost
        attempt.obstacle = Obstacle.BLOCKED
        if not lost.request.may_be_intercepted:
            attempt.blocked_by = judge_of(Prerequisite.RESPONDS)
            observed = f"nothing: {lost.reason}"
            attempt.findings[attempt.blocked_by] = Evidence(
                Failure(f"a response to {lost.request.method}", observed), ()
            )
    except (StaleConnection, Unreachable):
        raise
    except Exception:  # noqa: BLE001 - a bug of the suite must not be reported as a fault of the target
        attempt.state, attempt.reason = Verdict.ERROR, traceback.format_exc()
    return None


def _note_obstacle(attempt: Attempt, obstacle: NotTestable) -> None:
    """Say what kept a check from going on, and report the fault at the requirement that judges it."""
    attempt.state, attempt.reason, attempt.obstacle = Verdict.NOT_TESTABLE, obstacle.reason, obstacle.obstacle
    if obstacle.blocked_by is not None:
        attempt.blocked_by = judge_of(obstacle.blocked_by)
        if obstacle.failure is not None:
            attempt.findings[attempt.blocked_by] = Evidence(obstacle.failure, obstacle.failure.exchanges)


def _about_same_model(exchanges: Sequence[Exchange], index: int) -> tuple[Exchange, ...]:
    """Return the exchange at `index`, after those before it about the same model."""
    last = exchanges[index]
    if last.request.key is None:
        return (last,)
    return (*(e for e in exchanges[:index] if e.request.key == last.request.key), last)
