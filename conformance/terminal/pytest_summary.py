"""The end of a run as pytest's own terminal report has it."""

from __future__ import annotations

from conformance.results.result import Result
from conformance.terminal.consoles import StringConsole
from conformance.terminal.report import Detail, show, stories
from conformance.terminal.story import Story, one_line, print_story
from conformance.terminal.summary import print_summary


def summary_lines(result: Result, *, quiet: bool) -> list[str]:
    """What is not met, in full where no test of its own has failed for it, the counts, and the verdict."""
    console = StringConsole()
    if quiet:
        show(result, console, Detail.QUIET)
        return console.lines
    for story in stories(result):
        if _has_failed_itself(story):
            console.print(one_line(story))
        else:
            print_story(story, console)
    console.print()
    print_summary(result, console)
    return console.lines


def _has_failed_itself(story: Story) -> bool:
    """Whether pytest has shown the story: a fault on an exchange comes up in whatever test makes that exchange."""
    finding = story.finding
    return finding is None or finding["found_in"] == story.requirement.id
