"""Runs one check once, and again where it found something: what does not repeat is not reported as a fault."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from conformance.judge.outcome import NotTestable, Violation
from conformance.judge.schema import SchemaJudge
from conformance.requirements.requirement import Requirement
from conformance.results.finding import Finding
from conformance.results.verdict import Verdict
from conformance.shrinking import Shrinker
from conformance.shrinking.story import renamed, story_of
from conformance.subject.client import may_be_done_twice
from conformance.subject.reuse import spoils_connections
from conformance.subject.smoke import answers
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange
from conformance.wire.lost import REDOS, Lost, Stale, Unreachable, redone
from contract import Contract

CONNECTIONS = "STA-33"
"""The requirement that a connection can be used on after an answer."""
TOO_BUSY = "the target is busy, and may have done what it answered 503"
ANSWERED = "STA-03"
"""The requirement that every request is answered: a request without an answer is reported there."""


@dataclass(slots=True)
class Attempt:
    """What came of one run of a check."""

    requirement: Requirement
    state: Verdict = Verdict.PASS
    """What it came to, findings apart: pass, not-testable or error."""
    reason: str = ""
    because: str | None = None
    """The requirement that judges what was in the way."""
    observed: tuple[str, ...] = ()
    """What the target does where the contract leaves it open."""
    exchanges: tuple[Exchange, ...] = ()
    findings: dict[str, Finding] = field(default_factory=dict)
    """By the ID of the requirement: the check's own, and those on every exchange."""
    lost: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict on the check's own requirement."""
        own = self.findings.get(self.requirement.id)
        return own.verdict if own else self.state


