"""The end of a run: what it created is deleted, and what is left is told and kept in its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_state_path

from conformance.subject.deleting import clean, summed_up
from conformance.subject.ledger import Entry, Ledger
from conformance.subject.subject import Subject


def place_of_ledger(given: str | None, prefix: str, worker: str) -> Path:
    """Where the ledger of a run goes: each process has its own."""
    path = Path(given) if given else user_state_path("respan-conformance") / f"{prefix}.jsonl"
    return path.with_name(f"{path.name}.{worker}") if worker and not path.is_char_device() else path


def tidy(subject: Subject, *, lost: bool) -> str | None:
    """Delete what the run created, and say what is left. A second Ctrl-C leaves the rest for the ledger to tell."""
    own, ledger = subject.creations.own(), subject.creations.ledger
    try:
        left = _left(subject, lost=lost)
    except KeyboardInterrupt:
        left = dict.fromkeys(own, "deleting was interrupted")
    if ledger is None:
        return None
    ledger.settle(left)
    return f"{summed_up(left)}; respan-conformance clean {ledger.path} tries again" if _is_kept(ledger) else None


def _left(subject: Subject, *, lost: bool) -> Mapping[Entry, str]:
    own, able = subject.creations.own(), subject.abilities
    if subject.plain is None and not subject.creations.confirmed:
        return {}  # nothing ever worked, so nothing was created
    if lost:
        return dict.fromkeys(own, "the target stopped responding")
    if able.probed and not able.deletes and able.delete_status is not None:
        return dict.fromkeys(own, f"the target has no delete: it got {able.delete_status}")
    subject.client.renew_budget()
    return clean(subject, own.items()).left


def _is_kept(ledger: Ledger) -> bool:
    """Whether something is left to read in it; a device keeps nothing."""
    return ledger.path.is_file()
