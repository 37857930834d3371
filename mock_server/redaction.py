"""Redaction: no secret of a request appears in the journal or the log, in whatever encoding.

Known secrets are replaced wherever they occur. In bodies (JSON, forms, multipart, XML or plain lines), the values of
members and fields with the name of a secret are replaced too.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import unquote, unquote_plus

from contract.spelling import LONG_ENOUGH, Spelled, replace_spelled, spelled
from mock_server.secrets import SHORTEST_SECRET, Headers, SecretNames, in_headers, in_query, scheme_of

_JWT = re.compile(r"(?<![A-Za-z0-9_-])((?>[A-Za-z0-9_-]*?(?=eyJ)))[A-Za-z0-9_-]++\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+")
"""A match starts only at the start of a word, so that the regular expression takes linear time."""
_USER = re.compile(r"(?<=://)[^\s/?#@\"'<>]{1,500}@")
_CUT = "..."
"""The mark of a shortened value, which may have been cut within a secret."""
_PAIR = re.compile(r"(?<![\w.%-])([\w.%-]{1,200}+)=(\"[^\"]*\"?|[^&;,\s\"]+)")
_BEGINNING = 3
"""The minimum characters of a secret that are hidden if the rest of it was cut off."""
_ENCODED_BEGINNING = 8
_SHORT = 200
BETWEEN = "\0\n\0"
"""A separator that no header contains, so that many headers are searched as one text."""
MOST_SECRETS = 64
"""The maximum number of secrets of a request that are searched for. If there are more, all its texts are hidden."""
_LONGEST_CACHED = 2000
"""The maximum characters of secrets whose `Hider` is cached for later requests."""
_USUAL = (
    b"accept accept-encoding accept-language cache-control connection content-length content-type host origin prefer"
    b" sec-fetch-dest sec-fetch-mode sec-fetch-site traceparent user-agent x-request-id"
).split()
"""Headers that most clients send. What they contain does not decide what is a secret, unless a contract says so."""
_TAIL = 1000
"""Characters before a cut that are searched for the beginning of a secret."""


class Hider:
    """Hides certain secrets in texts, in every encoding."""

    def __init__(self, literals: Iterable[str]) -> None:
        known = {each for each in literals if len(each) >= SHORTEST_SECRET}
        self._spelled = [spelled(each) for each in sorted(known, key=lambda it: (-len(it), it))]
        self._of_short = lru_cache(maxsize=64)(self._hide)  # the same paths and reasons are logged many times

    def hide(self, text: str, *, cut: bool = False) -> str:
        """Replace every secret in a text. `cut` also replaces the beginning of a secret at the end of the text."""
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
        """Return whether `text` is the beginning of a secret, but not the whole secret."""
        for shortest, forms in self._forms.items():
            if len(text) >= shortest:
                near = forms[bisect_left(forms, text) :][:2]
                if any(form.startswith(text) and form != text for form in near):
                    return True
        return False

    @cached_property
    def _forms(self) -> Mapping[int, Sequence[str]]:
        """All encodings of the secrets in lower case, sorted, by the length of the shortest hidden beginning."""
        forms: dict[int, set[str]] = {}
        for each in self._spelled:
            shortest = _BEGINNING if len(each.literal) >= LONG_ENOUGH else len(each.literal) - 1
            forms.setdefault(shortest, set()).add(each.literal.lower())
            forms.setdefault(_ENCODED_BEGINNING, set()).update(form.lower() for form in each.encoded)
        return {shortest: sorted(those) for shortest, those in forms.items()}

    @cached_property
    def _starts(self) -> frozenset[str]:
        """The first characters of all encodings."""
        return frozenset(form[:_BEGINNING] for forms in self._forms.values() for form in forms)


class HideAll(Hider):
    """Hides whole texts. To search them for very many secrets would take too long."""

    def __init__(self) -> None:
        super().__init__(())

    def hide(self, text: str, *, cut: bool = False) -> str:  # noqa: ARG002
        """Replace a text."""
        slash = "/" if text.startswith("/") else ""  # a path remains a path
        return slash + BETWEEN.join(HIDDEN if part else part for part in text.split(BETWEEN))


class Redaction:
    """Hides the known secrets, and values whose names are those of secrets."""

    def __init__(self, names: Iterable[str] = (), known: Iterable[str] = ()) -> None:
        self.names = SecretNames(names)
        self._known = tuple(known)
        self.hide = Hider(self._known).hide
        self._cached = lru_cache(maxsize=128)(self._hider_of)
        # Clients repeat the same headers.
        self._in_head = lru_cache(maxsize=64)(self._found_in_head)
        self._of_head = lru_cache(maxsize=16)(lambda headers, query: self.hider(self._in_head(headers, query)))
        self._harmless = frozenset(name for name in _USUAL if not self.names.has(name.decode()))

    def telling(self, headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers that may have secrets: the others need not be equal for two requests to have the same."""
        return tuple([field for field in headers if field[0] not in self._harmless or b"?" in field[1]])

    def of_request(self, headers: Headers, query: bytes = b"", body: bytes = b"") -> Hider:
        """Return a `Hider` of the known secrets, and of those in a request."""
        head = self.telling(headers)
        if not body:
            return self._of_head(head, query)
        return self.hider((*self._in_head(head, query), *self._in_body(body)))

    def hider(self, found: Iterable[str]) -> Hider:
        """Return a `Hider` of the known secrets, and of those `found` in a request."""
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
    """Return the value of a header without secrets. A known scheme of credentials remains.

    >>> header("authorization", "Bearer demo-acme"), header("accept", "*/*")
    ('Bearer [redacted]', '*/*')
    """
    names = names or _BY_NAME
    if not names.has(name):
        return pairs(value, names)
    scheme = scheme_of(value) if "authorization" in name.lower() else None
    return f"{scheme} {HIDDEN}" if scheme else HIDDEN


