"""What a run creates: which models are its own to delete, and by whose key."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from conformance.subject.ledger import Entry, Ledger
from conformance.wire.exchange import Credential, Exchange, Request
from contract import Upsert

UNDONE = {301, 307, 308, 501}
"""Statuses, beside those of client errors, that say that nothing was done: ask elsewhere, or not at all."""


class Creations:
    """Remembers what may be left on the target. Safe to use from several threads."""

    def __init__(
        self, upsert: Upsert, prefix: str, ledger: Ledger | None = None, organizations: Iterable[Credential] = ()
    ) -> None:
        """`organizations` are the keys that models are deleted with, one of each organization."""
        self.prefix = prefix
        self.ledger = ledger
        self._upsert = upsert
        self._organizations = frozenset(organizations)
        self._own: dict[Entry, Credential | None] = {}
        self._confirmed: set[Entry] = set()
        self._earlier: set[Entry] = set()
        self._refused_ones: dict[Entry, Credential | None] = {}
        self.gone: set[Entry] = set()
        """The models that were deleted."""
        self._stay: set[Entry] = set()
        self._lock = threading.Lock()
        self.most = 0
        """The most models that there were at one time."""

    def take_up(self, entries: Iterable[Entry]) -> None:
        """Take models that earlier runs left for own ones."""
        by_variable = {_variable(caller): caller for caller in self._organizations}
        with self._lock:
            self._earlier |= set(entries)
            self._own |= {entry: by_variable.get(entry.caller) for entry in self._earlier}
            self.most = max(self.most, len(self._own))

    def before(self, request: Request) -> bool:
        """Note what an upsert may create, whatever becomes of its answer. Whether that was not noted before."""
        if request.key is None or not self._is_own(request.key):
            return False
        entry = _entry(request.key, request.credential)
        if self.ledger is not None:
            self.ledger.note(entry)
        with self._lock:
            new = entry not in self._own
            self._own.setdefault(entry, self._deleter(request.credential))
            self.most = max(self.most, len(self._own))
        return new

    def _deleter(self, caller: Credential | None) -> Credential | None:
        """Whose key deletes what a caller created: the owner's, of what a wrong or a reader's key created as well."""
        return caller if caller in self._organizations else None

    def unsent(self, request: Request) -> None:
        """Take back what was noted of a request that no connection was made for: it has created nothing."""
        if request.key is not None:
            self._refused(_entry(request.key, request.credential))

    def after(self, exchange: Exchange) -> None:
        """Note what an upsert did create.

        What has the prefix of the run is its own, unless it was refused, and so is what it took up. Anything else, the
        name of a built-in model or a number that was taken for a name, is its own only where the answer says that it
        was not there before.
        """
        key, caller = exchange.request.key, exchange.request.credential
        if exchange.response.successful:
            name = key if key is not None else exchange.response.members.get(self._upsert.key)
            if isinstance(name, str) and (self._is_own(name) or self._is_new(exchange)):
                self._confirm(_entry(name, caller), caller)
        elif (400 <= exchange.response.status <= 499 or exchange.response.status in UNDONE) and key is not None:
            self._refused(_entry(key, caller))

    def deleted(self, name: str, caller: Credential | None) -> None:
        """Forget a model that is gone."""
        self.forget(_entry(name, caller))

    def forget(self, entry: Entry) -> None:
        """Forget what is gone, whoever created it."""
        with self._lock:
            self._own.pop(entry, None)
            self._confirmed.discard(entry)
            self._earlier.discard(entry)
            self.gone.add(entry)

    @property
    def confirmed(self) -> bool:
        """Whether a response ever said that a model of the run was created."""
        with self._lock:
            return bool(self._confirmed)

    def doubt(self) -> None:
        """Take what was refused for own as well: some responses were not those to the requests that they followed."""
        with self._lock:
            self._own = self._refused_ones | self._own

    def written(self) -> set[str]:
        """The names of the models that were written to."""
        with self._lock:
            return {entry.name for entry in self._confirmed}

    def sweepable(self) -> dict[Entry, Credential | None]:
        """The models that were not tried to be deleted yet."""
        with self._lock:
            return {entry: caller for entry, caller in self._own.items() if entry not in self._stay}

    def keep_for_the_end(self, entry: Entry) -> None:
        """Try no more to delete a model before the end of the run."""
        with self._lock:
            self._stay.add(entry)

    def __len__(self) -> int:
        """How many models the run created, or may have created."""
        with self._lock:
            return len(self._own)

    def own(self) -> dict[Entry, Credential | None]:
        """The models that the run created, or may have created, with the key of each."""
        with self._lock:
            return dict(self._own)

    def _confirm(self, entry: Entry, caller: Credential | None) -> None:
        with self._lock:
            self._own[entry] = self._deleter(caller)
            self._confirmed.add(entry)
        if self.ledger is not None:
            self.ledger.note(entry)

    def _refused(self, entry: Entry) -> None:
        with self._lock:
            if entry not in self._confirmed | self._earlier and entry in self._own:
                self._refused_ones[entry] = self._own.pop(entry)

    def _is_own(self, name: str) -> bool:
        return name.startswith(self.prefix) or any(entry.name == name for entry in self._earlier)

    def _is_new(self, exchange: Exchange) -> bool:
        created, updated = self._upsert.created, self._upsert.updated
        return created != updated and exchange.response.status == created


def _entry(name: str, caller: Credential | None) -> Entry:
    return Entry(name, _variable(caller) if caller else "")


def _variable(caller: Credential) -> str:
    """The shell variable that stands for a caller's key."""
    return caller.shell.rpartition("$")[2]
