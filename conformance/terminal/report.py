"""Puts the parts of the report together, in as much detail as is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from rich.console import Console
from rich.text import Text

from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.results.words import TOLD_IN_FULL
from conformance.terminal.lines import print_sections
from conformance.terminal.story import Story, one_line, print_story
from conformance.terminal.summary import print_summary, print_verdict
from conformance.visible import visible

TOLD = [verdict for verdict in reversed(TOLD_IN_FULL) if verdict is not Verdict.WAIVED]
"""Verdicts that have a story, the gravest last: it stands nearest to the end, which is read first."""


class Detail(Enum):
    """How much is shown."""

    QUIET = "quiet"
    """A line for each failure, and the verdict."""
    NORMAL = "normal"
    VERBOSE = "verbose"
    """Each test as it ends, with its exchanges."""

    @classmethod
    def asked_for(cls, quiet: bool | None, verbose: bool | None) -> Detail:
        """What the options ask for."""
        if quiet:
            return cls.QUIET
        return cls.VERBOSE if verbose else cls.NORMAL


def show(result: Result, console: Console, detail: Detail = Detail.NORMAL) -> None:
    """Print a result: a line for each requirement, then what failed, then the summary."""
    if detail is Detail.QUIET:
        for story in stories(result):
            console.print(one_line(story), soft_wrap=True)
        print_causes(result, console)
        print_verdict(result, console)
        return
    print_sections(result, console)
    told = list(stories(result))
    if told:
        console.print(Text("Not met", "bold"))
        console.print()
    for story in told:
        print_story(story, console)
        console.print()
    print_causes(result, console)
    print_summary(result, console)


def print_causes(result: Result, console: Console) -> None:
    """Print what one change would fix, a line for each."""
    for group in result.causes():
        settles = f" settles {', '.join(group.settles)}" if group.settles else ""
        helps = f"{' and' if settles else ''} is a part of {', '.join(group.helps)}" if group.helps else ""
        console.print(Text(visible(f"One change, to {group.change},{settles}{helps}")), soft_wrap=True)
    if result.causes():
        console.print()


def stories(result: Result) -> Iterator[Story]:
    """The stories of what is not met, the gravest last."""
    verdicts = result.verdicts()
    for grave in TOLD:
        yield from (Story.of(result, id) for id in result.judged if verdicts[id] is grave)
