"""Deletes what a run created, as far as a path leads to it, and tells what is left and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from conformance.judge.names import is_deletable, is_safe_in_path
from conformance.judge.outcome import NotTestable
from conformance.subject.ledger import Entry
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential
from conformance.wire.lost import Lost, redone

GONE = (404, 410)
SILENCES = 3
"""Deletes without an answer, one after the other, after which no more are tried."""


@dataclass(slots=True)
class Cleaned:
    """What came of it."""

    deleted: int = 0
    left: dict[Entry, str] = field(default_factory=dict)
    """What may still be on the target, and why."""


def sweep(subject: Subject) -> None:
    """Delete what nothing needs any more, where that can be done; what cannot be deleted now is left for the end."""
    if not subject.abilities.deletes or subject.client.budget.spent:
        return
    needed = {name for names in subject.held.values() for name in names}
    needed |= set(subject.names.found_in(str(subject.first.request.key))) if subject.first is not None else set()
    own = subject.creations.sweepable()
    over = [(entry, caller) for entry, caller in own.items() if needed.isdisjoint(subject.names.found_in(entry.name))]
    with subject.client.uncounted():
        cleaned = clean(subject, over)
    for entry, _ in over:
        if entry in cleaned.left:
            subject.creations.keep_for_the_end(entry)


def clean(subject: Subject, models: Iterable[tuple[Entry, Credential | None]]) -> Cleaned:
    """Delete the models, each by the key that created it."""
    cleaned, silences = Cleaned(), Counter[Credential | None]()
    for entry, caller in models:
        if silences[caller] == SILENCES:
            cleaned.left[entry] = "the target stopped responding"
            continue
        try:
            why, silences[caller] = _delete(subject, entry.name, caller), 0
        except (Lost, NotTestable) as obstacle:
            why = str(obstacle)
            silences[caller] += 1
        if why:
            cleaned.left[entry] = why
        else:
            subject.creations.forget(entry)
            cleaned.deleted += 1
    return cleaned


def summed_up(left: Mapping[Entry, str]) -> str:
    """How many are left, and why."""
    reasons = Counter(left.values()).most_common()
    models = "1 model is" if len(left) == 1 else f"{len(left)} models are"
    return f"{models} left on the target ({'; '.join(f'{count}: {why}' for why, count in reasons)})"


def _delete(subject: Subject, name: str, caller: Credential | None) -> str:
    """Delete one model; why it may be left, empty where it is gone."""
    if not is_deletable(name):
        return "no path leads to its name for sure"
    safe = is_safe_in_path(name) and subject.reaches(name)
    path = quote(name, safe="/" if safe else "")
    status = redone(lambda: subject.delete_at(path, name, caller)).response.status
    if 200 <= status <= 299 or (status in GONE and safe):
        return ""
    return "no path leads to its name" if status in GONE else f"its delete got {status}"
