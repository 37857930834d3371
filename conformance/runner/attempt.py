"""Runs one check once, and again where it found something: what does not repeat is not reported as a fault.

A finding goes through these before it is reported, each only where it has to:

1. A request without a response: the check is run again. The same request without one again is a finding, any other
   makes the connection flaky.
2. The control (`control.py`): the surroundings may have changed, and then nothing is judged.
3. The confirmation: the check is run again under fresh names. What does not show there, though the same requests end
   in the same response, left something behind that changed the second run; what shows neither is unstable.
4. The shrinker: the exchanges that show it are made few, and what is printed was replayed.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from conformance.judge.outcome import Disrupted, Failure, NotTestable, Obstacle
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.responses import ANY_SERVER, NO_CONTENT, SchemaJudge
from conformance.reproduction.sequence import renamed, same_response, sequence_showing, shows, text_of
from conformance.reproduction.shrinker import Shrinker
from conformance.requirements.registry import judge_of
from conformance.requirements.requirement import Requirement
from conformance.results.finding import Finding
from conformance.results.verdict import Verdict
from conformance.runner.control import Change, Control
from conformance.target.client import may_be_done_twice
from conformance.target.probe import spoils_connections
from conformance.target.smoke import answers
from conformance.target.subject import Subject
from conformance.wire.exchange import STALE_RETRIES, Exchange, Lost, Request, Stale, Unreachable, retry_stale
from contract import Contract

TOO_BUSY = "the target is busy, and may have done what it answered 503"
RANDOM = ("CON", "MOD")
"""Sections in which a second run expects something else: who wins a race, or what is drawn, is a matter of chance."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ][\d:.]+(?:Z|z|[+-]\d\d:\d\d)?")
SURE = 2
"""How often a request has to get a server error again that is sent again by itself."""
ALIKE = 3
"""How often the same request gets no response before that is the target's fault."""
UNANSWERED = 4
"""How often a check is run of which a request gets no response."""
CHANGES = 3
"""How often the surroundings may change, and change back, during one check."""
LONGEST_REPLAY = 30
"""Exchanges that are replayed to see whether they end in the same response."""


@dataclass(slots=True)
class Attempt:
    """What came of one run of a check."""

    requirement: Requirement
    state: Verdict = Verdict.PASS
    """What it came to, findings apart: pass, not-testable or error."""
    reason: str = ""
    obstacle: Obstacle | None = None
    """What kept it from being judged."""
    blocked_by: str | None = None
    """The requirement that judges what was in the way."""
    observed: tuple[str, ...] = ()
    """What the target does where the contract leaves it open."""
    exchanges: tuple[Exchange, ...] = ()
    findings: dict[str, Finding] = field(default_factory=dict)
    """By the ID of the requirement: the check's own, and those on every exchange."""
    lost: Lost | None = None
    """The request that got no response."""
    changes: list[Change] = field(default_factory=list)
    """How the surroundings changed since the check before."""
    trailing: int = 0
    """Exchanges after the last one that shows the surroundings to be what they were."""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the check's own requirement."""
        own = self.findings.get(self.requirement.id)
        return own.verdict if own else self.state

    def give_up(self, reason: str, obstacle: Obstacle) -> None:
        """Say that nothing can be judged by it."""
        self.state, self.reason, self.obstacle, self.blocked_by = Verdict.NOT_TESTABLE, reason, obstacle, None
        self.findings.clear()


