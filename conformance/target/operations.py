"""The operations of the contract, sent to one target, and which of them it is able to do."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conformance.fields import Shown, base_field
from conformance.judge.outcome import NotTestable
from conformance.target.client import Client, Credentials
from conformance.target.ledger import Creations
from conformance.wire.exchange import Credential, Exchange, Json, Lost, Request
from contract import Contract, Operation

JSON_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))
SETTLED = 2.0
"""Seconds after which a model that was written has to be seen."""
READ_HEADERS = (("Accept", "application/json"),)


class Operations:
    """Sends each as a request, through `client`, which records it, and keeps in mind what may have been created."""

    def __init__(self, contract: Contract, client: Client, credentials: Credentials, creations: Creations) -> None:
        self.contract = contract
        self.client = client
        self.credentials = credentials
        self.creations = creations
        self.capabilities = Capabilities()
        self.absent = ""
        """A name that no model has."""
        self.patience = 2
        """How often it is still waited in vain for what may only be late."""
        self._written: dict[tuple[Credential | None, str], float] = {}
        """When a model was last written, by its caller and name."""
        self._based: set[str] = set()
        """Models that have a base model."""

    def upsert(self, body: Mapping[str, Json], caller: Credential | None = None) -> Exchange:
        """Send `body` to the upsert, as the owner unless told otherwise."""
        key, base = body.get(self.contract.upsert.key), base_field(self.contract)
        credential = caller or self.credentials.primary
        exchange = self.post(encoded(body), key=key, credential=credential)
        if base is not None and self._is_late(exchange, (credential, str(body.get(base.name)))):
            exchange = self.post(encoded(body), key=key, credential=credential)
            self.patience -= exchange.response.status == 404
        if exchange.response.successful:
            self._written[credential, str(key)] = time.monotonic()
        if exchange.response.successful and base is not None and base.name in body:
            self._based.add(str(key))
        return exchange

    def _is_late(self, refused: Exchange, base: tuple[Credential | None, str]) -> bool:
        """Whether a base model may only not be seen yet: if so, return when it has to be."""
        age = time.monotonic() - self._written.get(base, -SETTLED)
        if refused.response.status != 404 or age >= SETTLED or not self.patience:
            return False
        time.sleep(SETTLED - age)
        return True

    def post(
        self,
        body: bytes | None,
        *,
        key: Any = None,
        credential: Credential | None = None,
        headers: tuple[tuple[str, str], ...] = JSON_HEADERS,
        ordinary: bool = True,
        chunked: bool = False,
    ) -> Exchange:
        """Send any bytes to the upsert. Without `credential` there is no Authorization header."""
        operation = self.contract.upsert.operation
        about = key if isinstance(key, str) else None
        return self.send(
            Request(
                operation.method,
                operation.path,
                headers,
                body,
                credential,
                operation.operation_id,
                about,
                ordinary,
                chunked,
            )
        )

    def send(self, request: Request) -> Exchange:
        """Send a request to the upsert, and keep in mind what it may have created."""
        new = self.creations.before(request)
        try:
            exchange = self.client.send(request)
        except Lost as lost:
            if new and lost.unsent:
                self.creations.unsent(request)
            raise
        self.creations.after(exchange)
        return exchange

    def read(
        self, key: str, caller: Credential | None = None, *, anonymous: bool = False, ordinary: bool = True
    ) -> Exchange:
        """Read the model of that name."""
        return self.client.send(self._by_key(self.contract.upsert.read, key, caller, anonymous, ordinary))

    def delete(
        self, key: str, caller: Credential | None = None, *, anonymous: bool = False, ordinary: bool = True
    ) -> Exchange:
        """Delete the model of that name."""
        exchange = self.client.send(self.deletion(key, caller, anonymous=anonymous, ordinary=ordinary))
        if exchange.response.successful:
            self._written.pop((caller or self.credentials.primary, key), None)
        raced = exchange.race is not None  # with an upsert, perhaps, that was done after it and answered before
        if exchange.response.successful and self.capabilities.deletes_truly and not raced:
            self.creations.deleted(key, exchange.request.credential)
        return exchange

    def deletion(
        self, key: str, caller: Credential | None = None, *, anonymous: bool = False, ordinary: bool = True
    ) -> Request:
        """What deletes the model of that name."""
        return self._by_key(self.contract.upsert.delete, key, caller, anonymous, ordinary)

    def delete_at(self, path: str, key: str, caller: Credential | None) -> Exchange:
        """Delete the model of that name, which stands in the path as it is given."""
        operation = self.contract.upsert.delete
        if operation is None:
            raise NotTestable("the contract has no delete")
        target = operation.path.replace("{" + self.contract.upsert.key + "}", path)
        credential = caller or self.credentials.primary
        return self.client.send(
            Request(operation.method, target, READ_HEADERS, None, credential, None, key, ordinary=False)
        )

    def call_unasked(self, method: str, at: Operation | None = None) -> Exchange:
        """Call the path of an operation, or else of the upsert, with a method that the contract does not have there."""
        path, absent = (at or self.contract.upsert.operation).path, quote(self.absent, safe="/")
        target = path.replace("{" + self.contract.upsert.key + "}", absent)
        return self.client.send(Request(method, target, READ_HEADERS, None, self.credentials.primary, ordinary=False))

    def read_encoded(self, name: str) -> Exchange:
        """Read at a path that no name of this suite leads to; `name` is percent-encoded as it is to be sent."""
        read = self.contract.upsert.read
        if read is None:
            raise NotTestable("the contract has no read")
        target = read.path.replace("{" + self.contract.upsert.key + "}", name)
        return self.client.send(
            Request(read.method, target, READ_HEADERS, None, self.credentials.primary, ordinary=False)
        )

    def _by_key(
        self, operation: Operation | None, key: str, caller: Credential | None, anonymous: bool, ordinary: bool
    ) -> Request:
        if operation is None:
            raise NotTestable("the contract has no such operation")
        target = operation.path.replace("{" + self.contract.upsert.key + "}", quote(key, safe="/"))
        credential = None if anonymous else caller or self.credentials.primary
        return Request(operation.method, target, READ_HEADERS, None, credential, operation.operation_id, key, ordinary)


def encoded(body: Json) -> bytes:
    """`body` as compact JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Capabilities:
    """What a probe found the target able to do."""

    probed: bool = False
    """Whether the target was probed at all."""
    reads: bool = False
    """The read returns 2xx for a model that exists."""
    read_status: int | None = None
    """What the read of a model that exists got; None where it got nothing, or the contract has no read."""
    reads_truly: bool = False
    """The read shows what the upsert showed, so that state can be read by it."""
    reads_late: bool = False
    """There is a read, but it may show what was before: nothing is judged by it, as if there were none."""
    tells_absence: bool = False
    """The read does not show a model that was never created, so that it tells whether one exists."""
    deletes: bool = False
    """The delete returns 2xx for a model that exists."""
    delete_status: int | None = None
    """What the delete of a model that exists got; None where it got nothing, or the contract has no delete."""
    deletes_truly: bool = False
    """... and what was deleted is gone."""
    tells_creates: bool = False
    """A create is answered as a create."""
    tells_updates: bool = False
    """An update is answered as an update."""
    shows_creates: bool = False
    """Some field of a create is shown as it was sent."""
    updates: bool = False
    """An update returns 2xx."""
    refused: frozenset[str] = frozenset()
    """Fields whose plain values the target refuses, each alone: other checks do without them."""
    keeps: bool = False
    """An upsert of the key alone changes nothing, so that state can be read by it."""
    reliable: tuple[Shown, ...] = ()
    """The fields that are shown as they were sent, and read as they were shown."""
