"""What a run creates: which models are its own to delete, and by whose key."""

from __future__ import annotations

import threading

from conformance.ledger import Entry, Ledger
from conformance.wire.exchange import Credential, Exchange, Request
from contract import Upsert


class Creations:
    """Remembers what may be left on the target. Safe to use from several threads."""

    def __init__(self, upsert: Upsert, prefix: str, ledger: Ledger | None = None) -> None:
        self.prefix = prefix
        self.ledger = ledger
        self._upsert = upsert
        self._own: dict[Entry, Credential | None] = {}
        self._lock = threading.Lock()

    def before(self, request: Request) -> None:
        """Note what an upsert may create."""
        if self.ledger is not None and request.key is not None and request.key.startswith(self.prefix):
            self.ledger.note(_entry(request.key, request.credential))

    def after(self, exchange: Exchange) -> None:
        """Note what an upsert did create.

        What has the prefix of the run is its own. Anything else, the name of a built-in model or a number that was
        taken for a name, is its own only where the answer says that it was not there before.
        """
        if not exchange.response.successful:
            return
        shown = exchange.response.members.get(self._upsert.key)
        name = exchange.request.key if exchange.request.key is not None else shown
        if isinstance(name, str) and (name.startswith(self.prefix) or self._is_new(exchange)):
            entry = _entry(name, exchange.request.credential)
            with self._lock:
                self._own[entry] = exchange.request.credential
            if self.ledger is not None:
                self.ledger.note(entry)

    def deleted(self, name: str, caller: Credential | None) -> None:
        """Forget a model that is gone."""
        with self._lock:
            self._own.pop(_entry(name, caller), None)

    def own(self) -> dict[Entry, Credential | None]:
        """The models that the run created, with the key of each."""
        with self._lock:
            return dict(self._own)

    def _is_new(self, exchange: Exchange) -> bool:
        created, updated = self._upsert.created, self._upsert.updated
        return created != updated and exchange.response.status == created


def _entry(name: str, caller: Credential | None) -> Entry:
    return Entry(name, caller.shell.rpartition("$")[2] if caller else "")
