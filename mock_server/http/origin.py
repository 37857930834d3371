"""Web origins and host names, as browsers write them in Origin and Host."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from mock_server.errors import quoted

ANY = "*"
NONE = "null"
"""The origin of pages without one, such as files and sandboxed frames."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\]*)(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_HIGHEST_PORT = 65535


def cors_origin(text: str) -> str:
    """Return the origin as browsers send it, or `*` or `null`. Raises ValueError, whose message says how to fix it.

    >>> cors_origin("HTTP://LocalHost:80/"), cors_origin("*"), cors_origin("http://bücher.example")
    ('http://localhost', '*', 'http://xn--bcher-kva.example')
    """
    return text if text in {ANY, NONE} else _origin(text, f"repeat the option, or give {ANY} for any origin")


def admin_origin(text: str) -> str:
    """Return the origin as browsers send it. Raises ValueError, whose message says how to fix it."""
    if text == ANY:
        raise ValueError("any page could then reset the mock; name each origin, such as http://localhost:5173")
    if text == NONE:
        raise ValueError(
            "null is the origin of every file and sandboxed frame; serve the page over HTTP, and name its origin"
        )
    return _origin(text, "repeat the option")


def host_name(text: str) -> str:
    """Return the name in a Host header without its port. Raises ValueError, whose message says how to fix it.

    >>> host_name("MOCK:42208"), host_name("::1"), host_name("[::1]:8000")
    ('mock', '[::1]', '[::1]')
    """
    text = text.strip()
    _check_characters(text, "repeat the option")
    if match := _ORIGIN.fullmatch(text):
        raise ValueError(f"{quoted(text)} is a URL; give the name alone: {_host_in(match[2])}")
    if ":" in text.partition(":")[2] and not text.startswith("["):
        text = f"[{text}]"  # an IPv6 address, as --host takes it
    return _authority(text, "repeat the option")[0]


def _host_in(authority: str) -> str:
    try:
        return _authority(authority, "")[0]
    except ValueError:
        return "such as mock.example"


def _origin(text: str, several: str) -> str:
    text = text.strip()
    _check_characters(text, several)
    match = _ORIGIN.fullmatch(text)
    if not match:
        raise ValueError(f"{quoted(text)} is not an origin: {_without_scheme(text, several)}")
    scheme, authority, rest = match[1].lower(), match[2], match[3]
    if scheme in {"ws", "wss"}:
        fix = f"{'http' if scheme == 'ws' else 'https'}://{authority}"
        raise ValueError(f"{quoted(text)} is not the origin of a page: give that of the page, such as {fix}")
    if scheme == "file":
        raise ValueError(f"{quoted(text)} is not an origin: browsers send {NONE} for pages from files")
    host, port = _authority(authority, several)
    suffix = f":{port}" if port not in {None, _DEFAULT_PORTS.get(scheme)} else ""
    origin = f"{scheme}://{host}{suffix}"
    if rest not in {"", "/"}:
        raise ValueError(f"{quoted(text)} has a path, which no origin has: give {origin}")
    return origin


def _without_scheme(text: str, several: str) -> str:
    """Return what to write in place of `text`, which has no scheme."""
    try:
        host, port = _authority(text.strip("/"), several)
    except ValueError:
        return "give scheme, host and port, such as http://localhost:5173"
    place = host if port is None else f"{host}:{port}"
    return f"it has no scheme; give http://{place} or https://{place}"


def _authority(text: str, several: str) -> tuple[str, int | None]:
    """Return the host as browsers write it, and the port. Raises ValueError."""
    _check_characters(text, several)
    match = _AUTHORITY.fullmatch(text)
    if not match:
        fix = "an IPv6 address stands in brackets, such as [::1]" if text.count(":") > 1 else "give it as host:port"
        raise ValueError(f"{quoted(text)} is not a host with a port: {fix}")
    return _host(match[1]), _port(match[2])


def _check_characters(text: str, several: str) -> None:
    if "@" in text:  # the text is not repeated, because it may contain a password
        raise ValueError("there is a user or a password before @, which browsers leave out: remove it and the @")
    if "*" in text:
        raise ValueError(f"{quoted(text)} has a wildcard, which is not supported: name each one, and {several}")
    if "," in text or " " in text:
        raise ValueError(f"{quoted(text)} is more than one: name one at a time, and {several}")


def _port(digits: str | None) -> int | None:
    if not digits:
        return None
    if len(digits) > 20 or not 0 < int(digits) <= _HIGHEST_PORT:
        raise ValueError(f"{quoted(digits)} is not a port: give one from 1 to {_HIGHEST_PORT}")
    return int(digits)


def _host(text: str) -> str:
    if text.startswith("["):
        return f"[{_ipv6(text[1:-1])}]"
    name = _ascii(text).lower()
    labels = name.removesuffix(".").split(".")
    if labels[-1].isdigit():
        return _ipv4(name)
    if not all(_LABEL.fullmatch(label) for label in labels) or len(name) > 253:
        raise ValueError(f"{quoted(text)} is not a host name: give a name such as localhost or app.example")
    return name


def _ascii(text: str) -> str:
    """Return the name as DNS has it. Browsers encode names in other alphabets (IDNA)."""
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{quoted(text)} is not a host name: {error}; give it as the browser sends it") from None


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        raise ValueError(f"{quoted(text)} is not an IPv4 address: give 4 numbers from 0 to 255") from None


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise ValueError(f"{quoted(text)} is not an IPv6 address: give one such as [::1]") from None
    if address.scope_id:
        raise ValueError(f"{quoted(text)} has a zone, which browsers leave out: remove it")
    return address.compressed
