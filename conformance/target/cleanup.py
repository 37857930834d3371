"""The end of a run: what it created is deleted, as far as a path leads to it; what is left is listed with the reason,
and kept in its ledger.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from platformdirs import user_state_path

from conformance.judge.outcome import NotTestable
from conformance.judge.requests import is_deletable, is_safe_in_path
from conformance.target.ledger import BadLedger, Entry, Ledger, Recorded, read_if_there
from conformance.target.operations import Capabilities
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, Lost, retry_stale

AGAIN = 2
"""How often what could not be deleted is tried again: a gateway may fail now and then."""


def place_of_ledger(given: str | None, prefix: str, worker: str) -> Path:
    """Where the ledger of a run goes: each process has its own."""
    path = Path(given) if given else _folder() / _file_name(prefix)
    return path.with_name(f"{path.name}.{worker}") if worker and not path.is_char_device() else path


def open_ledger(given: str | None, target: str, prefix: str, worker: str) -> tuple[Ledger | None, str]:
    """Return the ledger of a run, in a temporary place where its own cannot be had, with a warning of that.

    Raises BadLedger for a place that the user gave.
    """
    path = place_of_ledger(given, prefix, worker)
    temporary = place_of_ledger(
        str(Path(tempfile.gettempdir()) / f"respan-conformance-{_file_name(prefix)}"), "", worker
    )
    for place in (path,) if given else (path, temporary):
        try:
            ledger = Ledger(place, target, prefix)
        except BadLedger as error:
            if given:
                raise
            reason = str(error)
            continue
        return ledger, "" if place == path else f"the ledger is {place}, for there is no other place ({reason})"
    return None, f"no ledger is kept of what is created ({reason}); name a file for it with --ledger"


def left_by_earlier_runs(given: str | None, worker: str) -> list[Recorded]:
    """What earlier runs left, by the file of --names. Raises BadLedger."""
    return read_if_there(place_of_ledger(given, "", worker)) if given else []


def _folder() -> Path:
    """The user's folder for state; one for temporary files where the user has none."""
    try:
        folder = user_state_path("respan-conformance")
    except (KeyError, RuntimeError):  # no HOME, and nobody knows the user
        return Path(tempfile.gettempdir())
    if folder.is_absolute():
        return folder
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - unlike Path.home, it does not fail where there is none
    known = home.is_absolute() and os.environ.get("XDG_STATE_HOME", "").strip()  # a relative one does not count
    return home / ".local" / "state" / "respan-conformance" if known else Path(tempfile.gettempdir())


def _file_name(prefix: str) -> str:
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', prefix)}.jsonl"


def tidy(subject: Subject, *, lost: bool, doubtful: bool = False) -> str | None:
    """Delete what the run created, and say what is left. A second Ctrl-C leaves the rest for the ledger to tell.

    Where responses are doubtful, what was refused may have been created.
    """
    if doubtful and subject.capabilities.deletes:
        subject.creations.doubt()
    own, ledger = subject.creations.own(), subject.creations.ledger
    try:
        left = _left(subject, lost=lost)
    except KeyboardInterrupt:
        left = dict.fromkeys(own, "deleting was interrupted")
    if ledger is None:
        return None
    ledger.settle(left, subject.creations.gone)
    if not (left and _is_kept(ledger)):
        return None
    again = f"respan-conformance clean {ledger.path} tries again"
    if _lacks_delete(subject.capabilities):
        again = f"a run with --names {ledger.path} writes to them again, rather than to new ones"
    return f"{summed_up(left)}; {again}"


def _left(subject: Subject, *, lost: bool) -> Mapping[Entry, str]:
    own, able = subject.creations.own(), subject.capabilities
    if lost or not subject.client.seconds:
        return dict.fromkeys(own, "the target stopped responding" if lost else "the target gave no response")
    if subject.plain is None and not subject.creations.confirmed:
        return {}  # every response said that nothing worked, so nothing was created
    if _lacks_delete(able):
        return dict.fromkeys(own, f"the target has no delete: it got {able.delete_status}")
    subject.client.renew_budget()
    left = clean(subject, own.items()).left
    for _ in range(AGAIN):
        left = clean(subject, [(entry, own[entry]) for entry in left]).left if left else left
    return left


def _lacks_delete(able: Capabilities) -> bool:
    """Whether the target was seen to have no delete."""
    return able.probed and not able.deletes and able.delete_status is not None


def _is_kept(ledger: Ledger) -> bool:
    """Whether something is left to read in it; a device keeps nothing."""
    return ledger.path.is_file()


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
    if not subject.capabilities.deletes or subject.client.budget.exhausted:
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
    status = retry_stale(lambda: subject.delete_at(path, name, caller)).response.status
    if 200 <= status <= 299 or (status in GONE and safe):
        return ""
    return "no path leads to its name" if status in GONE else f"its delete got {status}"
