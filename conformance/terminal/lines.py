"""The requirements of a run by section, one line each."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from conformance.requirements.level import OPEN, SECTIONS
from conformance.results.judged import Judged
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.terminal.hanging import hanging
from conformance.terminal.styles import mark
from conformance.visible import visible


def print_sections(result: Result, console: Console) -> None:
    """Print each section that anything of was judged."""
    verdicts = result.verdicts()
    for section, title in SECTIONS.items():
        judged = [one for one in result.judged.values() if one.requirement.section == section]
        shown = [one for one in judged if verdicts[one.requirement.id] is not Verdict.NOT_SELECTED]
        if shown:
            console.print(Text(f"{section}  {title}", "bold"))
            for one in shown:
                console.print(_line(one, verdicts[one.requirement.id], console))
            console.print()


def _line(judged: Judged, verdict: Verdict, console: Console) -> Text:
    label = Text.assemble("  ", mark(verdict), f" {judged.requirement.id} {judged.level:<6} ")
    return hanging(label, _text(judged, verdict), console)


def _text(judged: Judged, verdict: Verdict) -> Text:
    text = Text(judged.requirement.text)
    if verdict is Verdict.NOT_TESTABLE:
        text.append(f" (not testable: {visible('; '.join(judged.reasons))})", "yellow")
    if verdict is Verdict.NOT_REACHED:
        text.append(" (not reached)", "magenta")
    if verdict is Verdict.WAIVED:
        text.append(f" ({visible(str(judged.waiver))})", "yellow")
    if judged.level is OPEN:
        for observed in dict.fromkeys(judged.observed):
            text.append(f"\nunspecified: observed {visible(observed)}", "dim")
    return text
