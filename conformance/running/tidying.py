"""The end of a run: what it created is deleted, and what is left is told and kept in its ledger."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_state_path

from conformance.subject.abilities import Abilities
from conformance.subject.deleting import clean, summed_up
from conformance.subject.ledger import BadLedger, Entry, Ledger, Recorded, read_if_there
from conformance.subject.subject import Subject

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
    if doubtful and subject.abilities.deletes:
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
    if _lacks_delete(subject.abilities):
        again = f"a run with --names {ledger.path} writes to them again, rather than to new ones"
    return f"{summed_up(left)}; {again}"


def _left(subject: Subject, *, lost: bool) -> Mapping[Entry, str]:
    own, able = subject.creations.own(), subject.abilities
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


def _lacks_delete(able: Abilities) -> bool:
    """Whether the target was seen to have no delete."""
    return able.probed and not able.deletes and able.delete_status is not None


def _is_kept(ledger: Ledger) -> bool:
    """Whether something is left to read in it; a device keeps nothing."""
    return ledger.path.is_file()
