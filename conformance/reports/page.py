"""The HTML report: one file that loads nothing, laid out by the templates beside this file."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.reports.contrast import Part, contrast
from conformance.reports.document import Document, document
from conformance.reports.pretty import pretty
from conformance.reports.view import KNOWN, LEVELS, TITLES, View, place
from conformance.results.result import Result
from conformance.results.words import TOLD_IN_FULL, WORDS
from conformance.visible import visible

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
        words=WORDS, titles=TITLES, known=KNOWN, levels=LEVELS, told_in_full=TOLD_IN_FULL,
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
