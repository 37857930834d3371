"""Refuses the extensions of a document that are outside the vocabulary, of a wrong shape, or out of place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from contract.document import Document
from contract.errors import Problem
from contract.pointer import Tokens
from contract.vocabulary import VOCABULARY
from contract.walk import descriptions


def extensions_in(document: Document) -> Iterator[tuple[Tokens, Any]]:
    """Each extension of the document: where it stands, and its value."""
    for tokens, node in descriptions(document.resolved):
        yield from (((*tokens, key), value) for key, value in node.items() if key.startswith("x-"))


def vocabulary_problems(document: Document) -> list[Problem]:
    """Unknown extensions, and those that are not of the form that the vocabulary gives them."""
    problems: list[Problem] = []
    for tokens, value in extensions_in(document):
        if tokens[-1] not in VOCABULARY:
            problems.append(_unknown(str(tokens[-1]), document.pointer(tokens)))
        elif not _validator(tokens[-1]).is_valid(value):
            problems.extend(_shape_problems(str(tokens[-1]), value, document.pointer(tokens)))
    return list(dict.fromkeys(problems))


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(VOCABULARY[name].schema))


def _unknown(name: str, pointer: str) -> Problem:
    near = difflib.get_close_matches(name, VOCABULARY, n=1)
    hint = f"write {near[0]}" if near else "remove it"
    return Problem(pointer, f"{name} is not a known extension", f"{hint}; known are {', '.join(VOCABULARY)}")


def _shape_problems(name: str, value: Any, pointer: str) -> Iterator[Problem]:
    for error in _validator(name).iter_errors(value):
        inside = "".join(f"/{token}" for token in error.instance_path)
        word = "x-known" if "x-known" in error.instance_path else name
        what = f"{word} is malformed" if "oneOf" in error.message else error.message
        yield Problem(pointer + inside, what, f"write it as {word}: {VOCABULARY[word].form}")


def misplaced(document: Document, read: set[str]) -> list[Problem]:
    """Extensions that have no effect where they stand; `read` are the pointers of those that have one."""
    problems: list[Problem] = []
    for tokens, _ in extensions_in(document):
        name = str(tokens[-1])
        if name != "x-known" and (pointer := document.pointer(tokens)) not in read:
            mend = f"{name} belongs to {VOCABULARY[name].place}; move it there or remove it"
            problems.append(Problem(pointer, f"{name} has no effect here", mend))
    return list(dict.fromkeys(problems))
