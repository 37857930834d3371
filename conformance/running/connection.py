"""What the settings say of the way to the target, and of how to treat it."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.configuration.headers import Header, HeaderError, read_headers
from conformance.configuration.settings import BadSetting, Settings
from conformance.subject.budget import SECONDS, Restraint
from conformance.subject.callers import Callers
from conformance.subject.client import Client
from conformance.wire.route import TIMEOUT, Route
from conformance.wire.transport import Transport

PACED = 2 * 1500
"""Requests that a run which the user slows down has the time for, where no other time budget was given."""


@dataclass(frozen=True, slots=True)
class Connection:
    """All of it."""

    route: Route
    restraint: Restraint
    headers: Sequence[Header]

    def client(self, transport: Transport) -> Client:
        """A client that treats the target as the user wants."""
        return Client(transport, self.restraint, self.route, self.headers)

    def warnings(self) -> list[str]:
        """What a reader of the result has to know."""
        return ["certificates were not verified (--insecure)"] if self.route.insecure else []


def connection_of(settings: Settings, share: int = 1) -> Connection:
    """The connection of a run, or of one of the `share` processes that it is spread over. Raises BadSetting."""
    rate, requests = settings["rate-limit"], settings["max-requests"]
    try:
        headers = read_headers(settings["header"])
    except HeaderError as error:
        raise BadSetting(f"{settings.origins['header']}: {error}") from None
    return Connection(
        Route(
            settings["timeout"] or TIMEOUT,
            settings["proxy"],
            settings["proxy-auth"],
            _ca(settings),
            bool(settings["insecure"]),
        ),
        Restraint(
            rate and rate / share,
            requests and -(-requests // share),
            settings["concurrency"],
            settings["time-budget"] or max(SECONDS, PACED / rate if rate else 0.0),
            settings["max-models"],
        ),
        headers,
    )


def callers_of(settings: Settings) -> Callers:
    """The callers whose keys are given."""
    return Callers.from_keys(settings["api-key"], settings["other-org-key"], settings["read-only-key"])


def _ca(settings: Settings) -> str | None:
    file: str | None = settings["ca"]
    if file is None:
        return None
    place = f"{settings.origins['ca']} {file}"
    if settings["insecure"]:
        raise BadSetting(f"{place}: it says which certificates count, and --insecure that any does; give one of them")
    try:
        Route(ca=file).tls()
    except ssl.SSLError:
        raise BadSetting(f"{place}: it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)") from None
    except OSError as error:
        raise BadSetting(f"{place}: {error.strerror}") from None
    return file
