"""The Markdown report: a summary for a pull request or a job page, in the dialect of GitHub and GitLab.

Text from a target appears only as code, so that none of it is markup, a link, or the mention of a person.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from conformance.output import counted, visible
from conformance.redaction import shortened
from conformance.reports.view import LEVELS, PROVENANCE, TITLES, UNTESTED, Cell, View, place
from conformance.requirements.level import OPEN, Level
from conformance.results.finding import Finding
from conformance.results.judged import Group, Judged
from conformance.results.result import Result
from conformance.results.verdict import WORDS, Verdict

LONGEST_INLINE = 500
LONGEST_BLOCK = 4_000
"""Characters of a text from a target in one place."""
ENOUGH = 50_000
"""Characters after which failures are only listed: a comment holds 65,536."""
NOT_REACHED = WORDS[Verdict.NOT_REACHED].text
_MARKUP = re.compile(r"([\\`*_\[\]<>()#|~@:&$!])")


def as_markdown(result: Result) -> str:
    """Return the result as Markdown."""
    view = View(result)
    from_target = bool(result.stop_reason or result.disruptions)
    parts = [
        f"## {view.word.mark} {view.word.text}: {_title(view)}",
        "\n".join(f"{code(sentence) if from_target else sentence}  " for sentence in view.sentences),
        _facts(result),
        *([_table(view)] if view.matrix() else []),
    ]
    if view.causes:
        parts.append("### Common causes\n\n" + "\n".join(map(_cause, view.causes)))
    for verdict, _, found in view.in_full():
        parts.append(f"### {TITLES[verdict]} ({len(found)})")
        parts.extend(_requirements(found, ENOUGH - sum(map(len, parts))))
    parts.extend(_untested(view))
    return "\n\n".join(parts) + "\n"


def _title(view: View) -> str:
    return code(view.title) if view.title == view.result.target else escaped(visible(view.title))


def escaped(text: str) -> str:
    """Return a text of the user for a line, without markup."""
    return _MARKUP.sub(r"\\\1", text.replace("\n", " "))


def code(text: str) -> str:
    """Return a text from a target as code in a line."""
    shown = visible(shortened(text, LONGEST_INLINE)).replace("\n", "\\n")
    fence = "`" * (_longest_run(shown) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def block(text: str, language: str = "") -> str:
    """Return a text from a target as a code block."""
    shown = visible(shortened(text, LONGEST_BLOCK))
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _facts(result: Result) -> str:
    contract = result.contract
    return " · ".join(
        [
            code(result.target),
            f"{escaped(contract.title)} {escaped(contract.version)} (`{contract.digest[:12]}`)",
            f"{counted(result.requests, 'request')} in {result.seconds:.1f} s",
            f"profile {result.about.profile}",
            f"seed {result.seed}",
        ]
    )


def _table(view: View) -> str:
    head = ["| Section | " + " | ".join(LEVELS) + " |", "|---|" + "---|" * len(LEVELS)]
    rows = [_row(f"{title} ({section})", cells) for section, title, cells in view.matrix()]
    return "\n".join([*head, *rows, _row("**All**", view.totals())])


def _row(title: str, cells: list[Cell]) -> str:
    return f"| {title} | " + " | ".join(map(_cell, cells, LEVELS)) + " |"


def _cell(cell: Cell, level: Level) -> str:
    if cell.empty:
        return ""
    if level is OPEN:
        return f"{cell.judged} observed"
    untested = f", {cell.untested} untested" if cell.untested else ""
    mark = "" if not cell.judged else "✓ " if cell.whole else "✗ "
    return f"{mark}{cell.passed} of {cell.judged}{untested}"


def _cause(group: Group) -> str:
    return f"- {code(group.change)} {group.effect}."


def _requirements(found: list[Judged], room: int) -> Iterator[str]:
    """Yield requirements in full as far as there is room, and the IDs of the others."""
    for index, judged in enumerate(found):
        text = "\n\n".join(_requirement(judged))
        room -= len(text)
        if room < 0:
            yield f"The other reports also have {', '.join(one.requirement.id for one in found[index:])}."
            return
        yield text


def _requirement(judged: Judged) -> Iterator[str]:
    yield f"#### {judged.requirement.id} {judged.level}: {judged.requirement.text}"
    if waiver := judged.waiver:
        yield f"Waived until {waiver.expires} by {escaped(waiver.owner)}: {escaped(waiver.reason)}"
    if not judged.findings:
        yield block("\n".join(judged.reasons))
        return
    finding = judged.findings[0]
    yield "\n".join(_lines(judged, finding))
    if finding.reproduce:
        commands = block("\n".join(finding.reproduce), "sh")
        yield f"<details><summary>Reproduce</summary>\n\n{commands}\n\n</details>"
    else:
        why = f"No commands reproduce this: {finding.not_reproduced}. Run the check again:"
        yield f"<details><summary>Reproduce</summary>\n\n{why}\n\n{block(finding.rerun, 'sh')}\n\n</details>"


def _lines(judged: Judged, finding: Finding) -> Iterator[str]:
    if where := place(finding):
        others = len(judged.findings) - 1
        yield f"- In {code(where)}{f' and {others} more' if others else ''}"
    yield f"- Expected {code(finding.expected)}"
    yield f"- Observed {code(finding.observed)}"
    if finding.hint:
        yield f"- Hint: {code(finding.hint)}"
    word = judged.clause.provenance.word
    yield f"- {word.capitalize()} ({PROVENANCE[word]}): `{judged.clause.pointer}`"


def _untested(view: View) -> Iterator[str]:
    untested = view.having(*UNTESTED)
    if not untested:
        return
    word = WORDS[Verdict.NOT_TESTABLE]
    lines = [f"- Set `{option}` to test {', '.join(ids)}" for option, ids in view.missing().items()]
    lines += [f"- {one.requirement.id}: {code('; '.join(one.reasons) or NOT_REACHED)}" for one in view.untested()]
    title = html.escape(f"{word.text.capitalize()} ({len(untested)})")
    yield f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
