"""`respan-conformance clean LEDGER`: deletes the models that earlier runs left, and nothing else."""

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
"""The exit code if models are left."""


def clean_ledger(file: str, settings: Settings) -> int:
    """Delete the models in the ledger on their targets; those that remain stay in the ledger, and are printed."""
    path = Path(file)
    contract = load(settings["contract"])
    try:
        cleaned = [(run, _clean(run, settings, contract)) for run in read_ledger(path)]
        left = [LedgerRun(run.target, run.prefix, tuple(result.remaining)) for run, result in cleaned]
        write_ledger(path, left)
    except BadLedger as error:
        raise UsageError(str(error)) from None
    for run, result in cleaned:
        print("\n".join(_lines(run, result)))
    return LEFT if any(run.entries for run in left) else 0


def _clean(run: LedgerRun, settings: Settings, contract: Contract) -> Deletions:
    """Delete the models that a run left; never one without the prefix of the run, whatever the ledger says."""
    skipped = {entry: why for entry in run.entries if (why := _why_skipped(entry, run, settings))}
    if not run.target.startswith(("http://", "https://")):
        return Deletions(0, dict.fromkeys(run.entries, "its target was an application, not a URL"))
    connection = connection_of(settings, target=run.target)
    with closing(HttpTransport(run.target, connection.route)) as transport:
        credentials = credentials_of(settings)
        subject = Subject(contract, connection.client(transport), credentials, Names(prefix=run.prefix), RunOptions())
        cleaned = delete_models(
            subject, ((entry, _caller(entry, credentials)) for entry in run.entries if entry not in skipped)
        )
    cleaned.remaining |= skipped
    return cleaned


def _why_skipped(entry: Entry, run: LedgerRun, settings: Settings) -> str:
    if not entry.name.startswith(run.prefix):
        return f"the name does not start with {run.prefix}, so the model may not be from this run"
    if entry.key_variable == asked_for("other-org-key") and not settings["other-org-key"]:
        return f"deleting it needs {entry.key_variable}"
    return ""


def _caller(entry: Entry, credentials: Credentials) -> Credential | None:
    """Return a key of the organization of the model; what a wrong or a read-only key created is the primary one's."""
    return credentials.other_org if entry.key_variable == asked_for("other-org-key") else credentials.primary


def _lines(run: LedgerRun, result: Deletions) -> Iterator[str]:
    yield f"{visible(run.target)}: {result.deleted} deleted, {len(result.remaining)} left"
    for entry, why in result.remaining.items():
        yield f"  {visible(entry.name)[:80]}: {visible(why)}"
