"""Variants in the permissions of other organizations, and in how concurrent requests are served."""

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


class OtherOrganizationOnlyReads(PlainServer):
    """Open: what the key of another organization may do. Here it may only read."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        known = fixtures or default_fixtures()
        theirs = known.keys[OTHER_ORGANIZATION_KEY]
        super().__init__(replace(known, keys={**known.keys, OTHER_ORGANIZATION_KEY: replace(theirs, may_write=False)}))


class OtherOrganizationCannotDelete(PlainServer):
    """Open: what the key of another organization may do. Here it may not delete."""

    def delete(self, request: Request) -> Response:
        if self.authenticate(request).organization != "acme":
            raise HttpError(403, "Your plan has no deletes.")
        return super().delete(request)


class ProvidersWithSameNames(PlainServer):
    """Open: what the providers of another organization are called. Here one has the name of ours."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        known = fixtures or default_fixtures()
        theirs = {**known.providers["globex"], PROVIDER: {"provider_name": "Globex vLLM", "extra_kwargs": {}}}
        super().__init__(replace(known, providers={**known.providers, "globex": theirs}))


class FlagsSetByDefault(PlainServer):
    """Open: the value if neither model nor base model has one. Here flags are 1; unknown base models are accepted."""

    deviates = frozenset({"STA-13", "TEN-06"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {name: value for name, value in values.items() if name != BASE})

    def serialize(self, organization: str, stored: Stored) -> Values:
        return dict.fromkeys(FLAGS, 1) | super().serialize(organization, stored)


class OneRequestAtATime(PlainServer):
    """Standard: how many requests are served at once. Here it is one; others wait."""

    def respond(self, request: Request) -> Response:
        with self.lock:
            sleep(WORK)
            return super().respond(request)


class BusyUnderContention(PlainServer):
    """Standard: an overloaded server may return 503 or 429. Here more than two concurrent requests get it."""

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
    """Open: the order of concurrent requests. Here the latest one is served first."""

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
