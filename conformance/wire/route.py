"""The way to a target: how long a request may take, through which proxy it goes, and which certificates count."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

import httpcore2

TIMEOUT = 30.0


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

    def tls(self) -> ssl.SSLContext:
        """How certificates are verified. Raises OSError (ssl.SSLError) where the file holds none."""
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
