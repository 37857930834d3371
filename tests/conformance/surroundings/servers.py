"""Correct servers whose operators limit them, and one whose process ends."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import ClassVar

from tests.servers.plain import PlainServer, Stored
from tests.servers.plain_fields import KEY, Values
from tests.servers.serving import serve, threaded
from tests.servers.variants.state import ReadsFromAReplica
from tests.servers.wire import HttpError, Request, Response


class Limited(PlainServer):
    """Takes so many models in each organization; a deleted one makes room."""

    def __init__(self, models: int, status: int) -> None:
        super().__init__()
        self.most, self.refusal = models, status

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        with self.lock:
            if self.find(organization, name) is None and self.taken(organization) >= self.most:
                raise HttpError(self.refusal, f"Your plan allows {self.most} custom models.")
            return super().write(organization, name, values)

    def taken(self, organization: str) -> int:
        """How much of the quota is used."""
        return sum(owner == organization for owner, _ in self.snapshot())


class LimitedForEver(Limited):
    """Counts each create against the quota, that of a model deleted since too."""

    def __init__(self, models: int, status: int) -> None:
        super().__init__(models, status)
        self.creates = 0

    def status(self, earlier: Stored | None) -> int:
        self.creates += earlier is None
        return super().status(earlier)

    def taken(self, organization: str) -> int:
        return self.creates


class FarReplica(ReadsFromAReplica):
    """Reads go to a replica that is seconds behind."""

    behind: ClassVar = 3.0


class NearReplica(ReadsFromAReplica):
    """Reads go to a replica that is milliseconds behind."""

    behind: ClassVar = 0.05


class OwnNames(PlainServer):
    """Takes only names that start with the name of the organization."""

    pattern: ClassVar = re.compile(r"acme-[a-z0-9-]{1,40}")

    def admit(self, request: Request) -> tuple[object, Values]:  # type: ignore[override]
        caller, values = super().admit(request)
        if not self.pattern.fullmatch(values[KEY]):
            raise HttpError(400, {KEY: [f"A name matches {self.pattern.pattern}."]})
        return caller, values


class Mortal(PlainServer):
    """Its process ends at one request."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last, self.asked_so_far = last, 0

    def respond(self, request: Request) -> Response:
        self.asked_so_far += 1
        if self.asked_so_far >= self.last:
            os._exit(1)
        return super().respond(request)


def limited(models: int, status: int) -> Callable[[], PlainServer]:
    """Make a server with a quota."""
    return lambda: Limited(models, status)


def limited_for_ever(models: int, status: int) -> Callable[[], PlainServer]:
    """Make a server with a quota that deletes do not renew."""
    return lambda: LimitedForEver(models, status)


if __name__ == "__main__":
    serve(threaded(Mortal(last=100)), 0)