class CheckRunner:
    """Runs checks for one subject. Remembers which requirements were found violated, to confirm each once."""

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
        """A finding on what is `unconfirmed` is taken as it is: it accuses nobody, and costs no second run.

        Connections are suspected only where the requirement is judged that would tell of them.
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
        """Requests that got no response once, and one when they were sent again."""
        self.latest_flaky = "a server error (5xx)"
        """What the latest of them got."""

    def run(self, requirement: Requirement, check: Callable[[], None]) -> Attempt:
        """Run `check`; where it finds what was not confirmed before, run it again and keep what repeats."""
        first = self._first(requirement, check)
        if self._is_misled(first):
            changes, first = first.changes, self._steady(requirement, check, fresh=True)
            first.changes[:0] = changes
        if first.state is not Verdict.ERROR:
            self._confirm(first, check)
        exhausted = self._subject.client.budget.exhausted
        if exhausted and first.verdict is Verdict.PASS:
            first.give_up(exhausted, Obstacle.DISRUPTED)
        return first

    def _first(self, requirement: Requirement, check: Callable[[], None]) -> Attempt:
        """Run `check`, on models that earlier runs left if it passes there: nothing else is told by these."""
        if not self._subject.names.reuses:
            return self._steady(requirement, check)
        with self._subject.names.reusing():
            attempt = self._steady(requirement, check)
        stuck = attempt.state is Verdict.NOT_TESTABLE and attempt.obstacle is not Obstacle.DISRUPTED
        found = attempt.findings.keys() & {requirement.id, *(attempt.findings.keys() - self._confirmed)}
        if not (found or (stuck and attempt.exchanges)):
            return attempt
        again = self._steady(requirement, check, fresh=True)
        again.changes[:0] = attempt.changes
        return again

    def _steady(self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False) -> Attempt:
        """Run `check`, anew where the surroundings changed meanwhile; what they kept from being judged says so."""
        changes = list[Change]()
        while True:
            attempt = self._answered(requirement, check, fresh=fresh)
            attempt.trailing = self.control.note(attempt.exchanges)
            change = self._change(attempt)
            if change is None:
                attempt.changes = changes
                return attempt
            changes.append(change)
            if change.lasts or len(changes) == CHANGES:
                attempt.give_up(change.disruption.text, Obstacle.DISRUPTED)
                attempt.changes = changes
                return attempt
            fresh = True

    def _change(self, attempt: Attempt) -> Change | None:
        """What changed around the target, where a check went wrong and its last request did not succeed."""
        wrong = set(attempt.findings) - self._confirmed or attempt.obstacle in (Obstacle.BLOCKED, Obstacle.DISRUPTED)
        if attempt.changes:
            return attempt.changes.pop()
        doubtful = attempt.trailing or self.control.doubts(attempt.exchanges)
        if not (wrong and doubtful) or self._subject.client.budget.exhausted:
            return None
        try:
            return self._checked(attempt)
        except Disrupted as exhausted:
            attempt.give_up(exhausted.reason, Obstacle.DISRUPTED)
            return None

    def _checked(self, attempt: Attempt) -> Change | None:
        """What the control tells; nothing more is sent where it does not work any more."""
        change = self.control.changed(attempt.exchanges)
        if change is not None and change.lasts and change.caller is None:
            self._subject.client.budget.end(change.disruption.trouble, change.disruption.text)
        return change

    def _is_misled(self, attempt: Attempt) -> bool:
        """Whether what was found may be due to connections that are of no use after a refusal; then none is kept."""
        refused = attempt.lost or not all(exchange.response.successful for exchange in attempt.exchanges)
        if not (self._suspects_connections and refused and (attempt.findings or attempt.blocked_by)):
            return False
        self._suspects_connections = False  # it is looked into once a run
        if spoils := spoils_connections(self._subject):
            self._subject.client.transport.keep_none()
        return spoils

    def _confirm(self, first: Attempt, check: Callable[[], None]) -> None:
        """See what of a first run repeats; the rest is unstable."""
        new = set(first.findings) - self._confirmed
        new -= self._seen_again(first, {id for id in new if not _broke(first.findings[id])})
        new -= self._settle(first, {id for id in new if self._retraced(first.findings[id])})
        later, stopped = tuple[Exchange, ...](), ""
        for _ in range(first.requirement.confirming_runs):
            if not new:
                return
            again = self._steady(first.requirement, check, fresh=True)
            first.changes += again.changes
            if again.obstacle is Obstacle.DISRUPTED:
                stopped = again.reason
                break
            later = again.exchanges
            repeated = {
                id for id in new & set(again.findings) if self._is_same(id, first.findings[id], again.findings[id])
            }
            first.findings |= {id: again.findings[id] for id in repeated}
            repeated |= {id for id in new - repeated if self._surely(self._repeats, id, first.findings[id])}
            new -= self._settle(first, repeated, again.exchanges)
        if not stopped:
            new -= self._settle(first, {id for id in new if self._surely(self._replayed, id, first.findings[id])})
        stopped = stopped or self._subject.client.budget.exhausted or ""
        for id in new:
            if stopped:
                del first.findings[id]
                first.state, first.obstacle = Verdict.NOT_TESTABLE, Obstacle.DISRUPTED
                first.reason = f"{stopped}, before a failure could be seen twice"
            elif _broke(first.findings[id]):
                self._count_broken(first, id)
            else:
                first.findings[id] = replace(first.findings[id], verdict=Verdict.UNSTABLE, again=later)

    def _seen_again(self, attempt: Attempt, new: set[str]) -> set[str]:
        """Confirm what fewer requests show again than the check sends, and tell it by these; return it."""
        if self._shrinker is None or not new:
            return set()
        found = {id: self._shrinker.minimised(id, attempt.findings[id], attempt.exchanges) for id in sorted(new)}
        attempt.findings |= (again := {id: finding for id, finding in found.items() if finding is not None})
        self._confirmed |= again.keys()
        return set(again)

    def _is_same(self, id: str, first: Finding, again: Finding) -> bool:
        """Whether two findings of a requirement are of one fault, rather than of a gateway that fails now and then.

        The same was expected, or something was that differs in numbers alone, and so does what was observed; and of
        the same request where every exchange is judged or a server error came.
        """
        if id[:3] in RANDOM or not (first.exchanges and again.exchanges):
            return True
        broke = _broke(first) or _broke(again)
        if broke or id in self._judges:
            one, other = (self._shape(finding.exchanges[-1].request) for finding in (first, again))
            return one == other and (not broke or self.control.is_stable())
        one, other = (self._told(finding, finding.failure.expected) for finding in (first, again))
        seen, minimised = (self._told(finding, finding.failure.observed) for finding in (first, again))
        return one == other or tuple(map(_without_digits, (one, seen))) == tuple(
            map(_without_digits, (other, minimised))
        )

    def _told(self, finding: Finding, text: str) -> str:
        """A text of a finding, with the names of the run by the order in which they came up, and without times."""
        names = self._subject.names
        sent = [name for exchange in finding.exchanges for name in names.found_in(text_of(exchange.request))]
        order = {name: f"#{chr(ord('a') + number % 26)}" for number, name in enumerate(dict.fromkeys(sent))}
        return names.pattern.sub(lambda found: order.get(found[0], "#"), _TIME.sub("", text))

    def _count_broken(self, attempt: Attempt, id: str) -> None:
        """Take a server error that does not come to the same request again for what a flaky gateway sends."""
        del attempt.findings[id]
        self.flaky_requests += id == (responds := judge_of(Prerequisite.RESPONDS))
        if id == attempt.requirement.id or attempt.blocked_by == responds:
            attempt.state, attempt.obstacle, attempt.blocked_by = Verdict.NOT_TESTABLE, Obstacle.DISRUPTED, None
            attempt.reason = "the target is flaky: a request got a server error, and none when it was sent again"

    def _settle(self, attempt: Attempt, repeated: set[str], whole: Sequence[Exchange] = ()) -> set[str]:
        """Tell what was seen twice, and what reproduces it, and confirm it no more; return it.

        `whole` is all that the second run sent.
        """
        self._confirmed |= repeated
        if self._shrinker is not None and repeated:
            attempt.findings |= {id: self._shrinker.settled(id, attempt.findings[id], whole) for id in sorted(repeated)}
        return repeated

    def _retraced(self, finding: Finding) -> bool:
        """Whether the way to a violation leads there again, where it can be walked without the rest of its check."""
        replay = finding.failure.replay
        if replay is None:
            return False
        story = [exchange.request for exchange in finding.exchanges]
        try:
            return replay(renamed(story, self._subject.names)) is not None
        except (Lost, NotTestable, Stale):
            return False

    def _repeats(self, id: str, finding: Finding) -> bool:
        """Whether a request is answered wrongly once more: one that was made up once a run no check sends again."""
        if id not in self._judges or not finding.exchanges:
            return False
        try:
            exchange = self._subject.send(finding.exchanges[-1].request)
        except (Lost, NotTestable):
            return False
        return id in self._judged([exchange])

    def _surely(self, repeats: Callable[[str, Finding], bool], id: str, finding: Finding) -> bool:
        """Whether a finding repeats; a server error, which a gateway may send now and then, several times in a row."""
        if not _broke(finding):
            return repeats(id, finding)
        return all(repeats(id, finding) for _ in range(SURE)) and self.control.is_stable()

    def _replayed(self, _: str, finding: Finding) -> bool:
        """Whether the same requests about other models end in the same response.

        A fault that leaves something behind changes what a second run of the check starts from, so that the check may
        not see it again, although the response is as wrong as before.
        """
        story = finding.exchanges
        raced = any(exchange.race is not None for exchange in story)
        if not story or raced or len(story) > LONGEST_REPLAY or not shows(story[-1], finding.failure):
            return False
        if not self._subject.affords(len(story)):
            return False
        names = self._subject.names
        try:
            again = [self._subject.send(request) for request in renamed([e.request for e in story], names)]
        except (Lost, NotTestable, Stale):
            return False
        return same_response(self._contract, names, story, again)

    def _answered(self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False) -> Attempt:
        """Run `check`, and again where a request got no response: what repeats is the target's, the rest is flaky."""
        seen = list[tuple[int, str]]()
        for _ in range(UNANSWERED):
            attempt = self._sound(requirement, check, fresh=fresh)
            if attempt.lost is None or self._subject.client.budget.exhausted:
                self.flaky_requests += len(seen)
                return attempt
            self.latest_flaky = attempt.lost.reason
            seen.append((len(attempt.exchanges), self._shape(attempt.lost.request)))
            if seen.count(seen[-1]) == ALIKE:  # at this place of the check it never gets a response
                self._confirmed.add(judge_of(Prerequisite.RESPONDS))
                self.flaky_requests += len(seen) - ALIKE
                return attempt
            if change := self._change_behind(attempt):
                attempt.changes.append(change)
                return attempt
            if len(seen) > 1:  # every nth request would break at the same place again, if as many came between
                self.control.is_stable()
            fresh = True
        self.flaky_requests += len(seen)
        attempt.give_up(
            f"the connection is flaky: {len(seen)} requests of this check got no response, each of them once",
            Obstacle.DISRUPTED,
        )
        attempt.lost = None
        return attempt

    def _change_behind(self, attempt: Attempt) -> Change | None:
        """What changed, where more than one request gets no response. Raises Unreachable where none does."""
        if self._subject.plain is not None:
            return self._checked(attempt)
        if not answers(self._subject):
            raise Unreachable(f"the target stopped responding: {attempt.reason}")
        return None

    def _shape(self, request: Request) -> str:
        """A request without the names of the run in it."""
        return f"{request.method} {self._subject.names.pattern.sub('', text_of(request))}"

    def _sound(self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False) -> Attempt:
        """Run `check`, and again where it found what writes that were done twice would explain."""
        for _ in range(STALE_RETRIES):
            attempt = retry_stale(partial(self._once, requirement, check, fresh=fresh))
            doubtful = set(attempt.findings) - set(self._judges)
            if not ((doubtful or attempt.blocked_by) and may_be_done_twice(attempt.exchanges)):
                return attempt
            fresh = True
        kept = {id: finding for id, finding in attempt.findings.items() if id not in doubtful}
        attempt.give_up(TOO_BUSY, Obstacle.DISRUPTED)
        attempt.findings = kept
        return attempt

    def _once(self, requirement: Requirement, check: Callable[[], None], *, fresh: bool = False) -> Attempt:
        self._subject.begin(fresh=fresh)
        attempt = Attempt(requirement)
        own = _outcome_of(check, attempt)
        attempt.observed = tuple(self._subject.observed)
        attempt.exchanges = tuple(self._subject.client.drain())
        attempt.findings.update(self._judged(attempt.exchanges))
        if own is not None:
            attempt.findings[requirement.id] = Finding(own, own.exchanges or sequence_showing(own, attempt.exchanges))
        if attempt.lost is not None and not self._subject.client.budget.left:
            attempt.give_up("the time budget was used up while a response was waited for", Obstacle.DISRUPTED)
        return attempt

    def _judged(self, exchanges: Sequence[Exchange]) -> dict[str, Finding]:
        """The first violation of each requirement on every exchange."""
        findings: dict[str, Finding] = {}
        for index, exchange in enumerate(exchanges):
            for id, judge in self._judges.items():
                if judge is None or id in findings:
                    continue
                try:
                    judge(exchange, self._schemas, self._contract)
                except Failure as failure:
                    findings[id] = Finding(failure, _leading_to(exchanges, index))
        return findings


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "", text)


