"""Finds what stands under the names of secrets in a body: in JSON, a form, multipart, XML or plain lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from mock_server.hiding.secret_names import SecretNames

HIDDEN = "[redacted]"

_DEEPEST = 3
"""How many times JSON may stand in a string of JSON."""
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
_PAIR = re.compile(r"(?<![\w.\-%\[\]+$])([\w.\-%\[\]+$]{1,200}+)[ \t]*[=:][ \t]*")
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
    """Hides the secrets of one body, and collects them in `found`, as they are when decoded."""

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
        """Write a form or plain lines without the values of secrets."""
        at = 0
        for found in _PAIR.finditer(text):
            if found.start() < at or not self._names.has_parameter(found[1]):
                continue
            value = _PAIR_VALUE.match(text, found.end())
            if value and not value[0].startswith(HIDDEN):
                words = value[0].split()
                self._note(unquote_plus(value[0].strip("\"' ")))
                self._note(unquote_plus(words[-1].strip("\"'")) if words else "")  # that of a scheme and a key
                yield text[at : found.end()] + HIDDEN
                at = value.end()
        yield text[at:]

    def _may_have_members(self, text: str, depth: int) -> bool:
        """Tell whether to read the text as JSON: most bodies have no secret in them, and it takes its time."""
        if depth and ("\\" in text or "=" in text):
            return True
        return any(self._names.has(_decoded(quoted or word)) for quoted, word in set(_MEMBER.findall(text)))

    def _json(self, text: str, depth: int) -> Iterator[str]:
        """Write JSON, or what begins like it, without the values of secrets."""
        at, inside = 0, [False]
        named: bool | None = None  # whether a name came before, and is that of a secret
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
                shown = self._value(string, end, lenient, word, depth, secret=secret)
                if shown is not None:
                    yield text[at : token.start()] + shown
                    at = token.end()
        yield text[at:]

    def _value(
        self, string: str | None, end: str, lenient: str | None, word: str | None, depth: int, *, secret: bool
    ) -> str | None:
        """Return what to show in place of a value, or None where it stays."""
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
        """Hide the secrets in a text that stands in a string."""
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
    """What a string of JSON says, or its text as it stands where it is none."""
    if "\\" not in content:
        return content
    try:
        return str(json.loads(f'"{content}"', strict=False))
    except ValueError:
        return content
