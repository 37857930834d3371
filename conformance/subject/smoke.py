"""One look at the target before anything is judged: is it there, is it the endpoint, does it take the keys?

The plainest upsert has to work, for everything else is judged by what it differs in from that one. Where it is refused
the run stops and shows the response.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from conformance.configuration.settings import asked_for
from conformance.judge.expect import summary, written
from conformance.judge.outcome import Disrupted, NotTestable
from conformance.subject.client import Busy
from conformance.subject.diagnosis import of_answer, of_silence
from conformance.subject.subject import Subject
from conformance.visible import visible
from conformance.wire.exchange import Credential, Exchange, Json
from conformance.wire.lost import Lost, Unreachable, redone

TRIES = 3
SOON = 2.0
"""Seconds within which a failure is tried again; what takes longer was no hiccup."""
UNKNOWN = 401
REFUSED = (UNKNOWN, 403)
HINTS: Mapping[int, str] = {
    400: "if names of models have to follow a pattern, give it with --name-pattern",
    402: "a quota may be used up, by what earlier runs left for instance: respan-conformance clean LEDGER",
    409: "a quota may be used up, or names taken, by what earlier runs left for instance",
    415: "something in front of the target may want another media type than application/json",
    422: "the contract has 400 for an invalid body, and this one is valid",
}
"""What a user may look at, by the status of the plainest upsert."""


class WrongKey(Exception):
    """The target does not take a key that the user gave. The user has to act."""


class Refused(Exception):
    """The target refuses the plainest upsert there is, so that nothing can be judged. The user has to act."""


def look(subject: Subject) -> None:
    """Return where the target takes the plainest upsert, and keep in mind which one that is.

    Raises Unreachable, WrongKey or Refused with what to do, and Disrupted where the target is too busy to tell.
    """
    operation = subject.contract.upsert.operation
    url = subject.client.transport.base_url + operation.path
    exchange = _response(subject, url, subject.minimal())
    if exchange is None:
        return
    if obstacle := of_answer(exchange, url, operation.path):
        raise Unreachable(obstacle)
    status = exchange.response.status
    if status in REFUSED:
        key = "takes no request without a key; set RESPAN_API_KEY, or give --api-key-file"
        refused = "does not take the API key; check RESPAN_API_KEY or --api-key-file, and that the key may write"
        said = f"{url} {refused if subject.callers.owner else key} (it responded {visible(summary(exchange))})"
        raise WrongKey(said)
    if 400 <= status <= 499:
        exchange = _fuller(subject, url, exchange)
    if exchange.response.successful:
        subject.plain = exchange
    _look_at_other_keys(subject, url)


def answers(subject: Subject) -> bool:
    """Whether the target still responds to anything."""
    try:
        redone(lambda: subject.upsert(subject.minimal()))
    except Lost:
        return False
    except NotTestable:
        pass
    return True


def _fuller(subject: Subject, url: str, refused: Exchange) -> Exchange:
    """The upsert with a plain value in each field, where that works; else it is shown what came of the name alone."""
    full = _response(subject, url, subject.full())
    if full is not None and full.response.successful:
        return full
    status = refused.response.status
    hint = f"; {HINTS[status]}" if status in HINTS else ""
    raise Refused(
        f"{url} refuses the plainest upsert, {written(refused.request.json)}, and one with all fields as well, so "
        f"nothing can be judged{hint}. The response was {visible(summary(refused))}"
    )


def _response(subject: Subject, url: str, body: Mapping[str, Json]) -> Exchange | None:
    """The response to an upsert; None where the run may send no more."""
    began, obstacle, throttled = time.monotonic(), "", ""
    for attempt in range(TRIES):
        try:
            return redone(lambda: subject.upsert(body))
        except Lost as lost:
            obstacle = of_silence(lost, url, subject.client.route.proxy)
        except Busy as busy:
            throttled = busy.reason
        except Disrupted:
            return None
        if time.monotonic() - began > SOON:
            break
        time.sleep(0.2 * attempt)
    if throttled:
        raise Disrupted(f"{url} is throttled from the start: {throttled}; try again later, or give --rate-limit")
    raise Unreachable(obstacle)


def _look_at_other_keys(subject: Subject, url: str) -> None:
    """See that the further keys work: a stranger is kept out of everything, whatever is tested."""
    reader = None if subject.plan.profile.must_only else subject.callers.reader  # no MUST calls as the reader
    looks: Sequence[tuple[str, Credential | None, Callable[[Credential], Exchange], Sequence[int]]] = (
        ("other-org-key", subject.callers.other, lambda caller: _as_other(subject, caller), REFUSED),
        ("read-only-key", reader, lambda caller: _as_reader(subject, caller), (UNKNOWN,)),
    )
    for option, caller, call, refused in looks:
        if caller is None or subject.plain is None:
            continue
        try:
            response = call(caller).response
        except Disrupted:
            raise
        except (Lost, NotTestable):  # what has no read is not asked
            continue
        if response.status in refused:
            raise WrongKey(
                f"{url} does not take {asked_for(option)} (--{option}-file), it responded {response.status}; check it, "
                "or leave it out"
            )
        if response.successful:
            subject.working.add(caller)


def _as_other(subject: Subject, caller: Credential) -> Exchange:
    """What a key of another organization comes to: a read, if it may not write."""
    write = subject.upsert(subject.control(), caller)
    if write.response.status == UNKNOWN or write.response.successful or subject.contract.upsert.read is None:
        return write
    return subject.read(_plain_name(subject), caller)


def _as_reader(subject: Subject, caller: Credential) -> Exchange:
    """What a key that may only read comes to: a write that it is known for, if the read says that it is not."""
    read = subject.read(_plain_name(subject), caller)
    return read if read.response.status != UNKNOWN else subject.upsert(subject.control(), caller)


def _plain_name(subject: Subject) -> str:
    """The name of a model that exists, where one could be created."""
    return str(subject.plain.request.key) if subject.plain is not None else subject.names.fresh()
