"""The HTML report: one file that loads nothing, laid out by the templates beside this file."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.output import counted, visible
from conformance.reports.document import started_at, summary
from conformance.reports.view import LEVELS, PROVENANCE, TITLES, View, place
from conformance.requirements.level import SECTIONS
from conformance.results.about import NAME
from conformance.results.coverage import Covered
from conformance.results.finding import Finding
from conformance.results.result import Result
from conformance.results.verdict import IN_FULL, WORDS
from contract.version import installed_version

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?:")


def as_html(result: Result) -> str:
    """Return the result as an HTML page. Every text in it is escaped; only the page's own style and script run."""
    css, js = (TEMPLATES / "report.css").read_text(encoding="utf-8"), (TEMPLATES / "report.js").read_text("utf-8")
    return _environment().get_template("report.html.jinja").render(
        view=View(result),
        result=result,
        summary=summary(result),
        covered=Covered.of(result.coverage, result.contract),
        css=Markup(css),  # noqa: S704 - a file of ours
        js=Markup(js),  # noqa: S704 - a file of ours
        policy=_policy(css, js),
        command=result.about.command.whole(result.seed),
        started_at=started_at(result),
        suite=f"{NAME} {installed_version()}",
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
    environment.filters.update(counted=counted, visible=visible, pretty=pretty, as_attribute=as_attribute, coded=coded)
    environment.globals.update(
        words=WORDS, titles=TITLES, provenance=PROVENANCE, levels=LEVELS, sections=SECTIONS, in_full=IN_FULL,
        compared=compared, place=place, field_of=field_of, names=names, is_sentence=is_sentence,
    )  # fmt: skip
    return environment


def _policy(css: str, js: str) -> str:
    """Return the policy that allows the style and the script of the page, and nothing else."""
    style, script = (f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (css, js))
    rules = f"style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; {rules}"


def as_attribute(text: str) -> Markup:
    """Return a text for an attribute that keeps carriage returns; HTML would read them as line feeds."""
    return Markup(escape(text).replace("\r", "&#13;"))  # noqa: S704 - what is put in is no text of a target


def coded(text: str) -> Markup:
    """Return a text of the contract or of a check, with code elements for its backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def compared(finding: Finding) -> tuple[Sequence[Part], Sequence[Part]]:
    """Return the expected and the observed value in parts; none is marked if the finding lists differing lines."""
    expected, observed = visible(finding.expected), visible(finding.observed)
    return ([Part(expected)], [Part(observed)]) if finding.difference else contrast(expected, observed)


def field_of(finding: Finding) -> str:
    """Return the response field that a finding is about, the innermost of a dotted one; empty if it names none."""
    found = _NAME.match(finding.observed) or _NAME.match(finding.expected)
    return (found[2] or found[1]) if found else ""


def names(line: str, field: str) -> bool:
    """Return whether a line of laid-out JSON is the one of the field."""
    return line.lstrip().startswith(f'"{field}":')


def is_sentence(text: str) -> bool:
    """Return whether a clause is a sentence; some are a setting of the contract, such as `reserved: 403`."""
    return text.endswith((".", "!", "?"))


ALIKE = 0.5
"""The part of the words of the shorter text that the other must share; otherwise their difference says nothing."""
LONG_WORD = 12
LONGEST = 2000
"""Characters; longer texts are not compared."""
_WORD = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\w+|\s+|[^\w\s]")
_VALUE = re.compile(r'.*"|\S*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text."""

    text: str
    differs: bool = False


def contrast(one: str, other: str) -> tuple[Sequence[Part], Sequence[Part]]:
    """Return both texts in parts; no part differs if the texts have too little in common."""
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
    """Return the length of the common beginning of two long words; 0 if it is short: short words are read whole."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
    return alike if alike >= LONG_WORD else 0


def _weight(words: Sequence[str]) -> int:
    return sum(not word.isspace() for word in words)


def _trimmed(parts: list[Part]) -> list[Part]:
    """Return the parts that are not empty; only the value in the last one is marked, not the words after it."""
    parts = [part for part in parts if part.text]
    if not parts or not parts[-1].differs:
        return parts
    value = _VALUE.match(parts[-1].text)
    end = value.end() if value else 0
    text = parts[-1].text
    return [*parts[:-1], *(part for part in (Part(text[:end], True), Part(text[end:])) if part.text)]


_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def pretty(body: str) -> str:
    """Return a JSON object or array with line breaks and indentation; any other body as it is."""
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
