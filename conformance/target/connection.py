"""How to reach the target, from the settings: headers, proxy, certificates, credentials, and limits."""

from __future__ import annotations

import os
import re
import shlex
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from conformance.options import BY_NAME, DIRECT
from conformance.settings import BadSetting, Settings
from conformance.target.budget import SECONDS, Limits
from conformance.target.client import Client, Credentials
from conformance.wire.exchange import COOKIE, Credential
from conformance.wire.shell import NO_OPTIONS, CommandOptions
from conformance.wire.transport import TIMEOUT, ClientCertificate, Route, Transport

PACED = 2 * 1500
"""Requests that fit into the default time budget of a run with a rate limit."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the target, and the limits that protect it."""

    route: Route
    limits: Limits
    headers: Sequence[Header]
    proxy: Proxy | None = None
    """The proxy of the route, and where it was set."""
    command_options: CommandOptions = NO_OPTIONS
    """Options for the commands of a reproduction, so that they reach the target as the run did."""

    def client(self, transport: Transport) -> Client:
        """Return a client that keeps to the limits."""
        return Client(transport, self.limits, self.route, self.headers)

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Yield secrets, each with the shell variable that reports show instead."""
        for name, secret in self.headers:
            yield secret.value, secret.shell
            if name.lower() == COOKIE:
                yield from ((part.partition("=")[2].strip(), secret.shell) for part in secret.value.split(";"))
        if self.proxy is not None and self.proxy.auth:
            yield from ((text, "$RESPAN_PROXY_AUTH") for text in (self.proxy.auth, self.proxy.auth.partition(":")[2]))

    def warnings(self) -> list[str]:
        """Return warnings for readers of the result."""
        return ["certificates were not verified (--insecure)"] if self.route.insecure else []


def connection_of(settings: Settings, share: int = 1, target: str | None = None) -> Connection:
    """Return the connection of a run, or of one of its `share` processes. Raises BadSetting.

    The target is the URL in the settings unless another one is given.
    """
    target = target or settings["url"]
    rate, requests = settings["rate-limit"], settings["max-requests"]
    try:
        headers = read_headers(settings["header"])
    except HeaderError as error:
        raise BadSetting(f"{settings.place('header')}: {error}") from None
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
        Limits(
            rate and rate / share,
            requests and -(-requests // share),
            settings["concurrency"],
            settings["time-budget"] or max(SECONDS, PACED / rate if rate else 0.0),
            settings["max-models"],
        ),
        headers,
        proxy,
        CommandOptions(" ".join(_curl_options(settings, proxy)), " ".join(_openssl_options(settings, proxy))),
    )


def _curl_options(settings: Settings, proxy: Proxy | None) -> Iterator[str]:
    """Yield the options for curl; a passphrase and passwords are written as variables."""
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


def _openssl_options(settings: Settings, proxy: Proxy | None) -> Iterator[str]:
    """Yield the options for `openssl s_client`, which by default does not verify certificates."""
    files = {"-CAfile": settings["ca"], "-cert": settings["cert"], "-key": settings["key"]}
    yield from (f"{option} {shlex.quote(file)}" for option, file in files.items() if file)
    if settings["key-passphrase"]:
        yield f"-pass env:{BY_NAME['key-passphrase'].environment}"
    if proxy is not None:
        yield f"-proxy {shlex.quote(proxy.url.partition('://')[2])}"


def credentials_of(settings: Settings) -> Credentials:
    """Return the credentials of the keys in the settings."""
    return Credentials.from_keys(settings["api-key"], settings["other-org-key"], settings["read-only-key"])


TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name (RFC 9110, section 5.6.2)."""
VALUE = re.compile(r"[\x21-\x7e\x80-\uffff](?:[\t\x20-\x7e\x80-\uffff]*[\x21-\x7e\x80-\uffff])?")
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")

_FRAMING = ("host", "content-length", "transfer-encoding", "expect", "te", "trailer")
_HOP_BY_HOP = ("connection", "keep-alive", "upgrade")
_TESTED = ("content-type", "content-encoding", "accept", "accept-encoding")
FORBIDDEN = {
    "authorization": "the suite tests credentials; set keys with RESPAN_API_KEY",
    **dict.fromkeys(_FRAMING + _HOP_BY_HOP, "the header controls the connection, and the suite sets it itself"),
    **dict.fromkeys(_TESTED, "the suite tests this header, and sets it itself"),
    "proxy-authorization": "set the user and the password with RESPAN_PROXY_AUTH, or --proxy-auth-file",
}
"""Names of headers that the user cannot set, in lower case, and why."""

