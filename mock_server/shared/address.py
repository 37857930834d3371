"""The address of a Redis: what `--store` takes, and a client of it.

`redis://`, `rediss://` and `unix://` are the URLs of redis-py, with its parameters in the query. Sentinel and Cluster
have several hosts: `redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/DB` and `redis+cluster://HOST:PORT,HOST:PORT`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode

from mock_server.errors import MissingPackageError, StoreAddressError
from mock_server.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

EXAMPLE = "redis://127.0.0.1:6379/0"
DEFAULT_PREFIX = "respan-mock"
INSTALL = "pip install 'redis>=7'"
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
_PORTS = {"sentinel": 26379}
_PORT = 6379
_SECONDS = 5.0
"""How long to wait for Redis, unless `socket_timeout` in the query says otherwise."""
_CONNECTIONS = 32
_PREFIX = re.compile(r"[\x21-\x7a|~]{1,200}")


def import_redis() -> Any:
    """Return the package redis. Raises MissingPackageError."""
    try:
        import redis
    except ImportError:
        raise MissingPackageError(f"--store needs the package redis: {INSTALL}") from None
    return redis


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Redis is, and which keys in it belong to the mocks."""

    scheme: str
    kind: str
    """`single`, `sentinel` or `cluster`."""
    url: str
    """A URL as redis-py takes it, without hosts if there are several."""
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    """The name of the master that the sentinels watch."""
    prefix: str = DEFAULT_PREFIX
    ttl: int = 0
    """Seconds without a request after which Redis deletes everything; 0 is never."""
    label: str = ""
    """The address without user, password and parameters."""

    def client(self) -> Redis | RedisCluster:
        """Return a client. Raises MissingPackageError, or StoreAddressError for an unknown parameter."""
        import_redis()
        import redis.asyncio as redis
        from redis.asyncio.connection import parse_url
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        try:
            given: dict[str, Any] = {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS}
            given |= {"retry": Retry(NoBackoff(), 0), "protocol": 2, **parse_url(self.url)}
            if self.kind == "single":
                pool = redis.BlockingConnectionPool(**{"max_connections": _CONNECTIONS, "timeout": _SECONDS, **given})
                pool.make_connection()  # type: ignore[no-untyped-call]  # an unknown parameter raises a TypeError
                return redis.Redis.from_pool(pool)
            tls = given.pop("connection_class", None) is not None
            given = {name: value for name, value in given.items() if name not in {"host", "port"}}
            if self.kind == "cluster":
                nodes = [redis.cluster.ClusterNode(host, port) for host, port in self.hosts]
                given.pop("db", None)
                return redis.RedisCluster(startup_nodes=nodes, ssl=tls, **given)
            own = {name: given.pop(f"sentinel_{name}", None) for name in ("username", "password")}
            own = {name: value for name, value in own.items() if value is not None}
            common = ("ssl_", "socket_", "retry")
            own |= {name: value for name, value in given.items() if name.startswith(common)}
            sentinel: Any = redis.Sentinel  # has no annotations
            sentinel = sentinel(self.hosts, sentinel_kwargs={**own, "ssl": tls}, **given, ssl=tls)
            master: Redis = sentinel.master_for(self.service)
            master.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, ValueError) as error:
            raise StoreAddressError(f"{self.label}: {_reason(error)}") from None
        return master


def _reason(error: Exception) -> str:
    """Return what is wrong with a parameter."""
    found = re.search(r"unexpected keyword argument '(\w+)'", str(error)) or re.search(r"value for '(\w+)'", str(error))
    return f"the parameter {found[1]} in the query is unknown or invalid" if found else "a parameter is invalid"


def address_of(text: str) -> Address:
    """Read an address. Raises StoreAddressError.

    >>> address_of("redis://ada:secret@cache:6380/1?prefix=team&ttl=3600").label
    'redis://cache:6380/1'
    >>> address_of("redis+sentinel://a:26379,b/main").hosts
    (('a', 26379), ('b', 26379))
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise StoreAddressError(f"a store is an address such as {EXAMPLE}; it may begin with {', '.join(_SCHEMES)}")
    place, _, query = rest.partition("?")
    parameters = parse_qsl(query, keep_blank_values=True)
    own = dict(parameters)
    kept = urlencode([each for each in parameters if each[0] not in {"prefix", "ttl"}])
    ttl, prefix = _ttl(own.get("ttl", "0")), check_prefix(own.get("prefix", DEFAULT_PREFIX))
    plain, _, kind = scheme.partition("+")
    credentials, at, where = place.rpartition("@")
    hosts, slash, path = where.partition("/")
    label = f"{scheme}://{where}"
    if not kind:
        if scheme == "unix" and not path:
            raise StoreAddressError("the address needs the path of a socket, as in unix:///run/redis.sock")
        if scheme != "unix":
            _host(hosts or "localhost", _PORT)
            if path and not path.isdecimal():
                raise StoreAddressError(f"{label}: the path is the number of a database, as in {EXAMPLE}")
        url = f"{scheme}://{credentials}{at}{where}" + (f"?{kept}" if kept else "")
        return Address(scheme, "single", url, prefix=prefix, ttl=ttl, label=label)
    several = tuple(_host(each, _PORTS.get(kind, _PORT)) for each in hosts.split(","))
    service, _, database = path.partition("/") if kind == "sentinel" else ("", "", path)
    if kind == "sentinel" and not service:
        raise StoreAddressError(
            f"{label}: name the service after the hosts, as in redis+sentinel://HOST:26379/mymaster"
        )
    if database and not database.isdecimal():
        raise StoreAddressError(f"{label}: {database} is not the number of a database")
    url = f"{plain}://{credentials}{at}localhost{slash}{database}" + (f"?{kept}" if kept else "")
    return Address(scheme, kind, url, several, unquote(service), prefix, ttl, label)


def _host(text: str, default: int) -> tuple[str, int]:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+)(?::(\d{1,5}))?", text)
    if not found or not 0 < int(found[2] or default) < 65536:
        raise StoreAddressError("the address has an invalid host or port; write HOST or HOST:PORT")
    return found[1].strip("[]"), int(found[2] or default)


def _ttl(text: str) -> int:
    if not text.isdecimal() or int(text) > 2**31:
        raise StoreAddressError("ttl is a number of seconds, 0 for no end")
    return int(text)


def address_in(settings: Settings) -> Address:
    """Return the address of the store of a mock. Raises StoreAddressError."""
    address = address_of(settings.store or "")
    if settings.store_prefix is not None:
        address = replace(address, prefix=settings.store_prefix)
    return address if settings.store_ttl is None else replace(address, ttl=settings.store_ttl)


def check_prefix(text: str) -> str:
    """Return a prefix of keys. Raises StoreAddressError."""
    if not _PREFIX.fullmatch(text):
        raise StoreAddressError("a prefix may contain only printable ASCII characters, no spaces and no braces")
    return text
