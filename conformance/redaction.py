"""Keeps secrets out of reports and messages. A target may echo them: as they were sent, encoded, or cut short."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

from contract.spelling import Spelled, replace_spelled
from contract.spelling import spelled as spellings_of

Variables = Mapping[str, str]
"""Secret text, and the shell variable that stands for it."""
PIECE = 8
"""The shortest piece of a secret that is replaced, wherever it is in the secret."""
SHORTEST_BEGINNING = 3
"""The shortest beginning of a secret that is replaced before the cut of a text."""
_KEY = re.compile(r"\$RESPAN_\w+")
_CUT = re.compile(r"\.\.\. \(\d+ characters\)")
"""The mark that `shortened` writes; the beginning of a secret may come before it."""


def shortened(text: str, longest: int) -> str:
    """Return `text`, cut if it is longer; `redacted` recognises the mark of the cut."""
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


def redacted(text: str, variables: Variables) -> str:
    """Return `text` with every secret, however it is spelled, replaced by the name of its variable."""
    spellings = _all_spellings(tuple(variables.items()))
    lowered = text.lower()
    present = [spelling for spelling in spellings if spelling in lowered]

    def name(found: re.Match[str]) -> str:
        """Return the variable for a match; secrets that differ only in case each have their own."""
        like = (s for s in present if re.fullmatch(re.escape(s), found[0], re.IGNORECASE))
        return variables.get(found[0]) or spellings[next(like)]

    if present:
        text = re.sub(any_of(present), name, text, flags=re.IGNORECASE)
    longest_first = sorted(filter(None, variables), key=len, reverse=True)
    text = replace_spelled(text, map(spellings_of, longest_first), lambda found: _variable(found, variables))
    return _without_parts(text, variables)


def _variable(found: Spelled, variables: Variables) -> str:
    return variables[found.literal]


def _without_parts(text: str, variables: Variables) -> str:
    """Return `text` without parts of secrets."""
    for secret, variable in variables.items():
        if _KEY.fullmatch(variable):
            text = _without_beginning(text, secret, variable)
            for spelling in _long_spellings(secret):
                text = _without_pieces(text, spelling, variable)
    return text


@lru_cache(maxsize=64)
def _long_spellings(secret: str) -> tuple[str, ...]:
    """Return the spellings whose pieces are replaced too."""
    return tuple(dict.fromkeys(one for one in (*_escaped(secret), *spellings_of(secret).encoded) if len(one) >= PIECE))


def _without_beginning(text: str, secret: str, variable: str) -> str:
    """Return `text` without the beginning of the secret before the mark of a cut."""
    for cut in reversed(list(_CUT.finditer(text))):
        before = text[: cut.start()]
        lengths = range(len(secret) - 1, SHORTEST_BEGINNING - 1, -1)
        part = next((length for length in lengths if before.endswith(secret[:length])), 0)
        if part:
            text = before[:-part] + variable + text[cut.start() :]
    return text


def _without_pieces(text: str, secret: str, variable: str) -> str:
    """Return `text` without pieces of the secret of at least PIECE characters."""
    half = PIECE // 2  # every piece contains a whole half-piece, counted from the beginning of the secret
    if not any(secret[at : at + half] in text for at in range(0, len(secret) - half + 1, half)):
        return text
    pieces = {secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)}
    written: list[str] = []
    at = 0
    while at < len(text):
        end = at
        while text[end : end + PIECE] in pieces:
            end += 1
        written.append(variable if end > at else text[at])
        at = end + PIECE - 1 if end > at else at + 1
    return "".join(written)


def any_of(literals: Iterable[str]) -> str:
    """Return a pattern for any of `literals`; the longest first, because one may begin with another."""
    return "|".join(map(re.escape, sorted(literals, key=len, reverse=True)))


@lru_cache(maxsize=64)
def _all_spellings(variables: tuple[tuple[str, str], ...]) -> Variables:
    """Return every usual escape of every secret, in lower case."""
    return {spelling.lower(): variable for literal, variable in variables for spelling in _escaped(literal)}


def _escaped(literal: str) -> Iterator[str]:
    """Yield the spellings of a text inside a URL, JSON, HTML and Python."""
    yield literal
    yield literal.strip() or literal
    yield quote(literal, safe="")
    yield quote_plus(literal)
    yield json.dumps(literal)[1:-1]
    yield json.dumps(literal).replace("/", "\\/")[1:-1]
    yield json.dumps(literal, ensure_ascii=False)[1:-1]
    yield html.escape(literal)
    yield repr(literal)[1:-1]
