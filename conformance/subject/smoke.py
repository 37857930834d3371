"""One look at the target before anything is judged: is it there, is it the endpoint, does it take the keys?"""

from __future__ import annotations

import time

from conformance.configuration.settings import asked_for
from conformance.judge.outcome import NotTestable
from conformance.subject.diagnosis import of_answer, of_silence
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange
from conformance.wire.lost import Lost, Unreachable, redone

TRIES = 3
SOON = 2.0
"""Seconds within which a failure is tried again; what takes longer was no hiccup."""
UNKNOWN = 401
REFUSED = (UNKNOWN, 403)


class WrongKey(Exception):
    """The target does not take a key that the user gave. The user has to act."""


def look(subject: Subject) -> None:
    """Return where the target answers the upsert. Raises Unreachable or WrongKey, with what to do."""
    operation = subject.contract.upsert.operation
    url = subject.client.transport.base_url + operation.path
    exchange = _answer(subject, url)
    if exchange is None:
        return
    if obstacle := of_answer(exchange, url, operation.path):
        raise Unreachable(obstacle)
    status = exchange.response.status
    if status in REFUSED:
        key = "takes no request without a key; set RESPAN_API_KEY, or give --api-key-file"
        refused = "does not take the API key; check RESPAN_API_KEY or --api-key-file, and that the key may write"
        raise WrongKey(f"{url} {refused if subject.callers.owner else key} (it answered {status})")
    _look_at_other_keys(subject, url)


def answers(subject: Subject) -> bool:
    """Whether the target still answers anything."""
    try:
        redone(lambda: subject.upsert(subject.minimal()))
    except Lost:
        return False
    except NotTestable:
        pass
    return True


def _answer(subject: Subject, url: str) -> Exchange | None:
    """The answer to an upsert; None where the run may send no more."""
    began = time.monotonic()
    for attempt in range(TRIES):
        try:
            return redone(lambda: subject.upsert(subject.minimal()))
        except Lost as lost:
            obstacle = of_silence(lost, url, subject.client.route.proxy)
        except NotTestable as busy:
            obstacle = f"{url} is not to be had ({busy.reason}); try again later, or see what keeps it busy"
        if time.monotonic() - began > SOON:
            break
        time.sleep(0.2 * attempt)
    if subject.client.budget.spent:
        return None
    raise Unreachable(obstacle)


def _look_at_other_keys(subject: Subject, url: str) -> None:
    """See that whom the further keys stand for is known: a stranger is kept out of everything, whatever is tested."""
    reader = None if subject.plan.profile.must_only else subject.callers.reader  # no MUST calls as the reader
    try:
        for option, caller in (("other-org-key", subject.callers.other), ("read-only-key", reader)):
            if caller and subject.read(subject.names.fresh(), caller).response.status == UNKNOWN:
                raise _unknown(option, url)
    except (Lost, NotTestable):  # what has no read is not asked
        return


def _unknown(key: str, url: str) -> WrongKey:
    return WrongKey(f"{url} does not take {asked_for(key)} (--{key}-file); check it, or leave it out")