def query(text: str) -> str:
    """Return a query without the values of parameters that carry secrets.

    >>> query("page=2&access_token=abc")
    'page=2&access_token=[redacted]'
    """
    return BodyRedaction(_BY_NAME).query(text)


_BY_NAME = SecretNames()


def pairs(text: str, names: SecretNames) -> str:
    """Hide the values of secrets in a text such as `a=1; token=2`, or a URL with a query."""

    def redacted(found: re.Match[str]) -> str:
        return f"{found[1]}={HIDDEN}" if names.has_parameter(found[1]) else found[0]

    return _PAIR.sub(redacted, text) if "=" in text else text


def _hidden(_: Spelled) -> str:
    return HIDDEN


HIDDEN = "[redacted]"

_DEEPEST = 3
"""How deep JSON may be nested in strings of JSON."""
_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*+)("?)'  # a string, perhaps cut
    r"|'((?:[^'\"\\\n]|\\.)*+)'"  # one of lenient JSON
    r"|([^\s,:{}\[\]\"']++)"  # a number, or a word
    r"|([{\[])|([}\]])|(,)",
    re.DOTALL,
)
_COLON = re.compile(r"\s*:")
_MEMBER = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"\s*:|(?<![^\s,{\[\"'])([^\s,:{}\[\]\"']++)'?\s*:", re.DOTALL)
_LITERALS = {"true", "false", "null"}
_PAIR_NAME = re.compile(r"(?<![\w.\-%\[\]+$])([\w.\-%\[\]+$]{1,200}+)[ \t]*[=:][ \t]*")
_PAIR_VALUE = re.compile(r"[^&\r\n]+")
_IN_URL = re.compile(r"([?&;#])([^=&?#;\s\"\\<>]{1,200})=([^&#;\s\"\\<>]+)")
_PART = re.compile(
    r"((?m:^)(?>[^\r\n]*?\bname=\"([^\"\r\n]*)\")[^\r\n]*+(?:\r?\n[^\r\n]++){0,10}+\r?\n\r?\n)(.*?)(?=\r?\n--|\Z)",
    re.DOTALL,
)
"""A part of multipart/form-data: its headers, and its content."""
_ELEMENT = re.compile(r"(<([\w:.-]+)(?:\s[^<>]*)?>)([^<]+)")
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|\Z)", re.DOTALL)
_FORM = re.compile(r"[^\s=&\"{}]+=[^\s&\"{}]*(?:&[^\s=&\"{}]+=[^\s&\"{}]*)*")


