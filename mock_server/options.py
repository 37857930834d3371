"""The options of `respan-mock`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import click

from contract.command import CommandOption, FileName, number
from contract.place import normal_base_path
from mock_server.clock import clock_of
from mock_server.http.origin import admin_origin, cors_origin, host_name
from mock_server.settings import DEFAULT_LIMITS, STORE_VARIABLE, TOKEN_VARIABLE, Limits, Settings

_DEFAULTS = Settings()
LOG_LEVELS = ("debug", "info", "warning", "error")
_FILE = FileName()
_SIZE = number("a number of bytes", 1, 999_999_999_999)
_REQUESTS = number("an integer", 0, 1_000_000)
_COUNT = number("an integer", 1, 2**31)
_WORKERS = number("an integer", 1, 256)
_TTL = number("an integer", 0, 2**31)
_SECONDS = number("a number of seconds", 0.001, 86_400)


_SCENARIO = (
    "models, fixtures, faults, clock and seed to start from and to reset to, in YAML or JSON, never written; "
    "--state, --fixtures, --faults, --clock and --seed override its parts"
)


def _host(text: str) -> str:
    """Return a host name or an IP address, as servers take it. Raises ValueError."""
    host = text.removeprefix("[").removesuffix("]")
    if not host or host.count(":") == 1 or re.search(r"[/\s]", host):
        raise ValueError(f"{text!r} is not a host; give a name or an address alone, such as localhost or ::1")
    return host


def _token(text: str) -> str:
    """Return a token that clients can send (RFC 6750, section 2.1). Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text):
        raise ValueError("a token may contain only letters, digits and -._~+/, and may end with =")
    return text


def _store(text: str) -> str:
    from mock_server.shared.address import address_of

    address_of(text)
    return text


def _prefix(text: str) -> str:
    from mock_server.shared.address import check_prefix

    return check_prefix(text)


def _clock(text: str) -> str:
    clock_of(text)
    return text


_DELAY = re.compile(r"(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?", re.ASCII)
_FAIL = re.compile(r"(?:(\d+(?:\.\d+)?)%:)?(?:([45]\d\d)|(reset|truncate|malform))", re.ASCII)
_LONGEST_DELAY = 3_600_000


def delay(text: str) -> dict[str, Any]:
    """Return a fault rule that delays each response of the API, in milliseconds. Raises ValueError.

    >>> delay("100..500")
    {'id': 'delay', 'latency': {'min': 100.0, 'max': 500.0}}
    """
    match = _DELAY.fullmatch(text)
    shortest = float(match[1]) if match else -1
    longest = float(match[2]) if match and match[2] else shortest
    if not 0 <= shortest <= longest <= _LONGEST_DELAY:
        raise ValueError(
            f"{text!r} is not a number of milliseconds from 0 to {_LONGEST_DELAY}, and not a range such as 100..500"
        )
    return {"id": "delay", "latency": {"min": shortest, "max": longest}}


def fail(text: str) -> dict[str, Any]:
    """Return a fault rule for all requests, or for a percentage of them. Raises ValueError.

    >>> fail("10%:503"), fail("reset")
    ({'probability': 0.1, 'status': 503}, {'reset': True})
    """
    match = _FAIL.fullmatch(text)
    if not match or float(match[1] or 0) > 100:
        raise ValueError(
            f"{text!r} is not a fault such as 503 or 10%:503: a status from 400 to 599, reset, truncate or malform"
        )
    share = {"probability": float(match[1]) / 100} if match[1] else {}
    if match[2]:
        return {**share, "status": int(match[2])}
    return {**share, match[3]: 0 if match[3] == "truncate" else True}


