"""Keeps secrets out of what is shown of a request."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from contract.spelling import LONG_ENOUGH, Spelled, replace_spelled, spelled
from mock_server.hiding.bodies import HIDDEN, BodyRedaction
from mock_server.hiding.credentials import SHORTEST, Headers, in_headers, in_query, scheme_of
from mock_server.hiding.secret_names import SecretNames

_JWT = re.compile(r"(?<![A-Za-z0-9_-])((?>[A-Za-z0-9_-]*?(?=eyJ)))[A-Za-z0-9_-]++\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+")
"""It begins at the beginning of a word only, so that no word is read from each of its characters."""
_USER = re.compile(r"(?<=://)[^\s/?#@\"'<>]{1,500}@")
_CUT = "..."
"""What stands where a value was shortened, perhaps in the midst of a secret."""
_PAIR = re.compile(r"(?<![\w.%-])([\w.%-]{1,200}+)=(\"[^\"]*\"?|[^&;,\s\"]+)")
_BEGINNING = 3
"""Characters of a secret that are hidden where the rest of it was cut off."""
_ENCODED_BEGINNING = 8
_SHORT = 200
BETWEEN = "\0\n\0"
"""What no header has in it: so many are searched as one text."""
MOST_SECRETS = 64
"""Secrets of one request that are looked for in its texts. Where there are more, nothing of the texts is shown."""
_LONGEST_CACHED = 2000
"""Characters of the secrets of a request that is expected to come again with the same ones."""
_TAIL = 1000
"""Characters before a cut in which the beginning of a secret is looked for."""


class Hider:
    """Hides some secrets, in whatever spelling they stand in a text."""

    def __init__(self, literals: Iterable[str]) -> None:
        known = {each for each in literals if len(each) >= SHORTEST}
        self._spelled = [spelled(each) for each in sorted(known, key=lambda it: (-len(it), it))]
        self._of_short = lru_cache(maxsize=64)(self._hide)  # the same path and reason are logged again and again

    def hide(self, text: str, *, cut: bool = False) -> str:
        """Replace every secret in a text; with `cut` also the beginning of one at its end."""
        return self._of_short(text, cut=cut) if len(text) <= _SHORT else self._hide(text, cut=cut)

    def _hide(self, text: str, *, cut: bool) -> str:
        text = replace_spelled(text, self._spelled, _hidden)
        if _CUT in text:
            *parts, last = text.split(_CUT)
            text = _CUT.join([*map(self._without_beginning, parts), last])
        if cut:
            text = self._without_beginning(text)
        if "eyJ" in text:
            text = _JWT.sub(rf"\1{HIDDEN}", text)
        return _USER.sub(f"{HIDDEN}@", text) if "@" in text else text

    def _without_beginning(self, text: str) -> str:
        tail = text[-_TAIL:].lower()
        for at in range(len(tail) - _BEGINNING + 1):
            if tail[at : at + _BEGINNING] in self._starts and self._begins_one(tail[at:]):
                return text[: at - len(tail)] + HIDDEN
        return text

    def _begins_one(self, text: str) -> bool:
        """Tell whether `text` is the beginning of a secret, and not all of it."""
        for shortest, forms in self._forms.items():
            if len(text) >= shortest:
                near = forms[bisect_left(forms, text) :][:2]
                if any(form.startswith(text) and form != text for form in near):
                    return True
        return False

    @cached_property
    def _forms(self) -> Mapping[int, Sequence[str]]:
        """All spellings in lower case, sorted, by the length of the shortest beginning that is hidden."""
        forms: dict[int, set[str]] = {}
        for each in self._spelled:
            shortest = _BEGINNING if len(each.literal) >= LONG_ENOUGH else len(each.literal) - 1
            forms.setdefault(shortest, set()).add(each.literal.lower())
            forms.setdefault(_ENCODED_BEGINNING, set()).update(form.lower() for form in each.encoded)
        return {shortest: sorted(those) for shortest, those in forms.items()}

    @cached_property
    def _starts(self) -> frozenset[str]:
        """How the spellings begin."""
        return frozenset(form[:_BEGINNING] for forms in self._forms.values() for form in forms)


class HideAll(Hider):
    """Hides texts whole. To look in them for very many secrets would take long."""

    def __init__(self) -> None:
        super().__init__(())

    def hide(self, text: str, *, cut: bool = False) -> str:  # noqa: ARG002
        """Replace a text."""
        slash = "/" if text.startswith("/") else ""  # a path stays one
        return slash + BETWEEN.join(HIDDEN if part else part for part in text.split(BETWEEN))


class Redaction:
    """Hides what looks like a secret by its name, and the secrets that are known."""

    def __init__(self, names: Iterable[str] = (), known: Iterable[str] = ()) -> None:
        self.names = SecretNames(names)
        self._known = tuple(known)
        self.hide = Hider(self._known).hide
        self._cached = lru_cache(maxsize=128)(self._hider_of)
        # A client sends the same headers again and again.
        self._in_head = lru_cache(maxsize=64)(self._found_in_head)
        self._of_head = lru_cache(maxsize=16)(lambda headers, query: self.hider(self._in_head(headers, query)))

    def of_request(self, headers: Headers, query: bytes = b"", body: bytes = b"") -> Hider:
        """Return what hides the known secrets, and those that a request carries."""
        if not body:
            return self._of_head(tuple(headers), query)
        return self.hider((*self._in_head(tuple(headers), query), *self._in_body(body)))

    def hider(self, found: Iterable[str]) -> Hider:
        """Return what hides the known secrets, and those `found` in a request."""
        distinct = tuple(dict.fromkeys(found))
        if len(distinct) > MOST_SECRETS:
            return HideAll()
        return (self._cached if sum(map(len, distinct)) <= _LONGEST_CACHED else self._hider_of)(distinct)

    def value(self, value: Any, *, secret: bool = False) -> Any:
        """Return a JSON value without the strings and numbers that are secrets."""
        match value:
            case dict():
                return {name: self.value(child, secret=secret or self.names.has(name)) for name, child in value.items()}
            case list():
                return [self.value(child, secret=secret) for child in value]
            case str():
                return HIDDEN if secret and value else self.hide(value)
            case int() | float() if secret and not isinstance(value, bool):
                return HIDDEN
        return value

    def _found_in_head(self, headers: Headers, query: bytes) -> tuple[str, ...]:
        found = (*in_headers(headers, self.names), *in_query(query.decode("latin-1"), self.names))
        return tuple(dict.fromkeys(found))

    def _in_body(self, body: bytes) -> Sequence[str]:
        reading = BodyRedaction(self.names)
        reading.hide(body.decode("utf-8", "backslashreplace"))
        return [each for each in reading.found if len(each) >= LONG_ENOUGH]

    def _hider_of(self, found: Sequence[str]) -> Hider:
        return Hider((*self._known, *found))


def header(name: str, value: str, names: SecretNames | None = None) -> str:
    """Return the value of a header without what its name says is a secret. Of credentials a known scheme stays.

    >>> header("authorization", "Bearer demo-acme"), header("accept", "*/*")
    ('Bearer [redacted]', '*/*')
    """
    names = names or _LOOKING_SO
    if not names.has(name):
        return pairs(value, names)
    scheme = scheme_of(value) if "authorization" in name.lower() else None
    return f"{scheme} {HIDDEN}" if scheme else HIDDEN


def query(text: str) -> str:
    """Return a query without the values of parameters that carry secrets.

    >>> query("page=2&access_token=abc")
    'page=2&access_token=[redacted]'
    """
    return BodyRedaction(_LOOKING_SO).query(text)


_LOOKING_SO = SecretNames()


def pairs(text: str, names: SecretNames) -> str:
    """Hide the values of secrets in a text such as `a=1; token=2`, or a URL with a query."""

    def shown(found: re.Match[str]) -> str:
        return f"{found[1]}={HIDDEN}" if names.has_parameter(found[1]) else found[0]

    return _PAIR.sub(shown, text) if "=" in text else text


def _hidden(_: Spelled) -> str:
    return HIDDEN
