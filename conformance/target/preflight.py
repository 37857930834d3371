"""Check before anything is judged that the target is there, is the endpoint, and accepts the keys.

One upsert has to work: the baseline. The control request repeats it to see whether the surroundings have changed. If
the target rejects even the simplest body and a full one, nothing can be judged; the run stops and shows the response.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from conformance.judge.expect import as_json, summary
from conformance.judge.outcome import Disrupted, NotTestable
from conformance.output import visible
from conformance.settings import asked_for
from conformance.target.client import Busy
from conformance.target.subject import Subject
from conformance.wire.exchange import SAFE, Credential, Exchange, Json, NoResponse, TimedOut, Unreachable, retry_stale

TRIES = 3
SOON = 2.0
"""Seconds within which a failed request is tried again; a failure that takes longer is not a hiccup."""
UNKNOWN = 401
REFUSED = (UNKNOWN, 403)
HINTS: Mapping[int, str] = {
    400: "if the target accepts only some names, set --name-pattern",
    402: "a quota may be exhausted, for example by models of earlier runs: respan-conformance clean LEDGER",
    409: "a quota may be exhausted, or the name be taken, for example by models of earlier runs",
    415: "something in front of the target may require a media type other than application/json",
    422: "the contract has 400 for an invalid body, and this one is valid",
}
"""What a user can check, by the status of the simplest upsert."""


class KeyRejected(Exception):
    """The target rejects a key that the user gave. The text says what to do."""


class BaselineRejected(Exception):
    """The target rejects the simplest upsert, so nothing can be judged. The text says what to do."""


def preflight(subject: Subject) -> None:
    """Find the simplest upsert that the target accepts, and remember it as the baseline.

    Raises Unreachable, KeyRejected or BaselineRejected with what to do, or Disrupted if the target is too busy.
    """
    operation = subject.contract.upsert.operation
    url = subject.client.transport.base_url + operation.path
    exchange = _response(subject, url, subject.minimal_body())
    if exchange is None:
        return
    if obstacle := explain_response(exchange, url, operation.path):
        raise Unreachable(obstacle)
    status = exchange.response.status
    if status in REFUSED:
        missing = "requires an API key; set RESPAN_API_KEY, or use --api-key-file"
        wrong = "rejects the API key; check RESPAN_API_KEY or --api-key-file, and that the key may write"
        problem = wrong if subject.credentials.primary else missing
        raise KeyRejected(f"{url} {problem} (it returned {visible(summary(exchange))})")
    if 400 <= status <= 499:
        exchange = _fuller(subject, url, exchange)
    if exchange.response.successful:
        subject.baseline = exchange
    _look_at_other_keys(subject, url)


def still_responds(subject: Subject) -> bool:
    """Return whether the target still responds to any request."""
    try:
        retry_stale(lambda: subject.upsert(subject.minimal_body()))
    except NoResponse:
        return False
    except NotTestable:
        pass
    return True


def _fuller(subject: Subject, url: str, rejected: Exchange) -> Exchange:
    """Return an upsert with a plain value in each field. Raises BaselineRejected if it fails, too."""
    full = _response(subject, url, subject.full_body())
    if full is not None and full.response.successful:
        return full
    status = rejected.response.status
    hint = f"; {HINTS[status]}" if status in HINTS else ""
    raise BaselineRejected(
        f"{url} rejects the simplest upsert, {as_json(rejected.request.json)}, and one with all fields too, so nothing "
        f"can be judged{hint}. The response was {visible(summary(rejected))}"
    )


def _response(subject: Subject, url: str, body: Mapping[str, Json]) -> Exchange | None:
    """Return the exchange of an upsert; None if the budget of the run is exhausted."""
    began, obstacle, throttled = time.monotonic(), "", ""
    for attempt in range(TRIES):
        try:
            return retry_stale(lambda: subject.upsert(body))
        except NoResponse as lost:
            obstacle = explain_no_response(lost, url, subject.client.route.proxy)
        except Busy as busy:
            throttled = busy.reason
        except Disrupted:
            return None
        if time.monotonic() - began > SOON:
            break
        time.sleep(0.2 * attempt)
    if throttled:
        raise Disrupted(f"{url} throttles from the start: {throttled}; try again later, or set --rate-limit")
    raise Unreachable(obstacle)


def _look_at_other_keys(subject: Subject, url: str) -> None:
    """Check the other keys: with an unknown key every request is rejected, and checks would pass for no reason."""
    reader = None if subject.options.profile.must_only else subject.credentials.read_only  # no MUST calls as the reader
    looks: Sequence[tuple[str, Credential | None, Callable[[Credential], Exchange], Sequence[int]]] = (
        ("other-org-key", subject.credentials.other_org, lambda credential: _as_other(subject, credential), REFUSED),
        ("read-only-key", reader, lambda credential: _as_reader(subject, credential), (UNKNOWN,)),
    )
    for option, credential, call, rejected in looks:
        if credential is None or subject.baseline is None:
            continue
        try:
            exchange = call(credential)
        except Disrupted:
            raise
        except (NoResponse, NotTestable):  # for example, there is no read
            continue
        if (status := exchange.response.status) in rejected:
            raise KeyRejected(
                f"{url} rejects {asked_for(option)} (--{option}-file) with {status}; check it, or leave it out"
            )
        if exchange.response.successful and (exchange.request.method in SAFE) is (credential is reader):
            subject.working_keys.add(credential)


def _as_other(subject: Subject, credential: Credential) -> Exchange:
    """Return a write with the other-org key, or a read if it has no permission to write."""
    write = subject.upsert(subject.baseline_body(), credential)
    if write.response.status == UNKNOWN or write.response.successful or subject.contract.upsert.read is None:
        return write
    return subject.read(_plain_name(subject), credential)


def _as_reader(subject: Subject, credential: Credential) -> Exchange:
    """Return a read with the read-only key, or a write if the read says that the key is unknown."""
    read = subject.read(_plain_name(subject), credential)
    return read if read.response.status != UNKNOWN else subject.upsert(subject.baseline_body(), credential)


def _plain_name(subject: Subject) -> str:
    """Return the name of the baseline model, or a new name if there is none."""
    return str(subject.baseline.request.key) if subject.baseline is not None else subject.names.new_name()


TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
"""The first bytes of a TLS record: its type and a version (RFC 8446, section 5.1)."""
NAME_MISMATCH, EXPIRED, NOT_YET_VALID = 62, 10, 9
"""OpenSSL's codes for certificates that it does not verify."""
NO_TLS = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}
"""OpenSSL's reasons if the other side does not speak TLS."""
LONGEST = 200


