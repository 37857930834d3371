"""Delete what a run created, and list what could not be deleted.

Models that nothing needs any more are deleted after each check, and the others at the end of the run. What remains
is reported with the reason and kept in the ledger, so that `clean LEDGER` can delete it later.
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
from conformance.target.ledger import BadLedger, Entry, Ledger, LedgerRun, read_ledger_if_present
from conformance.target.operations import Capabilities
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, NoResponse, retry_stale

AGAIN = 2
"""Further attempts for models that could not be deleted: a gateway may fail now and then."""


def ledger_path(given: str | None, prefix: str, worker: str) -> Path:
    """Return the path of a ledger; each process of a run has its own."""
    path = Path(given) if given else _folder() / _file_name(prefix)
    return path.with_name(f"{path.name}.{worker}") if worker and not path.is_char_device() else path


def open_ledger(given: str | None, target: str, prefix: str, worker: str) -> tuple[Ledger | None, str]:
    """Return the ledger of a run, and a warning if it is a temporary file because the usual place is unavailable.

    Raises BadLedger if the file that the user gave cannot be used.
    """
    path = ledger_path(given, prefix, worker)
    temporary = ledger_path(str(Path(tempfile.gettempdir()) / f"respan-conformance-{_file_name(prefix)}"), "", worker)
    for place in (path,) if given else (path, temporary):
        try:
            ledger = Ledger(place, target, prefix)
        except BadLedger as error:
            if given:
                raise
            reason = str(error)
            continue
        return ledger, "" if place == path else f"the ledger is {place}: the usual place is unavailable ({reason})"
    return None, f"the run keeps no ledger of the models that it creates ({reason}); name a file with --ledger"


def leftovers_of_earlier_runs(given: str | None, worker: str) -> list[LedgerRun]:
    """Return the runs in the file of --names, and the models that they left. Raises BadLedger."""
    return read_ledger_if_present(ledger_path(given, "", worker)) if given else []


def _folder() -> Path:
    """Return the user's folder for state, or else the folder for temporary files."""
    try:
        folder = user_state_path("respan-conformance")
    except (KeyError, RuntimeError):  # there is no HOME, and the user has no entry in the user database
        return Path(tempfile.gettempdir())
    if folder.is_absolute():
        return folder
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - unlike Path.home, it does not fail where there is none
    known = home.is_absolute() and os.environ.get("XDG_STATE_HOME", "").strip()  # a relative one does not count
    return home / ".local" / "state" / "respan-conformance" if known else Path(tempfile.gettempdir())


def _file_name(prefix: str) -> str:
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', prefix)}.jsonl"


def clean_up(subject: Subject, *, lost: bool, doubtful: bool = False) -> str | None:
    """Delete what the run created, and return a sentence about what remains, or None.

    A second Ctrl-C stops deleting; the ledger keeps the rest. If responses are doubtful, a rejected request may have
    created its model too.
    """
    if doubtful and subject.capabilities.delete_works:
        subject.creations.distrust_rejections()
    own, ledger = subject.creations.models(), subject.creations.ledger
    try:
        left = _left(subject, lost=lost)
    except KeyboardInterrupt:
        left = dict.fromkeys(own, "deleting was interrupted")
    if ledger is None:
        return None
    ledger.close(left, subject.creations.deleted_entries)
    if not (left and _is_kept(ledger)):
        return None
    again = f"respan-conformance clean {ledger.path} tries again to delete them"
    if _lacks_delete(subject.capabilities):
        again = f"a run with --names {ledger.path} reuses them"
    return f"{leftover_summary(left)}; {again}"


def _left(subject: Subject, *, lost: bool) -> Mapping[Entry, str]:
    own, able = subject.creations.models(), subject.capabilities
    if lost or not subject.client.response_seconds:
        return dict.fromkeys(own, "the target stopped responding" if lost else "the target never responded")
    if subject.baseline is None and not subject.creations.any_confirmed:
        return {}  # every request was rejected, so nothing was created
    if _lacks_delete(able):
        return dict.fromkeys(own, f"the target has no delete: it returned {able.delete_status}")
    subject.client.renew_budget()
    left = delete_models(subject, own.items()).remaining
    for _ in range(AGAIN):
        left = delete_models(subject, [(entry, own[entry]) for entry in left]).remaining if left else left
    return left


def _lacks_delete(able: Capabilities) -> bool:
    """Return whether the probe found that the target has no delete."""
    return able.probed and not able.delete_works and able.delete_status is not None


def _is_kept(ledger: Ledger) -> bool:
    """Return whether the ledger is a file that can be read later; a device such as /dev/null is not."""
    return ledger.path.is_file()


GONE = (404, 410)
SILENCES = 3
"""Consecutive deletes without a response after which no more are tried."""


@dataclass(slots=True)
class Deletions:
    """The outcome of deleting models."""

    deleted: int = 0
    remaining: dict[Entry, str] = field(default_factory=dict)
    """Models that may still be on the target, with the reason for each."""


def delete_unneeded(subject: Subject) -> None:
    """Delete models that nothing needs any more; what cannot be deleted is left for the end of the run."""
    if not subject.capabilities.delete_works or subject.client.budget.exhausted:
        return
    needed = {name for names in subject.names_in_use.values() for name in names}
    needed |= (
        set(subject.names.names_in(str(subject.first_create.request.key)))
        if subject.first_create is not None
        else set()
    )
    own = subject.creations.deletable()
    over = [
        (entry, credential)
        for entry, credential in own.items()
        if needed.isdisjoint(subject.names.names_in(entry.name))
    ]
    with subject.client.uncounted():
        cleaned = delete_models(subject, over)
    for entry, _ in over:
        if entry in cleaned.remaining:
            subject.creations.defer_deletion(entry)


def delete_models(subject: Subject, models: Iterable[tuple[Entry, Credential | None]]) -> Deletions:
    """Delete the models, each with its key."""
    cleaned, silences = Deletions(), Counter[Credential | None]()
    for entry, credential in models:
        if silences[credential] == SILENCES:
            cleaned.remaining[entry] = "the target stopped responding"
            continue
        try:
            why, silences[credential] = _delete(subject, entry.name, credential), 0
        except (NoResponse, NotTestable) as obstacle:
            why = str(obstacle)
            silences[credential] += 1
        if why:
            cleaned.remaining[entry] = why
        else:
            subject.creations.forget(entry)
            cleaned.deleted += 1
    return cleaned


def leftover_summary(left: Mapping[Entry, str]) -> str:
    """Return a sentence about how many models remain, and why."""
    reasons = Counter(left.values()).most_common()
    models = "1 model is" if len(left) == 1 else f"{len(left)} models are"
    return f"{models} left on the target ({'; '.join(f'{count}: {why}' for why, count in reasons)})"


def _delete(subject: Subject, name: str, credential: Credential | None) -> str:
    """Delete one model; return why it may remain, or an empty text if it is deleted."""
    if not is_deletable(name):
        return "its name cannot be written safely in a path"
    safe = is_safe_in_path(name) and subject.has_path_for(name)
    path = quote(name, safe="/" if safe else "")
    status = retry_stale(lambda: subject.delete_at_path(path, name, credential)).response.status
    if 200 <= status <= 299 or (status in GONE and safe):
        return ""
    return "its path does not reach it" if status in GONE else f"its delete got {status}"
