"""What the settings say of the way to the target, and of how to treat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.configuration.headers import Header, HeaderError, read_headers
from conformance.configuration.kinds import DIRECT
from conformance.configuration.options import BY_NAME
from conformance.configuration.proxies import Proxy, proxy_of
from conformance.configuration.settings import BadSetting, Settings
from conformance.running.certificates import ca_of, client_certificate_of
from conformance.subject.budget import SECONDS, Restraint
from conformance.subject.callers import Callers
from conformance.subject.client import Client
from conformance.wire.exchange import COOKIE
from conformance.wire.route import TIMEOUT, Route
from conformance.wire.shell import STRAIGHT, Way
from conformance.wire.transport import Transport

PACED = 2 * 1500
"""Requests that a run which the user slows down has the time for, where no other time budget was given."""


@dataclass(frozen=True, slots=True)
class Connection:
    """All of it."""

    route: Route
    restraint: Restraint
    headers: Sequence[Header]
    proxy: Proxy | None = None
    """The proxy of the route, with where it was named."""
    way: Way = STRAIGHT
    """What takes the commands of a reproduction to the target as the run went."""

    def client(self, transport: Transport) -> Client:
        """A client that treats the target as the user wants."""
        return Client(transport, self.restraint, self.route, self.headers)

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Texts that must not be told, and the shell variable that stands for each."""
        for name, secret in self.headers:
            yield secret.value, secret.shell
            if name.lower() == COOKIE:
                yield from ((part.partition("=")[2].strip(), secret.shell) for part in secret.value.split(";"))
        if self.proxy is not None and self.proxy.auth:
            yield from ((text, "$RESPAN_PROXY_AUTH") for text in (self.proxy.auth, self.proxy.auth.partition(":")[2]))

    def warnings(self) -> list[str]:
        """What a reader of the result has to know."""
        return ["certificates were not verified (--insecure)"] if self.route.insecure else []


def connection_of(settings: Settings, share: int = 1, target: str | None = None) -> Connection:
    """The connection of a run, or of one of the `share` processes that it is spread over. Raises BadSetting.

    The target is the URL of the settings unless another is given.
    """
    target = target or settings["url"]
    rate, requests = settings["rate-limit"], settings["max-requests"]
    try:
        headers = read_headers(settings["header"])
    except HeaderError as error:
        raise BadSetting(f"{settings.origins['header']}: {error}") from None
    proxy = proxy_of(settings, target)
    return Connection(
        Route(
            settings["timeout"] or TIMEOUT,
            proxy.url if proxy else None,
            proxy.auth if proxy else None,
            ca_of(settings),
            bool(settings["insecure"]),
            client_certificate_of(settings, target),
        ),
        Restraint(
            rate and rate / share,
            requests and -(-requests // share),
            settings["concurrency"],
            settings["time-budget"] or max(SECONDS, PACED / rate if rate else 0.0),
            settings["max-models"],
        ),
        headers,
        proxy,
        Way(" ".join(_words_of_curl(settings, proxy)), " ".join(_words_of_openssl(settings, proxy))),
    )


def _words_of_curl(settings: Settings, proxy: Proxy | None) -> Iterator[str]:
    """Yield the options that take curl the same way; a passphrase and passwords stand in variables."""
    files = {"--cacert": settings["ca"], "--cert": settings["cert"], "--key": settings["key"]}
    yield from (f"{option} {shlex.quote(file)}" for option, file in files.items() if file)
    if settings["insecure"]:
        yield "--insecure"
    if settings["key-passphrase"]:
        yield f'--pass "${BY_NAME["key-passphrase"].environment}"'
    if settings["proxy"] == DIRECT:
        yield "--noproxy '*'"
    elif proxy is not None:  # a variable may hold a password as well
        yield f'--proxy "${proxy.origin}"' if settings["proxy"] is None else f"--proxy {shlex.quote(proxy.url)}"
    if proxy is not None and settings["proxy-auth"]:
        yield f'--proxy-user "${BY_NAME["proxy-auth"].environment}"'


def _words_of_openssl(settings: Settings, proxy: Proxy | None) -> Iterator[str]:
    """Yield the options that take `openssl s_client` the same way. It verifies nothing unless it is told to."""
    files = {"-CAfile": settings["ca"], "-cert": settings["cert"], "-key": settings["key"]}
    yield from (f"{option} {shlex.quote(file)}" for option, file in files.items() if file)
    if settings["key-passphrase"]:
        yield f"-pass env:{BY_NAME['key-passphrase'].environment}"
    if proxy is not None:
        yield f"-proxy {shlex.quote(proxy.url.partition('://')[2])}"


def callers_of(settings: Settings) -> Callers:
    """The callers whose keys are given."""
    return Callers.from_keys(settings["api-key"], settings["other-org-key"], settings["read-only-key"])
