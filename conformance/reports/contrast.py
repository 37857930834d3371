"""Shows where two texts differ, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

ALIKE = 0.5
"""Part of the words of the shorter text that the other has to share for their difference to tell anything."""
LONG_WORD = 12
LONGEST = 2000
"""Characters of texts that are compared."""
_WORD = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\w+|\s+|[^\w\s]")
_VALUE = re.compile(r'.*"|\S*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text."""

    text: str
    differs: bool = False


def contrast(one: str, other: str) -> tuple[Sequence[Part], Sequence[Part]]:
    """Both texts in parts; none of them differs where the texts have too little in common to be compared."""
    if max(len(one), len(other)) > LONGEST:
        return [Part(one)], [Part(other)]
    words, others = _WORD.findall(one), _WORD.findall(other)
    changes = SequenceMatcher(None, words, others, autojunk=False).get_opcodes()
    shared = [word for tag, start, end, *_ in changes if tag == "equal" for word in words[start:end]]
    if _weight(shared) < ALIKE * min(_weight(words), _weight(others)):
        return [Part(one)], [Part(other)]
    mine: list[Part] = []
    theirs: list[Part] = []
    for tag, start, end, other_start, other_end in changes:
        text, other_text = "".join(words[start:end]), "".join(others[other_start:other_end])
        same = len(text) if tag == "equal" else _long_beginning(text, other_text)
        mine += [Part(text[:same]), Part(text[same:], True)]
        theirs += [Part(other_text[:same]), Part(other_text[same:], True)]
    return _trimmed(mine), _trimmed(theirs)


def _long_beginning(text: str, other: str) -> int:
    """Characters that two long words begin with alike; 0 where they are few, for words are read whole."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
    return alike if alike >= LONG_WORD else 0


def _weight(words: Sequence[str]) -> int:
    return sum(not word.isspace() for word in words)


def _trimmed(parts: list[Part]) -> list[Part]:
    """The parts that hold anything; of the last one only the value is marked, not the words that go on after it."""
    parts = [part for part in parts if part.text]
    if not parts or not parts[-1].differs:
        return parts
    value = _VALUE.match(parts[-1].text)
    end = value.end() if value else 0
    text = parts[-1].text
    return [*parts[:-1], *(part for part in (Part(text[:end], True), Part(text[end:])) if part.text)]
