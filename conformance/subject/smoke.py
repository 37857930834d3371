"""One look at the target before anything is judged: is it there, is it the endpoint, does it take the key?"""

from __future__ import annotations

import time

from conformance.outcome import Lost, NotTestable, Unreachable, redone
from conformance.subject.subject import Subject

TRIES = 3


class WrongKey(Exception):
    """The target does not take the API key that the user gave. The user has to act."""


def look(subject: Subject) -> None:
    """Return where the target answers the upsert. Raises Unreachable or WrongKey, with what to do."""
    operation = subject.contract.upsert.operation
    url = subject.client.transport.base_url + operation.path
    status = _status(subject, url)
    if status in (401, 403):
        key = "takes no request without a key; set RESPAN_API_KEY, or give --api-key-file"
        refused = "does not take the API key; check RESPAN_API_KEY or --api-key-file, and that the key may write"
        raise WrongKey(f"{url} {refused if subject.callers.owner else key} (it answered {status})")
    if status in (404, 405) or 300 <= status <= 399:
        raise Unreachable(
            f"{operation.method} {url} was answered {status}: the endpoint is not there; give the base URL that "
            f"{operation.path} is appended to"
        )


def answers(subject: Subject) -> bool:
    """Whether the target still answers anything."""
    try:
        redone(lambda: subject.upsert(subject.minimal()))
    except Lost:
        return False
    except NotTestable:
        pass
    return True


def _status(subject: Subject, url: str) -> int:
    reason = ""
    for attempt in range(TRIES):
        try:
            return redone(lambda: subject.upsert(subject.minimal())).response.status
        except Lost as lost:
            reason = lost.reason
        except NotTestable as busy:
            reason = busy.reason
        time.sleep(0.2 * attempt)
    raise Unreachable(f"{url} cannot be reached ({reason}); check the URL, and that the target is running")
