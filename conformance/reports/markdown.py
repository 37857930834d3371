"""The Markdown report: a summary for a pull request or the page of a job, in the dialect of GitHub and GitLab.

Texts of a target stand in code alone, so that none of them is markup, a link, or the mention of a person.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.output import visible
from conformance.redaction import shortened
from conformance.reports.document import LEVELS, PROVENANCES, TITLES, Cell, Document, View, document, place
from conformance.results.result import Result
from conformance.results.verdict import WORDS, Verdict

LONGEST_INLINE = 500
LONGEST_BLOCK = 4_000
"""Characters of a text of a target that stand in one place."""
ENOUGH = 50_000
"""Characters after which failures are only named: a comment holds 65,536."""
NOT_REACHED = WORDS[Verdict.NOT_REACHED].text
_MARKUP = re.compile(r"([\\`*_\[\]<>()#|~@:&$!])")


def as_markdown(result: Result) -> str:
    """The result as Markdown."""
    return summary(document(result))


def summary(told: Document) -> str:
    """A JSON document as Markdown."""
    view = View(told)
    parts = [
        f"## {view.word.mark} {view.word.text}: {_called(view)}",
        "\n".join(f"{code(sentence)}  " if told["stopped_because"] else f"{sentence}  " for sentence in view.sentences),
        _facts(told),
        *([_table(view)] if view.matrix() else []),
    ]
    if view.causes():
        parts.append("### One change each\n\n" + "\n".join(map(_cause, view.causes())))
    for verdict, _, found in view.stories():
        parts.append(f"### {TITLES[verdict]} ({len(found)})")
        parts.extend(_told(found, ENOUGH - sum(map(len, parts))))
    parts.extend(_untested(view))
    return "\n\n".join(parts) + "\n"


def _called(view: View) -> str:
    named = view.called != view.told["target"]
    return escaped(visible(view.called)) if named else code(view.called)


def escaped(text: str) -> str:
    """A text of the user's in a line, none of it markup."""
    return _MARKUP.sub(r"\\\1", text.replace("\n", " "))


def code(text: str) -> str:
    """A text of a target in a line."""
    shown = visible(shortened(text, LONGEST_INLINE)).replace("\n", "\\n")
    fence = "`" * (_longest_run(shown) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def block(text: str, language: str = "") -> str:
    """A text of a target in lines of its own."""
    shown = visible(shortened(text, LONGEST_BLOCK))
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _facts(told: Document) -> str:
    run, contract = told["run"], told["contract"]
    return " · ".join(
        [
            code(told["target"]),
            f"{escaped(contract['title'])} {escaped(contract['version'])} (`{contract['sha256'][:12]}`)",
            f"{run['requests']:,} requests in {run['seconds']:.1f} s",
            f"profile {run['profile']}",
            f"seed {run['seed']}",
        ]
    )


def _table(view: View) -> str:
    head = ["| Section | " + " | ".join(LEVELS) + " |", "|---|" + "---|" * len(LEVELS)]
    rows = [_row(f"{section['title']} ({section['id']})", cells) for section, cells in view.matrix()]
    return "\n".join([*head, *rows, _row("**All**", view.totals())])


def _row(title: str, cells: list[Cell]) -> str:
    return f"| {title} | " + " | ".join(map(_cell, cells, LEVELS)) + " |"


def _cell(cell: Cell, level: str) -> str:
    if cell.empty:
        return ""
    if level == "OPEN":
        return f"{cell.judged} observed"
    untested = f", {cell.untested} untested" if cell.untested else ""
    mark = "" if not cell.judged else "✓ " if cell.whole else "✗ "
    return f"{mark}{cell.passed} of {cell.judged}{untested}"


def _cause(cause: Document) -> str:
    """What one change would fix, in a line."""
    settles = f" settles {', '.join(cause['settles'])}" if cause["settles"] else ""
    helps = f"{' and' if settles else ''} is a part of {', '.join(cause['helps'])}" if cause["helps"] else ""
    return f"- To {code(cause['change'])}{settles}{helps}"


def _told(found: list[Document], room: int) -> Iterator[str]:
    """What is to be told of some requirements, as far as there is room; the others are named."""
    for index, requirement in enumerate(found):
        story = "\n\n".join(_story(requirement))
        room -= len(story)
        if room < 0:
            yield "And, in the other reports: " + ", ".join(one["id"] for one in found[index:]) + "."
            return
        yield story


def _story(requirement: Document) -> Iterator[str]:
    yield f"#### {requirement['id']} {requirement['level']}: {requirement['text']}"
    if requirement["waiver"]:
        waiver = requirement["waiver"]
        yield f"Waived until {waiver['expires']} by {escaped(waiver['owner'])}: {escaped(waiver['reason'])}"
    if not requirement["findings"]:
        yield block("\n".join(requirement["reasons"]))
        return
    finding = requirement["findings"][0]
    yield "\n".join(_lines(requirement, finding))
    if finding["reproduce"]:
        commands = block("\n".join(finding["reproduce"]), "sh")
        yield f"<details><summary>Reproduce</summary>\n\n{commands}\n\n</details>"
    else:
        again = block(finding["rerun"], "sh")
        said = f"Not reproduced by requests alone: {finding['instead']}. This runs the check again:"
        yield f"<details><summary>Reproduce</summary>\n\n{said}\n\n{again}\n\n</details>"


def _lines(requirement: Document, finding: Mapping[str, Any]) -> Iterator[str]:
    if where := place(finding, requirement["id"]):
        yield f"- In {code(where)}{_more(requirement)}"
    yield f"- Expected {code(finding['expected'])}"
    yield f"- Observed {code(finding['observed'])}"
    if finding["hint"]:
        yield f"- Hint: {code(finding['hint'])}"
    clause = requirement["clause"]
    yield f"- {clause['provenance'].capitalize()} ({PROVENANCES[clause['provenance']]}): `{clause['pointer']}`"


def _more(requirement: Document) -> str:
    others = len(requirement["findings"]) - 1
    return f" and {others} more" if others else ""


def _untested(view: View) -> Iterator[str]:
    untested = view.having("not-testable", "not-reached")
    if not untested:
        return
    word = WORDS[Verdict.NOT_TESTABLE]
    lines = [f"- Give `{option}` to judge {', '.join(ids)}" for option, ids in view.missing().items()]
    lines += [f"- {one['id']}: {code('; '.join(one['reasons']) or NOT_REACHED)}" for one in view.untested()]
    title = html.escape(f"{word.text.capitalize()} ({len(untested)})")
    yield f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
