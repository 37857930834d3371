"""Which proxy requests go through: the one of `--proxy`, else the one of the environment, as for other clients."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from conformance.configuration.kinds import DIRECT
from conformance.configuration.settings import BadSetting, Settings

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and who named it."""

    url: str
    """Without user and password."""
    origin: str
    """Where it was named: `--proxy`, `HTTPS_PROXY`."""
    auth: str | None = field(default=None, repr=False)
    """User and password for it, with a colon between them."""

    def __str__(self) -> str:
        return f"{self.url} ({self.origin})"


def proxy_of(settings: Settings, target: str | None) -> Proxy | None:
    """Return the proxy on the way to `target`, None where requests go straight there. Raises BadSetting."""
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
    """The proxy that variables such as HTTPS_PROXY name. HTTP_PROXY may come from a client under CGI: never then."""
    proxies = getproxies_environment()
    scheme = next((name for name in (target.scheme, "all") if proxies.get(name)), None)
    if scheme is None or _is_bypassed(target, proxies):
        return None
    return _read(proxies[scheme], _variable(f"{scheme}_proxy", proxies[scheme]))


def _is_bypassed(target: SplitResult, proxies: Mapping[str, str]) -> bool:
    """Whether NO_PROXY names the target: its host, a domain above it, host and port, or a network it is in."""
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
    """The variable that the proxy stands in; where two of the name agree, the one in lower case is meant."""
    spelled = [key for key in os.environ if key.lower() == name and os.environ[key] == value]
    return name if name in spelled else next(iter(spelled), name.upper())


def _read(written: str, origin: str) -> Proxy:
    """The proxy of a variable. What is wrong is said without its value, which may hold a password."""
    parts = urlsplit(written if "://" in written else f"http://{written}")
    try:
        usable = parts.scheme.lower() in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        kind = f"a {parts.scheme} proxy" if parts.scheme.isalnum() and "://" in written else "no URL of a proxy"
        raise BadSetting(
            f"{origin}: it names {kind}; set it to http://HOST:PORT, give --proxy URL, "
            f"or use none with --no-proxy (RESPAN_PROXY={DIRECT})"
        )
    user, password = (unquote(part or "") for part in (parts.username, parts.password))
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return Proxy(f"{parts.scheme.lower()}://{host}{port}", origin, f"{user}:{password}" if user else None)
