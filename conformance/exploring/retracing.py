"""Walks the way of other requests again, each answer predicted anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.exploring.walker import Step, Walker, Walks
from conformance.judge.outcome import Seen, Violation
from conformance.judge.reading import Reading, read_body
from conformance.subject.subject import Subject
from conformance.wire.exchange import Request


def retrace(subject: Subject, requests: Sequence[Request], judge: Callable[[Step], None]) -> Seen | None:
    """What `judge` finds in the first answer that it finds anything in; None where it finds nothing."""
    if not all(_is_predictable(subject, request) for request in requests):
        return None
    walks = Walks(subject)
    walker = Walker(walks)
    for request in requests:
        walker.again(request)
        if walks.obstacle is not None:
            raise walks.obstacle
        step = walks.steps[-1]
        try:
            judge(step)
        except Violation as violation:
            return Seen(violation, (*step.before, step.exchange))
    return None


def _is_predictable(subject: Subject, request: Request) -> bool:
    """Whether the reference model knows what to make of a body: it is plain, or surely wrong."""
    return request.body is None or read_body(subject.contract, request.json) in (Reading.PLAIN, Reading.WRONG)
