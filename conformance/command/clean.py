"""`respan-conformance clean LEDGER`: deletes what earlier runs left, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from conformance.output import visible
from conformance.settings import Settings, UsageError, asked_for
from conformance.target.cleanup import Deletions, delete_models
from conformance.target.client import Credentials
from conformance.target.connection import connection_of, credentials_of
from conformance.target.ledger import BadLedger, Entry, LedgerRun, read_ledger, write_ledger
from conformance.target.names import Names
from conformance.target.subject import RunOptions, Subject
from conformance.wire.exchange import Credential
from conformance.wire.http import HttpTransport
from contract import Contract, load

LEFT = 1
"""Exit code where something is left."""


def clean_ledger(file: str, settings: Settings) -> int:
    """Delete what the ledger names, on the targets that it names; keep in it what is left, and say so."""
    path = Path(file)
    contract = load(settings["contract"])
    try:
        cleaned = [(run, _clean(run, settings, contract)) for run in read_ledger(path)]
        left = [LedgerRun(run.target, run.prefix, tuple(result.remaining)) for run, result in cleaned]
        write_ledger(path, left)
    except BadLedger as error:
        raise UsageError(str(error)) from None
    for run, result in cleaned:
        print("\n".join(_told(run, result)))
    return LEFT if any(run.entries for run in left) else 0


def _clean(run: LedgerRun, settings: Settings, contract: Contract) -> Deletions:
    """Delete what a run left; names without its prefix are never touched, whatever the ledger says."""
    kept = {entry: why for entry in run.entries if (why := _why_kept(entry, run, settings))}
    if not run.target.startswith(("http://", "https://")):
        return Deletions(0, dict.fromkeys(run.entries, "its target was an application, not a URL"))
    connection = connection_of(settings, target=run.target)
    with closing(HttpTransport(run.target, connection.route)) as transport:
        credentials = credentials_of(settings)
        subject = Subject(contract, connection.client(transport), credentials, Names(prefix=run.prefix), RunOptions())
        cleaned = delete_models(
            subject, ((entry, _caller(entry, credentials)) for entry in run.entries if entry not in kept)
        )
    cleaned.remaining |= kept
    return cleaned


def _why_kept(entry: Entry, run: LedgerRun, settings: Settings) -> str:
    if not entry.name.startswith(run.prefix):
        return f"it does not start with {run.prefix}, so it may not be ours"
    if entry.key_variable == asked_for("other-org-key") and not settings["other-org-key"]:
        return f"it takes {entry.key_variable}"
    return ""


def _caller(entry: Entry, credentials: Credentials) -> Credential | None:
    """A key of the organization that the model may be in: what a wrong or a reader's key created is the owner's."""
    return credentials.other_org if entry.key_variable == asked_for("other-org-key") else credentials.primary


def _told(run: LedgerRun, result: Deletions) -> Iterator[str]:
    yield f"{visible(run.target)}: {result.deleted} gone, {len(result.remaining)} left"
    for entry, why in result.remaining.items():
        yield f"  {visible(entry.name)[:80]}: {visible(why)}"