def explain_no_response(lost: NoResponse, url: str, proxy: str | None) -> str:
    """Return why there was no response from `url`, and what to do."""
    where = f"the proxy {proxy}" if proxy else f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    known = _of_error(lost, url, where) or _of_first_bytes(lost, url)
    patience = ", or raise --timeout" if isinstance(lost, TimedOut) else ""
    return known or f"{url} cannot be reached ({lost.reason}); check the URL, and that the target is running{patience}"


def explain_response(exchange: Exchange, url: str, path: str) -> str | None:
    """Return why the response is not from the endpoint at `path`, and what to do; None if it may be."""
    response = exchange.response
    status, html = response.status, response.media_type == "text/html" and response.body.lstrip()[:1] == b"<"
    if status == 407:
        return "the proxy requires credentials; set RESPAN_PROXY_AUTH, or --proxy-auth-file"
    if 300 <= status <= 399:
        return _of_redirect(response.header("location") or "", url, path, status)
    if status == 400 and url.startswith("http:") and b"https" in response.body.lower():
        return f"{url} requires HTTPS; write https:// instead of http://"
    if status in (502, 504):
        return f"a gateway at {url} returned {status}: it cannot reach the target; check that the target is running"
    page = " with an HTML page" if html else ""
    if status in (404, 405) or (html and status < 500 and status not in (401, 403)):
        return f"{url} returned {status}{page}: the endpoint is not there; give the base URL that {path} is appended to"
    return None