class Attempts:
    """Runs checks for one subject. Remembers which requirements were found violated, to confirm each once."""

    def __init__(
        self,
        contract: Contract,
        subject: Subject,
        on_every_exchange: Iterable[Requirement],
        unconfirmed: Iterable[str] = (),
        *,
        shrinking: bool = False,
        suspecting: bool = True,
    ) -> None:
        """A finding on what is `unconfirmed` is taken as it is: it accuses nobody, and costs no second run.

        Connections are suspected only where the requirement is judged that would tell of them.
        """
        self._contract = contract
        self._schemas = SchemaJudge(contract)
        self._subject = subject
        self._judges = {requirement.id: requirement.judge for requirement in on_every_exchange}
        self._confirmed = set(unconfirmed)
        self._suspects_connections = suspecting
        self._shrinker = Shrinker(subject, self._schemas, self._judges) if shrinking else None

    def run(self, requirement: Requirement, check: Callable[[], None]) -> Attempt:
        """Run `check`; where it finds what was not confirmed before, run it again and keep what repeats."""
        first = self._sound(requirement, check)
        if self._is_misled(first):
            first = self._sound(requirement, check, anew=True)
        if first.state is not Verdict.ERROR:
            self._confirm(first, check)
        spent = self._subject.client.budget.spent
        if spent and first.verdict is Verdict.PASS:
            first.state, first.reason = Verdict.NOT_TESTABLE, spent
        return first

    def _is_misled(self, attempt: Attempt) -> bool:
        """Whether what was found may be due to connections that are of no use after a refusal; then none is kept."""
        refused = attempt.lost or not all(exchange.response.successful for exchange in attempt.exchanges)
        if not (self._suspects_connections and refused and (attempt.findings or attempt.because)):
            return False
        self._suspects_connections = False  # it is looked into once a run
        if spoils := spoils_connections(self._subject):
            self._subject.client.transport.keep_none()
        return spoils

    def _confirm(self, first: Attempt, check: Callable[[], None]) -> None:
        """See what of a first run repeats; the rest is unstable."""
        new = set(first.findings) - self._confirmed
        new -= self._settle(first, {id for id in new if self._retraced(first.findings[id])})
        later: tuple[Exchange, ...] = ()
        for _ in range(first.requirement.confirming_runs):
            if not new:
                return
            again = self._sound(first.requirement, check, anew=True)
            later = again.exchanges
            repeated = new & set(again.findings)
            first.findings |= {id: again.findings[id] for id in repeated}
            repeated |= {id for id in new - repeated if self._repeats(id, first.findings[id])}
            new -= self._settle(first, repeated)
        spent = self._subject.client.budget.spent
        for id in new:
            if spent:
                del first.findings[id]
                first.state, first.reason = Verdict.NOT_TESTABLE, f"{spent}, before a violation could be seen twice"
            else:
                first.findings[id] = replace(first.findings[id], verdict=Verdict.UNSTABLE, again=later)

    def _settle(self, attempt: Attempt, repeated: set[str]) -> set[str]:
        """Tell what was seen twice in as few exchanges as show it, and confirm it no more; return it."""
        self._confirmed |= repeated
        if self._shrinker is not None:
            attempt.findings |= {id: self._shrinker.shrunk(id, attempt.findings[id]) for id in repeated}
        return repeated

    def _retraced(self, finding: Finding) -> bool:
        """Whether the way to a violation leads there again, where it can be walked without the rest of its check."""
        retrace = finding.violation.retrace
        if retrace is None:
            return False
        story = [exchange.request for exchange in finding.exchanges]
        try:
            return retrace(renamed(story, self._subject.names)) is not None
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

    def _sound(self, requirement: Requirement, check: Callable[[], None], *, anew: bool = False) -> Attempt:
        """Run `check`, and again where it found what writes that were done twice would explain."""
        for _ in range(REDOS):
            attempt = redone(partial(self._once, requirement, check, anew=anew))
            doubtful = set(attempt.findings) - set(self._judges)
            if not ((doubtful or attempt.because) and may_be_done_twice(attempt.exchanges)):
                return attempt
            anew = True
        for id in doubtful:
            del attempt.findings[id]
        attempt.state, attempt.reason, attempt.because = Verdict.NOT_TESTABLE, TOO_BUSY, None
        return attempt

    def _once(self, requirement: Requirement, check: Callable[[], None], *, anew: bool = False) -> Attempt:
        self._subject.begin(anew=anew)
        attempt = Attempt(requirement)
        own = _outcome_of(check, attempt)
        attempt.observed = tuple(self._subject.observed)
        attempt.exchanges = tuple(self._subject.client.drain())
        if attempt.lost and not answers(self._subject):
            raise Unreachable("the target stopped answering")
        attempt.findings.update(self._judged(attempt.exchanges))
        if own is not None:
            attempt.findings[requirement.id] = Finding(own, own.exchanges or story_of(own, attempt.exchanges))
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
                except Violation as violation:
                    findings[id] = Finding(violation, _leading_to(exchanges, index))
        return findings


def _outcome_of(check: Callable[[], None], attempt: Attempt) -> Violation | None:
    """Run `check`, put what it came to into `attempt`, and return what it found itself."""
    try:
        check()
    except Violation as violation:
        return violation
    except NotTestable as obstacle:
        attempt.state, attempt.reason, attempt.because = Verdict.NOT_TESTABLE, obstacle.reason, obstacle.because
        if obstacle.because is not None and obstacle.fault is not None:
            attempt.findings[obstacle.because] = Finding(obstacle.fault, obstacle.fault.exchanges)
    except Lost as lost:
        attempt.state, attempt.reason, attempt.lost = Verdict.NOT_TESTABLE, lost.reason, True
        if lost.request.ordinary:
            attempt.because = ANSWERED
            unanswered = f"nothing: {lost.reason}"
            attempt.findings[ANSWERED] = Finding(Violation(f"an answer to {lost.request.method}", unanswered), ())
    except (Stale, Unreachable):
        raise
    except Exception:  # noqa: BLE001 - an error of ours must not be taken for the target's
        attempt.state, attempt.reason = Verdict.ERROR, traceback.format_exc()
    return None


def _leading_to(exchanges: Sequence[Exchange], index: int) -> tuple[Exchange, ...]:
    """The exchange at `index` and those before it about the same model."""
    last = exchanges[index]
    if last.request.key is None:
        return (last,)
    return (*(e for e in exchanges[:index] if e.request.key == last.request.key), last)
