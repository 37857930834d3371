"""The HTML report: one file that loads nothing, laid out by the templates beside this file."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.output import visible
from conformance.reports.document import LEVELS, PROVENANCES, TITLES, Document, View, document, place
from conformance.results.result import Result
from conformance.results.verdict import TOLD_IN_FULL, WORDS

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?:")


def as_html(result: Result) -> str:
    """The result as an HTML page."""
    return page(document(result))


def page(told: Document) -> str:
    """A JSON document as an HTML page. Every text in it is escaped; no script or style but the page's own is run."""
    css, js = (TEMPLATES / "report.css").read_text(encoding="utf-8"), (TEMPLATES / "report.js").read_text("utf-8")
    view = View(told)
    return _environment().get_template("report.html.jinja").render(
        view=view,
        css=Markup(css),  # noqa: S704 - a file of ours
        js=Markup(js),  # noqa: S704 - a file of ours
        policy=_policy(css, js),
        command=told["run"]["command"],
        coverage_sentence=coverage_sentence(told["coverage"]),
        section_titles={section["id"]: section["title"] for section in told["sections"]},
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(visible=visible, pretty=pretty, as_attribute=as_attribute, coded=coded)
    environment.globals.update(
        words=WORDS, titles=TITLES, provenances=PROVENANCES, levels=LEVELS, told_in_full=TOLD_IN_FULL,
        compared=compared, place=place, field_of=field_of, names=names, is_sentence=is_sentence,
    )  # fmt: skip
    return environment


def _policy(css: str, js: str) -> str:
    """What the page may do: use the style and the script in it, and nothing else."""
    style, script = (f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (css, js))
    rules = f"style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; {rules}"


def as_attribute(text: str) -> Markup:
    """A text for an attribute, with the carriage returns that a reader of HTML would take for line feeds."""
    return Markup(escape(text).replace("\r", "&#13;"))  # noqa: S704 - what is put in is no text of a target


def coded(text: str) -> Markup:
    """A text of the contract or of a check, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def compared(finding: Mapping[str, Any]) -> tuple[Sequence[Part], Sequence[Part]]:
    """What was expected and observed, in parts; none is marked where lines of their own tell the difference."""
    expected, observed = visible(finding["expected"]), visible(finding["observed"])
    return ([Part(expected)], [Part(observed)]) if finding["difference"] else contrast(expected, observed)


def field_of(finding: Mapping[str, Any]) -> str:
    """The field of the response that a finding is about, the innermost of a dotted one; empty where it names none."""
    found = _NAME.match(finding["observed"]) or _NAME.match(finding["expected"])
    return (found[2] or found[1]) if found else ""


def names(line: str, field: str) -> bool:
    """Whether a line of laid-out JSON is that of the field."""
    return line.lstrip().startswith(f'"{field}":')


def is_sentence(text: str) -> bool:
    """Whether a clause is put into words; some are a setting of the contract, such as `reserved: 403`."""
    return text.endswith((".", "!", "?"))


def coverage_sentence(coverage: Document) -> str:
    """How much of what the contract declares was met."""
    statuses = [
        status for operation in coverage["operations"] for status in operation["statuses"] if status["declared"]
    ]
    return (
        f"{_part(statuses, 'seen')} documented statuses, {_part(coverage['request_fields'], 'sent')} request fields, "
        f"{_part(coverage['response_fields'], 'shown')} response fields"
    )


def _part(declared: list[Document], count: str) -> str:
    return f"{sum(bool(one[count]) for one in declared)} of {len(declared)}"


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


_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def pretty(body: str) -> str:
    """JSON of objects and arrays, laid out piece by piece; any other body as it is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return _laid_out(_PIECE.findall(body)) if isinstance(value, dict | list) else body


def _laid_out(pieces: list[str]) -> str:
    written: list[str] = []
    depth = 0
    for before, piece in zip(["", *pieces], pieces, strict=False):
        opened, closes = before in ("{", "["), piece in ("}", "]")
        depth -= closes
        if (opened or closes or before == ",") and not (opened and closes):
            written.append("\n" + "  " * depth)
        written.append(": " if piece == ":" else piece)
        depth += piece in ("{", "[")
    return "".join(written)