def foreign_response_hint(exchange: Exchange, plain: Exchange | None) -> str:
    """Return a hint that something in front of the target may have responded; empty if that is not likely."""
    response = exchange.response
    if plain is None or not response.body or response.media_type == plain.response.media_type:
        return ""
    if isinstance(response.json, dict) or response.successful:
        return ""
    server, own = response.header("server"), plain.response.header("server")
    by = f" and Server: {printable(server)}" if server and server != own else ""
    return (
        "something in front of the target may have responded: this response is "
        f"{printable(response.media_type) or 'untyped'}{by}, and the target's own responses are "
        f"{printable(plain.response.media_type)}"
    )


def printable(text: str) -> str:
    """Return text from a target for a terminal: without control characters, and shortened."""
    shown = visible(text[:LONGEST]).replace("\n", "\\n")
    return shown if len(text) <= LONGEST else f"{shown[:LONGEST]}..."


def _of_error(lost: NoResponse, url: str, where: str) -> str | None:
    for error in _causes(lost.error):
        match error:
            case ssl.SSLCertVerificationError():
                return f"the certificate of {urlsplit(url).hostname} {_of_certificate(error)}"
            case ssl.SSLError():
                return _of_tls(error, where)
            case socket.gaierror():
                return f"unknown host {_host(where)} ({error.strerror}); check its spelling, and the name service"
            case ConnectionRefusedError():
                return f"{where} refused the connection: nothing listens there; check the port, and that it is running"
    if type(lost.error).__name__ == "ProxyError":
        check = "check --proxy (or HTTPS_PROXY) and RESPAN_PROXY_AUTH"
        return f"{where} did not connect to {urlsplit(url).netloc} ({lost.error}); {check}"
    return None


def _of_tls(error: ssl.SSLError, where: str) -> str:
    if error.reason in NO_TLS:
        return f"{where} does not speak TLS; if it is plain HTTP, write http:// instead of https://"
    if "CERTIFICATE_REQUIRED" in (error.reason or ""):
        return f"{where} requires a client certificate; give one with --cert FILE and --key FILE"
    if "ALERT" in (error.reason or ""):
        return (
            f"{where} ended TLS ({error.reason}); if it requires a client certificate, give one that it trusts with "
            "--cert FILE and --key FILE"
        )
    return f"TLS with {where} failed ({error.reason or error}); check that this is the port for HTTPS"


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    """Return what is wrong with a certificate, and what to do."""
    if error.verify_code == NAME_MISMATCH:
        return "is for another name; use that name in the URL, or accept any certificate with --insecure"
    if error.verify_code in (EXPIRED, NOT_YET_VALID):
        return f"is not valid now ({error.verify_message}); renew it, or accept any certificate with --insecure"
    return (
        f"is not trusted ({error.verify_message}); name the certificates to trust with --ca FILE, "
        "or accept any with --insecure"
    )


def _of_first_bytes(lost: NoResponse, url: str) -> str | None:
    """Return what the first bytes of a response that is not HTTP tell, and what to do."""
    if TLS_RECORD.match(lost.first_bytes):
        return f"{url} speaks TLS; write https:// instead of http://"
    if lost.first_bytes and not lost.first_bytes.startswith(b"HTTP/"):
        said = printable(lost.first_bytes.split(b"\n")[0].strip().decode("latin-1"))
        return f'{url} is not a web server: it sent "{said}"; check the port'
    if lost.first_bytes or isinstance(lost, TimedOut):
        return None
    if url.startswith("http:"):
        return f"{url} closed the connection without a response; if it speaks HTTPS there, write https://"
    return (
        f"{url} closed the connection without a response; if it requires a client certificate, give one that it "
        "trusts with --cert FILE and --key FILE"
    )


def _of_redirect(location: str, url: str, path: str, status: int) -> str:
    """Return where a redirect leads, and what to do. Redirects are not followed, so no key goes to another host."""
    if not location:
        return f"{url} returned {status} without a Location; give the base URL that {path} is appended to"
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
