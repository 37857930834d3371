"""Serves an application over TLS to clients with a certificate."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIApplication

import trustme
import uvicorn

from tests.servers.serving import threaded


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in a folder: it signs the certificates of the server and of accepted clients."""

    ca: trustme.CA
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Authority:
        """Create an authority; its own certificate is in `ca.pem`."""
        authority = cls(trustme.CA(), folder)
        authority.ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        return authority

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    def client(self, name: str) -> tuple[str, str]:
        """Create a client certificate; return its file and the file of its key."""
        pair = self.ca.issue_cert(f"{name}@example.com")
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        pair.cert_chain_pems[0].write_to_path(str(cert))
        pair.private_key_pem.write_to_path(str(key))
        return str(cert), str(key)


@contextlib.contextmanager
def served_to_the_known(app: WSGIApplication, authority: Authority) -> Iterator[str]:
    """Yield the base URL of an application served over TLS to clients with a certificate of the authority."""
    pair, cert = authority.ca.issue_cert("localhost"), authority.folder / "server.pem"
    pair.private_key_and_cert_chain_pem.write_to_path(str(cert))
    config = uvicorn.Config(
        threaded(app), http="h11", log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1,
        port=0, ssl_certfile=cert, ssl_ca_certs=authority.file, ssl_cert_reqs=ssl.CERT_REQUIRED,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"https://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
