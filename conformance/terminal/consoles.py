"""Consoles: one whose reader may go away, and one that writes to a string."""

from __future__ import annotations

import io

from rich.console import Console

from conformance.streams import silence

ALL_ON_ONE_LINE = 100_000


class PatientConsole(Console):
    """A console whose reader may go away: `| head` must not change the verdict.

    Where nobody looks at it as it grows, in a file or the log of a CI job, each requirement keeps to one line. Colour
    is rich's to decide: on a terminal, but for NO_COLOR, and elsewhere for FORCE_COLOR.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False)
        self.is_watched = self.file.isatty() and self.is_interactive
        if not self.is_watched:
            self.width = ALL_ON_ONE_LINE

    def on_broken_pipe(self) -> None:
        """Go on in silence."""
        self.quiet = True
        silence(self.file)  # type: ignore[arg-type]  # rich says less of it than there is


class StringConsole(Console):
    """A console that writes plain text to a string."""

    def __init__(self, width: int = ALL_ON_ONE_LINE) -> None:
        self._text = io.StringIO()
        super().__init__(
            file=self._text, width=width, color_system=None, force_terminal=False, highlight=False, markup=False
        )

    @property
    def lines(self) -> list[str]:
        """What was written, without the blanks that fill up lines."""
        return [line.rstrip() for line in self._text.getvalue().rstrip("\n").split("\n")]
