"""Variants in what other organizations may do, and in what a server does with requests that come at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from time import sleep
from typing import TYPE_CHECKING

from tests.servers.fixtures import OTHER_ORGANIZATION_KEY, PROVIDER, Fixtures, default_fixtures
from tests.servers.plain import PlainServer, Stored
from tests.servers.plain_fields import BASE, FLAGS, Values
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from tests.servers.wire import Request

WORK = 0.002
"""Seconds that a request takes, for others to come meanwhile."""


class OthersOnlyRead(PlainServer):
    """Open: what the key of another organization may do. Here it may only read."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        known = fixtures or default_fixtures()
        theirs = known.keys[OTHER_ORGANIZATION_KEY]
        super().__init__(replace(known, keys={**known.keys, OTHER_ORGANIZATION_KEY: replace(theirs, may_write=False)}))


class OthersDoNotDelete(PlainServer):
    """Open: what the key of another organization may do. Here it may not delete."""

    def delete(self, request: Request) -> Response:
        if self.authenticate(request).organization != "acme":
            raise HttpError(403, "Your plan has no deletes.")
        return super().delete(request)


class ProvidersOfOneName(PlainServer):
    """Open: how providers of another organization are called. Here as those of the first."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        known = fixtures or default_fixtures()
        theirs = {**known.providers["globex"], PROVIDER: {"provider_name": "Globex vLLM", "extra_kwargs": {}}}
        super().__init__(replace(known, providers={**known.providers, "globex": theirs}))


class FlagsAreSetByDefault(PlainServer):
    """Open: what shows where neither model nor base has a value. Here flags are 1, and an unknown base is no base."""

    deviates = frozenset({"STA-13", "TEN-06"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {name: value for name, value in values.items() if name != BASE})

    def serialize(self, organization: str, stored: Stored) -> Values:
        return dict.fromkeys(FLAGS, 1) | super().serialize(organization, stored)


class OneRequestAtATime(PlainServer):
    """Standard: how many requests are answered at once. Here one, and others wait for their turn."""

    def respond(self, request: Request) -> Response:
        with self.lock:
            sleep(WORK)
            return super().respond(request)


class BusyUnderContention(PlainServer):
    """Standard: a server may answer 503, or 429, when too much comes at once. Here more than two at a time do."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.turns = threading.Semaphore(2)
        self.put_off = 0

    def respond(self, request: Request) -> Response:
        if not self.turns.acquire(blocking=False):
            self.put_off += 1
            status = 429 if self.put_off % 2 else 503
            return Response(status, {"detail": "Too many requests."}, {"Retry-After": "0"})
        try:
            sleep(WORK)
            return super().respond(request)
        finally:
            self.turns.release()


class NewestFirst(PlainServer):
    """Open: in which order requests that come at once are done. Here the one that came last is done first."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.waiting = 0

    def respond(self, request: Request) -> Response:
        with self.lock:
            self.waiting += 1
            number = self.waiting
        sleep(WORK * max(0, 4 - number))
        with self.lock:
            self.waiting -= 1
        return super().respond(request)
