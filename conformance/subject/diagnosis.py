"""What stands in the way of a target that does not answer as the endpoint would, and what its user can do about it."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from conformance.visible import visible
from conformance.wire.exchange import Exchange
from conformance.wire.lost import Lost

TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
"""How TLS begins whatever it says: the type of a record and a version (RFC 8446, section 5.1)."""
NAME_MISMATCH, EXPIRED, NOT_YET_VALID = 62, 10, 9
"""Reasons of OpenSSL for not verifying a certificate."""
NO_TLS = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}
"""What OpenSSL calls it where the other side answers with something else."""
LONGEST = 200


def of_silence(lost: Lost, url: str, proxy: str | None) -> str:
    """Why there was no answer from `url`, and what to do."""
    where = f"the proxy {proxy}" if proxy else f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    known = _of_error(lost, url, where) or _of_octets(lost, url)
    patience = ", or raise --timeout" if "time limit" in lost.reason else ""
    return known or f"{url} cannot be reached ({lost.reason}); check the URL, and that the target is running{patience}"


def of_answer(exchange: Exchange, url: str, path: str) -> str | None:
    """Why the answer is none of the endpoint, and what to do; None where it may be one. `path` is the endpoint's."""
    response = exchange.response
    status, html = response.status, response.media_type == "text/html" and response.body.lstrip()[:1] == b"<"
    if status == 407:
        return "the proxy wants credentials; set RESPAN_PROXY_AUTH, or --proxy-auth-file"
    if 300 <= status <= 399:
        return _of_redirect(response.header("location") or "", url, path, status)
    if status == 400 and url.startswith("http:") and b"https" in response.body.lower():
        return f"{url} wants HTTPS; write https:// in place of http://"
    if status in (502, 504):
        return f"a gateway at {url} answered {status}: the target behind it is not there; see that it is running"
    page = " with an HTML page" if html else ""
    if status in (404, 405) or (html and status < 500 and status not in (401, 403)):
        return f"{url} answered {status}{page}: the endpoint is not there; give the base URL that {path} is appended to"
    return None


def of_stranger(exchange: Exchange, plain: Exchange | None) -> str:
    """A hint that something in front of the target may have responded; empty where the response looks like its own."""
    response = exchange.response
    if plain is None or not response.body or response.media_type == plain.response.media_type:
        return ""
    if isinstance(response.json, dict) or response.successful:
        return ""
    server, own = response.header("server"), plain.response.header("server")
    by = f" and Server: {printable(server)}" if server and server != own else ""
    return (
        "something in front of the target may have responded: this is "
        f"{printable(response.media_type) or 'untyped'}{by}, and the target's own responses are "
        f"{printable(plain.response.media_type)}"
    )


def printable(text: str) -> str:
    """What a target said, as it can be shown on a terminal: without control characters, and not too long."""
    shown = visible(text[:LONGEST]).replace("\n", "\\n")
    return shown if len(text) <= LONGEST else f"{shown[:LONGEST]}..."


def _of_error(lost: Lost, url: str, where: str) -> str | None:
    for error in _causes(lost.error):
        match error:
            case ssl.SSLCertVerificationError():
                return f"the certificate of {urlsplit(url).hostname} {_of_certificate(error)}"
            case ssl.SSLError():
                return _of_tls(error, where)
            case socket.gaierror():
                return f"there is no host {_host(where)} ({error.strerror}); check its spelling, and the name service"
            case ConnectionRefusedError():
                return f"{where} refused the connection: nothing listens there; check the port, and that it is running"
    if type(lost.error).__name__ == "ProxyError":
        check = "check --proxy (or HTTPS_PROXY) and RESPAN_PROXY_AUTH"
        return f"{where} did not connect to {urlsplit(url).netloc} ({lost.error}); {check}"
    return None


def _of_tls(error: ssl.SSLError, where: str) -> str:
    if error.reason in NO_TLS:
        return f"{where} does not speak TLS; if it is plain HTTP, write http:// in place of https://"
    if "CERTIFICATE_REQUIRED" in (error.reason or ""):
        return f"{where} wants a client certificate; give one with --cert FILE and --key FILE"
    if "ALERT" in (error.reason or ""):
        return (
            f"{where} broke off TLS ({error.reason}); if it wants a client certificate, give one that it trusts with "
            "--cert FILE and --key FILE"
        )
    return f"TLS with {where} failed ({error.reason or error}); check that this is the port for HTTPS"


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, and what to do."""
    if error.verify_code == NAME_MISMATCH:
        return "is for another name; use that name in the URL, or take any certificate with --insecure"
    if error.verify_code in (EXPIRED, NOT_YET_VALID):
        return f"is not valid now ({error.verify_message}); renew it, or take any certificate with --insecure"
    return (
        f"is not trusted ({error.verify_message}); name the certificates to trust with --ca FILE, "
        "or take any with --insecure"
    )


def _of_octets(lost: Lost, url: str) -> str | None:
    """What an answer that is no HTTP tells by how it begins."""
    if TLS_RECORD.match(lost.beginning):
        return f"{url} speaks TLS; write https:// in place of http://"
    if lost.beginning and not lost.beginning.startswith(b"HTTP/"):
        said = printable(lost.beginning.split(b"\n")[0].strip().decode("latin-1"))
        return f'{url} is no web server: it said "{said}"; check the port'
    if lost.beginning or "time limit" in lost.reason:
        return None
    if url.startswith("http:"):
        return f"{url} closed the connection without an answer; if it speaks HTTPS there, write https://"
    return (
        f"{url} closed the connection without an answer; if it wants a client certificate, give one that it trusts "
        "with --cert FILE and --key FILE"
    )


def _of_redirect(location: str, url: str, path: str, status: int) -> str:
    """Where a redirect leads. It is not followed, so that no key goes to another host."""
    if not location:
        return f"{url} answered {status} without saying where to; give the base URL that {path} is appended to"
    there = urljoin(url, location)
    shown = printable(there)
    if urlsplit(there).path.endswith(path):
        base = printable(there.partition("?")[0].removesuffix(path))
        return f"{url} redirects to {shown}, and redirects are not followed; if it is the target, give {base}"
    return f"{url} redirects to {shown}, which is not the endpoint; give the base URL that {path} is appended to"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _host(where: str) -> str:
    return urlsplit(where.removeprefix("the proxy ")).hostname or where