_TABLE: Mapping[str, Sequence[tuple[str, str | None, str, Any, str]]] = {
    "Server and contract": (
        ("--host", "HOST", "hosts", _host, "address to listen on; repeatable"),
        ("--port", "PORT", "port", number("a port", 0, 65535), "port to listen on, 0 for a free one"),
        (
            "--workers",
            "N",
            "workers",
            _WORKERS,
            "number of processes; without --store, with a Redis of their own",
        ),
        ("--contract", "FILE", "contract", _FILE, "OpenAPI document to serve (default: the bundled one)"),
        ("--base-path", "PATH", "base_path", normal_base_path, "path of the API, / for none (default: the contract's)"),
        ("--fixtures", "FILE", "fixtures", _FILE, "organizations, keys and built-in models (default: bundled)"),
        ("--cors-origin", "ORIGIN", "cors_origins", cors_origin, "origin whose pages may send requests; repeatable"),
    ),
    "Behaviour": (
        ("--delay", "MS[..MS]", "delay", delay, "delay of each response of the API, fixed or random"),
        ("--fail", "[N%:]HOW", "failures", fail, "let requests fail: a status, reset, truncate or malform; repeatable"),
        ("--faults", "FILE", "faults", _FILE, "fault rules, in YAML or JSON"),
        ("--seed", "N", "seed", int, "seed of all random choices (default: another one at each start)"),
        ("--scenario", "FILE", "scenario", _FILE, _SCENARIO),
        ("--state", "FILE", "state", _FILE, "file that keeps the models from one run to the next"),
        ("--state-sync", None, "state_sync", bool, "with --state: save each change before its response is sent"),
        ("--store", "URL", "store", _store, "Redis that keeps the state and shares it among mocks, redis://HOST/0"),
        ("--store-prefix", "TEXT", "store_prefix", _prefix, "beginning of the names of all keys in the store"),
        ("--store-ttl", "SECONDS", "store_ttl", _TTL, "time without requests until the store forgets everything"),
        ("--max-model-bytes", "N", "max_model_bytes", _SIZE, "maximum size of a model, as JSON"),
        ("--max-state-bytes", "N", "max_state_bytes", _SIZE, "maximum size of all models together"),
        ("--clock", "TIME[+STEP]", "clock", _clock, "time of created and updated models, and its step for each write"),
        ("--check-responses", None, "check_responses", bool, "return 500 for a response that the contract forbids"),
    ),
    "Journal and admin API": (
        ("--journal", "N", "journal", _REQUESTS, "maximum number of requests in the journal, 0 for none"),
        ("--journal-bytes", "N", "journal_bytes", _SIZE, "maximum size of the journal in memory"),
        ("--no-admin", None, "admin", bool, "do not serve the admin API and the console, and keep no journal"),
        ("--admin-token", "TOKEN", "admin_token", _token, "token that the admin API requires"),
        ("--admin-host", "NAME", "admin_hosts", host_name, "host name under which it can be used; repeatable"),
        ("--admin-origin", "ORIGIN", "admin_origins", admin_origin, "origin whose pages may use it; repeatable"),
    ),
    "Limits": (
        ("--max-request-line", "BYTES", "request_line", _COUNT, "maximum size of a request target; more is 414"),
        ("--max-header-bytes", "BYTES", "header_bytes", _COUNT, "maximum size of all headers; more is 431"),
        ("--max-headers", "N", "header_count", _COUNT, "maximum number of headers of a request; more is 431"),
        ("--max-trailer-bytes", "BYTES", "trailer_bytes", _COUNT, "maximum size of all trailers; more is 431"),
        ("--max-connections", "N", "connections", _COUNT, "maximum number of open connections; more is 503"),
        ("--request-timeout", "SECONDS", "request_seconds", _SECONDS, "time for a request to arrive; more is 408"),
        ("--response-timeout", "SECONDS", "response_seconds", _SECONDS, "time for a client to read its response"),
        ("--idle-timeout", "SECONDS", "idle_seconds", _SECONDS, "time between two requests on a connection"),
        ("--grace-period", "SECONDS", "grace_seconds", _SECONDS, "time to finish requests when the mock stops"),
    ),
    "Output": (
        ("--log-level", None, "log_level", click.Choice(LOG_LEVELS), "lowest level to log"),
        ("--quiet", None, "quiet", bool, "print only the address, and log only errors"),
    ),
}
"""By section of the help: the name, the metavar, the field of Settings or Limits, the type, and the help."""

_MORE: Mapping[str, Mapping[str, Any]] = {
    "admin": {"flag_value": False, "show_default": False},
    "admin_token": {"envvar": TOKEN_VARIABLE, "show_envvar": True},
    "store": {"envvar": STORE_VARIABLE, "show_envvar": True},
}


def _option(section: str, name: str, metavar: str | None, field: str, kind: Any, text: str) -> CommandOption:
    default = getattr(_DEFAULTS if hasattr(_DEFAULTS, field) else DEFAULT_LIMITS, field)
    many, more = isinstance(default, tuple), _MORE.get(field, {})
    given = {"metavar": metavar, "type": kind, "default": default, "multiple": many, "is_flag": kind is bool, **more}
    return CommandOption([name, field], section, help=text, **given)


OPTIONS = [_option(section, *row) for section, rows in _TABLE.items() for row in rows]


def settings_of(given: dict[str, Any]) -> Settings:
    """Return the settings of the options that were given, by their fields."""
    limits = Limits(**{each.name: given.pop(each.name) for each in fields(Limits)})
    for name in ("hosts", "cors_origins", "admin_hosts", "admin_origins"):
        given[name] = tuple(dict.fromkeys(given[name]))
    if given["quiet"]:
        given["log_level"] = "error"
    return Settings(**given, limits=limits)
