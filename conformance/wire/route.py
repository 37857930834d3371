"""The way to a target: how long a request may take, through which proxy it goes, and which certificates count."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import httpcore2

TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What the target is shown of the one who asks."""

    cert: str
    """File in PEM, with the private key in it where `key` is None."""
    key: str | None = None
    passphrase: str | None = field(default=None, repr=False)

    def load(self, context: ssl.SSLContext, on_encrypted: Callable[[], object] = lambda: None) -> None:
        """Have the context show it. Raises OSError (ssl.SSLError), and never asks for a passphrase on a terminal."""

        def passphrase() -> str:
            on_encrypted()
            return self.passphrase or ""

        context.load_cert_chain(self.cert, self.key, passphrase)


@dataclass(frozen=True, slots=True)
class Route:
    """What the user said of the way to the target."""

    timeout: float = TIMEOUT
    """Seconds for a request as a whole."""
    proxy: str | None = None
    """URL of an HTTP proxy."""
    proxy_auth: str | None = field(default=None, repr=False)
    """User and password for it, with a colon between them."""
    ca: str | None = None
    """File of the certificates to trust, in PEM, in place of the machine's."""
    insecure: bool = False
    """Whether any certificate will do."""
    shown: ClientCertificate | None = None
    """What the target is shown, where it wants to know who connects."""

    def tls(self) -> ssl.SSLContext:
        """How certificates are verified, and which is shown. Raises OSError (ssl.SSLError) for files of no use."""
        context = self._verifying()
        if self.shown is not None:
            self.shown.load(context)
        return context

    def _verifying(self) -> ssl.SSLContext:
        if self.insecure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return context
        return ssl.create_default_context(cafile=self.ca) if self.ca else httpcore2.default_ssl_context()

    def through(self) -> httpcore2.Proxy | None:
        """The proxy, with what it is to be told of the user."""
        if self.proxy is None:
            return None
        user, _, password = (self.proxy_auth or "").partition(":")
        return httpcore2.Proxy(self.proxy, auth=(user, password) if user else None)