def _broke(finding: Finding) -> bool:
    """Whether it shows in a server error, or a success without an object, as a gateway in front may send them."""
    if not finding.exchanges:
        return False
    response = finding.exchanges[-1].response
    empty = response.successful and response.status != NO_CONTENT and not isinstance(response.json, dict)
    return empty or (response.status >= 500 and response.status not in ANY_SERVER)


def _outcome_of(check: Callable[[], None], attempt: Attempt) -> Failure | None:
    """Run `check`, put what it came to into `attempt`, and return what it found itself."""
    try:
        check()
    except Failure as failure:
        return failure
    except NotTestable as obstacle:
        _note_obstacle(attempt, obstacle)
    except Lost as lost:
        attempt.state, attempt.reason, attempt.lost = Verdict.NOT_TESTABLE, lost.reason, lost
        attempt.obstacle = Obstacle.BLOCKED
        if lost.request.ordinary:
            attempt.blocked_by = judge_of(Prerequisite.RESPONDS)
            unanswered = f"nothing: {lost.reason}"
            attempt.findings[attempt.blocked_by] = Finding(
                Failure(f"a response to {lost.request.method}", unanswered), ()
            )
    except (Stale, Unreachable):
        raise
    except Exception:  # noqa: BLE001 - an error of ours must not be taken for the target's
        attempt.state, attempt.reason = Verdict.ERROR, traceback.format_exc()
    return None


def _note_obstacle(attempt: Attempt, obstacle: NotTestable) -> None:
    """Say what kept a check from going on, and report the fault at the requirement that judges it."""
    attempt.state, attempt.reason, attempt.obstacle = Verdict.NOT_TESTABLE, obstacle.reason, obstacle.obstacle
    if obstacle.blocked_by is not None:
        attempt.blocked_by = judge_of(obstacle.blocked_by)
        if obstacle.fault is not None:
            attempt.findings[attempt.blocked_by] = Finding(obstacle.fault, obstacle.fault.exchanges)


def _leading_to(exchanges: Sequence[Exchange], index: int) -> tuple[Exchange, ...]:
    """The exchange at `index` and those before it about the same model."""
    last = exchanges[index]
    if last.request.key is None:
        return (last,)
    return (*(e for e in exchanges[:index] if e.request.key == last.request.key), last)
