"""Reads the base path: the path of the first server, under which all paths of the document stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from contract.place import Place

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_NEVER = re.compile(r"[ ?#\\{}]|%(?![0-9A-Fa-f]{2})")
"""What ends a path, or stands in none."""
_SAFE = "/%:@!$&'()*+,;=~"
"""What stands in a path as it is, beside letters, digits and `-._` (RFC 3986, section 3.3)."""


def base_path_at(root: Place) -> str:
    """Return the path of the first server, without a slash at its end, or note why it has none.

    Variables have their default values. A server of `/` or none at all has the base path "".
    """
    server = root.at("servers", 0)
    if not server.exists:
        return ""
    variables = server.at("variables").node if server.at("variables").exists else {}
    if missing := [name for name in _VARIABLE.findall(server.node["url"]) if name not in variables]:
        mend = "define it under variables, with a default"
        server.at("url").problem(f"the variable {missing[0]} of the server has no default", mend)
        return ""
    try:
        return _path_of(_filled(server.node["url"], variables))
    except ValueError as error:
        server.at("url").problem(f"the URL of the server is malformed: {error}", "write it as https://host/path")
        return ""


def normal_base_path(text: str) -> str:
    """Return a base path as a user writes it without the slash at its end. Raises ValueError.

    >>> normal_base_path("/v1/"), normal_base_path("/")
    ('/v1', '')
    """
    if not text.startswith("/") or text.startswith("//") or not text.isprintable() or _NEVER.search(text):
        raise ValueError(f"{text!r} is not a base path; write it as /v1, or / for none")
    return _path_of(text)


def _filled(url: str, variables: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda match: str(variables[match[1]]["default"]), url)


def _path_of(url: str) -> str:
    """Return the path of a URL, which is relative to the root of the server where it is relative."""
    path = urlsplit(url).path
    if not path.startswith("//"):  # else it would be taken for a host
        path = urlsplit(urljoin("http://mock/", path)).path  # resolves dot segments
    return quote(path, safe=_SAFE).rstrip("/")