class BodyRedaction:
    """Hides the secrets of one body, and collects them, decoded, in `found`."""

    def __init__(self, names: SecretNames) -> None:
        self._names = names
        self.found: list[str] = []

    def hide(self, text: str) -> str:
        """Replace the values of secrets in a body."""
        return self._hide(text, _DEEPEST) if text else text

    def _hide(self, text: str, depth: int) -> str:
        is_json = text.lstrip().startswith(("{", "["))
        if not is_json:
            text = "".join(self._lines(_ELEMENT.sub(self._element, _PART.sub(self._part, text))))
        if self._may_have_members(text, depth):
            text = "".join(self._json(text, depth))
        return self.in_urls(_PRIVATE_KEY.sub(rf"\1{HIDDEN}\2", text))

    def in_urls(self, text: str) -> str:
        """Replace the values of secret parameters of any URL in a text."""
        return _IN_URL.sub(self._parameter, text) if "=" in text else text

    def query(self, text: str) -> str:
        """Replace the values of secret parameters in a query or a form."""
        return "&".join(map(self._query_part, text.split("&")))

    def _query_part(self, text: str) -> str:
        name, equals, value = text.partition("=")
        if not (equals and value):
            return text
        if self._names.has_parameter(name):
            self._note(unquote_plus(value))
            return f"{name}={HIDDEN}"
        decoded = unquote(unquote(value))
        if decoded != value and self.in_urls(decoded) != decoded:
            return f"{name}={HIDDEN}"
        return f"{name}={self.in_urls(value)}"

    def _parameter(self, found: re.Match[str]) -> str:
        if not self._names.has_parameter(found[2]):
            return found[0]
        self._note(unquote_plus(found[3]))
        return f"{found[1]}{found[2]}={HIDDEN}"

    def _part(self, found: re.Match[str]) -> str:
        if not (found[3] and self._names.has_parameter(found[2])):
            return found[0]
        self._note(found[3])
        return found[1] + HIDDEN

    def _element(self, found: re.Match[str]) -> str:
        if not (found[3].strip() and self._names.has_parameter(found[2].rpartition(":")[2])):
            return found[0]
        self._note(found[3].strip())
        return found[1] + HIDDEN

    def _lines(self, text: str) -> Iterator[str]:
        """Yield the parts of a form or of plain lines without the values of secrets."""
        at = 0
        for found in _PAIR_NAME.finditer(text):
            if found.start() < at or not self._names.has_parameter(found[1]):
                continue
            value = _PAIR_VALUE.match(text, found.end())
            if value and not value[0].startswith(HIDDEN):
                words = value[0].split()
                self._note(unquote_plus(value[0].strip("\"' ")))
                self._note(unquote_plus(words[-1].strip("\"'")) if words else "")  # the key after a scheme
                yield text[at : found.end()] + HIDDEN
                at = value.end()
        yield text[at:]

    def _may_have_members(self, text: str, depth: int) -> bool:
        """Return whether to read the text as JSON. That takes long, and most bodies contain no secret."""
        if depth and ("\\" in text or "=" in text):
            return True
        return any(self._names.has(_decoded(quoted or word)) for quoted, word in set(_MEMBER.findall(text)))

    def _json(self, text: str, depth: int) -> Iterator[str]:
        """Yield the parts of JSON, or of a text that begins like it, without the values of secrets."""
        at, inside = 0, [False]
        named: bool | None = None  # whether a name came before, and whether it is the name of a secret
        for token in _TOKEN.finditer(text):
            string, end, lenient, word, opened, closed, _ = token.groups()
            if opened:
                inside.append(inside[-1] if named is None else named or inside[-1])
                named = None
            elif closed:
                if len(inside) > 1:
                    inside.pop()
                named = None
            elif token[0] == ",":
                named = None
            elif _COLON.match(text, token.end()):
                named = inside[-1] or self._names.has(_decoded(string or lenient or word or ""))
            else:
                secret, named = inside[-1] if named is None else named, None
                replacement = self._value(string, end, lenient, word, depth, secret=secret)
                if replacement is not None:
                    yield text[at : token.start()] + replacement
                    at = token.end()
        yield text[at:]

    def _value(
        self, string: str | None, end: str, lenient: str | None, word: str | None, depth: int, *, secret: bool
    ) -> str | None:
        """Return what to write in place of a value, or None to keep it."""
        if word is not None:
            if not secret or word in _LITERALS:
                return None
            self._note(word)
            return f'"{HIDDEN}"'
        content = (string if string is not None else lenient) or ""
        if secret:
            if not content:
                return None
            self._note(_decoded(content))
            return f'"{HIDDEN}{end if string is not None else chr(34)}'
        decoded = _decoded(content)
        inner = self._inner(decoded, depth)
        return None if inner == decoded else f"{json.dumps(inner)[:-1]}{end}"

    def _inner(self, text: str, depth: int) -> str:
        """Return the text of a string without secrets."""
        if not depth:
            return text
        if text.lstrip().startswith(("{", "[")):
            return self._hide(text, depth - 1)
        if _FORM.fullmatch(text) and "://" not in text:
            return self.query(text)
        return self.in_urls(text)

    def _note(self, value: str) -> None:
        if value and HIDDEN not in value:
            self.found.append(value)


def _decoded(content: str) -> str:
    """Return the value of a string of JSON, or its text if it is not valid JSON."""
    if "\\" not in content:
        return content
    try:
        return str(json.loads(f'"{content}"', strict=False))
    except ValueError:
        return content
