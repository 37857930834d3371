"""The end of a run: what it created is deleted, and what is left is told and kept in its ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_state_path

from conformance.subject.abilities import Abilities
from conformance.subject.deleting import clean, summed_up
from conformance.subject.ledger import Entry, Ledger
from conformance.subject.subject import Subject


def place_of_ledger(given: str | None, prefix: str, worker: str) -> Path:
    """Where the ledger of a run goes: each process has its own."""
    path = (
        Path(given)
        if given
        else user_state_path("respan-conformance") / f"{re.sub(r'[^A-Za-z0-9._-]', '_', prefix)}.jsonl"
    )
    return path.with_name(f"{path.name}.{worker}") if worker and not path.is_char_device() else path


def tidy(subject: Subject, *, lost: bool) -> str | None:
    """Delete what the run created, and say what is left. A second Ctrl-C leaves the rest for the ledger to tell."""
    own, ledger = subject.creations.own(), subject.creations.ledger
    try:
        left = dict.fromkeys(own, "the target stopped answering") if lost else _left(subject)
    except KeyboardInterrupt:
        left = dict.fromkeys(own, "deleting was interrupted")
    if ledger is None:
        return None
    ledger.settle(left)
    return f"{summed_up(left)}; respan-conformance clean {ledger.path} tries again" if _is_kept(ledger) else None


def _left(subject: Subject) -> Mapping[Entry, str]:
    own, probed = subject.creations.own(), subject.abilities != Abilities()
    if probed and not subject.abilities.deletes:
        return dict.fromkeys(own, "the target has no delete")
    subject.client.renew_budget()
    return clean(subject, own.items()).left


def _is_kept(ledger: Ledger) -> bool:
    """Whether something is left to read in it; a device keeps nothing."""
    return ledger.path.is_file()