Header = tuple[str, Credential]


class HeaderError(ValueError):
    """A header that cannot be sent. The text says what to do."""


def read_headers(given: Iterable[str]) -> tuple[Header, ...]:
    """Return the headers of `--header`: each is a line, or `@FILE` for the lines of a file."""
    return tuple(_header(line) for text in given for word in _lines(text) for line in _of_file(word))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.split("\n") if line.strip())


def _of_file(word: str) -> Iterable[str]:
    """Return the lines of the file that `@FILE` names; anything else is a line itself."""
    if not word.startswith("@"):
        return [word]
    try:
        return _lines(Path(word[1:]).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise HeaderError(f"{word}: {reason}") from None


def _header(line: str) -> Header:
    """Return one header. Error messages do not contain its value, which may be a secret."""
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or not TOKEN.fullmatch(name):
        raise HeaderError("write it as 'NAME: VALUE', where NAME has letters, digits and hyphens only")
    if name.lower() in FORBIDDEN:
        raise HeaderError(f"{name}: {FORBIDDEN[name.lower()]}")
    variable = VARIABLE.fullmatch(value)
    shown = (
        f"${variable[1] or variable[2]}" if variable else f"$RESPAN_HEADER_{re.sub(r'[^A-Z0-9]', '_', name.upper())}"
    )
    if variable:
        value = os.environ.get(shown[1:], "")
        if not value:
            raise HeaderError(f"{name}: the environment variable {shown[1:]} is not set")
    if not VALUE.fullmatch(value):
        raise HeaderError(f"{name}: its value is empty or contains control characters")
    return name, Credential(value, shown)


PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and where it was set."""

    url: str
    """Without user and password."""
    origin: str
    """Where it was set: `--proxy`, `HTTPS_PROXY`."""
    auth: str | None = field(default=None, repr=False)
    """User and password for it, with a colon between them."""

    def __str__(self) -> str:
        return f"{self.url} ({self.origin})"


def proxy_of(settings: Settings, target: str | None) -> Proxy | None:
    """Return the proxy for requests to `target`, or None for a direct connection. Raises BadSetting."""
    given = settings["proxy"]
    if given == DIRECT or (given is None and target is None):
        return None
    if given is not None:
        return Proxy(given, settings.origins["proxy"], settings["proxy-auth"])
    found = _of_environment(urlsplit(target or ""))
    if found is None or settings["proxy-auth"] is None:
        return found
    return Proxy(found.url, found.origin, settings["proxy-auth"])


def _of_environment(target: SplitResult) -> Proxy | None:
    """Return the proxy in variables such as HTTPS_PROXY. Under CGI, HTTP_PROXY is ignored: a client can set it.

    httpx2 reads the variables too, but does not tell which proxy it uses; reports and their commands name it.
    """
    proxies = getproxies_environment()
    scheme = next((name for name in (target.scheme, "all") if proxies.get(name)), None)
    if scheme is None or _is_bypassed(target, proxies):
        return None
    return _read(proxies[scheme], _variable(f"{scheme}_proxy", proxies[scheme]))


def _is_bypassed(target: SplitResult, proxies: Mapping[str, str]) -> bool:
    """Return whether NO_PROXY contains the target: its host, a parent domain, host and port, or its network."""
    entries = [entry for entry in re.split(r"[\s,]+", proxies.get("no", "")) if entry]
    host = (target.hostname or "").rstrip(".")
    if "*" in entries or _is_in_a_network(host, entries):
        return True
    domains = ",".join(entry.removeprefix("*").rstrip(".") for entry in entries)
    return bool(proxy_bypass_environment(f"{host}:{target.port or PORTS.get(target.scheme)}", {"no": domains}))


def _is_in_a_network(host: str, entries: list[str]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    for entry in entries:
        try:
            network = ip_network(entry.strip("[]"), strict=False)
        except ValueError:  # a name
            continue
        if address in network:
            return True
    return False


def _variable(name: str, value: str) -> str:
    """Return the variable that contains the proxy; the one in lower case if both do."""
    spelled = [key for key in os.environ if key.lower() == name and os.environ[key] == value]
    return name if name in spelled else next(iter(spelled), name.upper())


def _read(written: str, origin: str) -> Proxy:
    """Return the proxy in a variable. Error messages do not contain its value, which may contain a password."""
    parts = urlsplit(written if "://" in written else f"http://{written}")
    try:
        usable = parts.scheme.lower() in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        named = parts.scheme.isalnum() and "://" in written
        problem = f"a {parts.scheme} proxy is not supported" if named else "not the URL of a proxy"
        raise BadSetting(
            f"{origin}: {problem}; set it to http://HOST:PORT, use --proxy URL, "
            f"or use no proxy with --no-proxy (RESPAN_PROXY={DIRECT})"
        )
    user, password = (unquote(part or "") for part in (parts.username, parts.password))
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return Proxy(f"{parts.scheme.lower()}://{host}{port}", origin, f"{user}:{password}" if user else None)


CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
PRIVATE_KEY = b"PRIVATE KEY-----"


def ca_of(settings: Settings) -> str | None:
    """Return the file of the certificates to trust. Raises BadSetting."""
    file: str | None = settings["ca"]
    if file is None:
        return None
    place = f"{settings.place('ca')} {file}"
    if settings["insecure"]:
        raise BadSetting(f"{place}: it cannot be combined with --insecure, which accepts any certificate; use one")
    try:
        Route(ca=file).ssl_context()
    except ssl.SSLError:
        raise BadSetting(f"{place}: it contains no certificate in PEM (-----BEGIN CERTIFICATE-----)") from None
    except OSError as error:
        raise BadSetting(f"{place}: {error.strerror}") from None
    return file


def client_certificate_of(settings: Settings, target: str | None) -> ClientCertificate | None:
    """Return the client certificate, with its key. Raises BadSetting."""
    cert, key, passphrase = settings["cert"], settings["key"], settings["key-passphrase"]
    if cert is None:
        for name in ("key", "key-passphrase"):
            if settings[name] is not None:
                raise BadSetting(f"{settings.place(name)}: there is no certificate for it; set --cert FILE too")
        return None
    _check_target(settings, target)
    certificate = ClientCertificate(cert, key, passphrase)
    _check_files(settings, certificate)
    _check_pair(settings, certificate)
    return certificate


def _check_target(settings: Settings, target: str | None) -> None:
    """Raise BadSetting if the certificate cannot be used: its user relies on a secure connection."""
    place = f"{settings.place('cert')} {settings['cert']}"
    if settings["app"]:
        raise BadSetting(f"{place}: an application in this process takes no client certificate; leave --cert out")
    if target is not None and urlsplit(target).scheme != "https":
        raise BadSetting(
            f"{place}: a client certificate requires HTTPS, and the URL of the target begins with http:; "
            "write https://, or leave --cert out"
        )


def _check_files(settings: Settings, certificate: ClientCertificate) -> None:
    cert, cert_place = _content(settings, "cert"), f"{settings.place('cert')} {certificate.cert}"
    if CERTIFICATE not in cert:
        raise BadSetting(f"{cert_place}: it contains no certificate in PEM ({CERTIFICATE.decode()})")
    if certificate.key is None and PRIVATE_KEY not in cert:
        raise BadSetting(f"{cert_place}: it contains no private key; name the file that does with --key FILE")
    if certificate.key is not None and PRIVATE_KEY not in _content(settings, "key"):
        raise BadSetting(
            f"{settings.place('key')} {certificate.key}: it contains no private key in PEM (-----BEGIN ...)"
        )


def _content(settings: Settings, name: str) -> bytes:
    try:
        return Path(settings[name]).read_bytes()
    except OSError as error:
        variable = settings.origins[name] == BY_NAME[name].environment  # RESPAN_KEY may hold a key by mistake
        place = settings.place(name) if variable else f"{settings.place(name)} {settings[name]}"
        raise BadSetting(f"{place}: {error.strerror or error}; set it to the path of a file in PEM") from None


def _check_pair(settings: Settings, certificate: ClientCertificate) -> None:
    option = "key" if certificate.key else "cert"
    place = f"{settings.place(option)} {settings[option]}"
    asked: list[bool] = []
    try:
        certificate.load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), lambda: asked.append(True))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise BadSetting(
                f"{place}: the private key does not belong to the certificate in {certificate.cert}; use a pair"
            ) from None
        if asked and certificate.passphrase is None:
            raise BadSetting(
                f"{place}: the private key is encrypted; set RESPAN_KEY_PASSPHRASE, or use --key-passphrase-file"
            ) from None
        if asked:
            raise BadSetting(
                f"{settings.place('key-passphrase')}: it does not decrypt the private key in {place}"
            ) from None
        raise BadSetting(f"{place}: OpenSSL cannot read it ({error.reason or error}); write it in PEM again") from None
