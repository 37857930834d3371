"""How the names of a run are spelled: as the suite likes them, or as a target wants them that takes only some names.

A name is made of what every name has to begin and end with, of the run's own part, which is drawn anew for each run,
and of a number. Numbers are of one width, so that no name of a run is the beginning of another.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.wire.shell import DRAWING

HEX, DECIMAL = "0123456789abcdef", "0123456789"
DRAWN = "od -An -N4 -t{} /dev/urandom | tr -d ' \\n'"
"""The shell command that draws 32 bits."""
SHORT = 24
"""Characters up to which a sample is tried with any part of it left out."""
FEW = 9000
"""Numbers of four digits; from here on they begin with 9, and have six."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write the run's own part, and the number after it."""

    lead: str
    separator: str
    digits: str = HEX
    """The characters in place of hexadecimal or decimal digits."""
    width: int = 8

    def drawn(self, bits: str) -> str:
        """The run's own part for 32 random bits, given as hexadecimal digits."""
        if self.digits == DECIMAL:
            return self.lead + f"{int(bits, 16):010d}"
        return self.lead + self.translated(bits[-self.width :])

    def translated(self, digits: str) -> str:
        """The digits in the characters of the form."""
        return digits.translate(str.maketrans(HEX[: len(self.digits)], self.digits))

    @property
    def shell(self) -> str:
        """What draws the part of another run in a shell, without the lead."""
        if self.digits == DECIMAL:
            return f"$(printf %010u $({DRAWN.format('u4')}))"
        made = "" if self.digits == HEX else f" | tr {HEX} {self.digits}"
        return f"$({DRAWN.format('x4')}{made} | tail -c {self.width})"


LETTERS = "abcdefghijklmnop"
FORMS = (
    *(Form(f"rc{separator}", separator) for separator in ("-", "_", ".", "")),
    *(Form(f"RC{separator}", separator, HEX.upper()) for separator in ("-", "_", ".", "")),
    *(Form(f"rc{separator}", separator, LETTERS) for separator in ("-", "_", "")),
    *(Form(f"RC{separator}", separator, LETTERS.upper()) for separator in ("-", "_", "")),
    Form("rc", "", HEX, 6),
    Form("RC", "", HEX.upper(), 6),
    Form("rc", "", LETTERS, 6),
    *(Form("", separator, DECIMAL) for separator in ("-", "")),
)
"""The first that fits is taken: a reader of the target's data is to see whose models they are."""
_HEX_OR_LETTERS = "[0-9a-f]{6,8}|[a-p]{6,8}"
OF_A_RUN = re.compile(rf"(?s:.*)(?:rc[-_.]?(?:{_HEX_OR_LETTERS})|RC[-_.]?(?:{_HEX_OR_LETTERS.upper()}))")
"""What the names of a run begin with, where letters may stand in them."""
RUN_PREFIX = re.compile(rf"{OF_A_RUN.pattern}|(?s:.*)\d{{10}}")
"""What the names of a run begin with, in any form."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the names of one run are spelled."""

    before: str = ""
    form: Form = FORMS[0]
    after: str = ""

    def prefix(self, bits: str) -> str:
        """What all names of the run begin with."""
        return self.before + self.form.drawn(bits)

    def name(self, prefix: str, worker: str, number: int) -> str:
        """The name of that number, of one of the processes of a run."""
        written = f"{number:04d}" if number < FEW else f"9{number - FEW:05d}"
        return f"{self._stem(prefix, worker)}{self.form.translated(written)}{self.after}"

    def pattern(self, prefix: str, worker: str) -> re.Pattern[str]:
        """Any name of that process, in whatever text it stands."""
        digits = self.form.translated(DECIMAL)
        any_digit, last = f"[{digits}]", digits[9]
        number = rf"(?:[{digits[:9]}]{any_digit}{{3}}|{last}{any_digit}{{5}})"
        return re.compile(f"{re.escape(self._stem(prefix, worker))}{number}{re.escape(self.after)}")

    def spelled(self, prefix: str) -> str:
        """All names of the run, as a reader is told of them."""
        return f"{self._stem(prefix, '')}...{self.after}"

    @property
    def shell(self) -> str:
        """The line of a shell script that draws another prefix; by default one that is easy to read."""
        if self == Shape():
            return DRAWING
        fixed = self.before + self.form.lead
        return f"RUN={shlex.quote(fixed) if fixed else ''}{self.form.shell}"

    def _stem(self, prefix: str, worker: str) -> str:
        parts = [prefix, worker] if worker else [prefix]
        if worker and not self.form.separator:  # of one width, too
            parts = [prefix, self.form.translated(worker.zfill(2))]
        elif self.form.digits != HEX:
            parts = [prefix, *(self.form.translated(part) for part in parts[1:])]
        return "".join(f"{part}{self.form.separator}" for part in parts)


def shape_for(allows: Callable[[str], bool], samples: Callable[[], Iterator[str]]) -> Shape | None:
    """Return the first shape whose names are allowed, None where there is none.

    `samples` are names that are allowed: what stands at their beginnings and ends is tried around the run's own part.
    """
    if _fits(Shape(), allows, large=True):
        return Shape()
    around = sorted({one for text in samples() for one in _around(text)}, key=lambda one: (len(one[0] + one[1]), one))
    narrow = list[Shape]()
    for shape in _shapes(around, allows):
        if _fits(shape, allows, large=True):
            return shape
        if _fits(shape, allows, large=False):  # most runs do with numbers of four digits
            narrow.append(shape)
    return next(iter(narrow), None)


def _shapes(around: list[tuple[str, str]], allows: Callable[[str], bool]) -> Iterator[Shape]:
    """Yield the shapes by which one name at least is allowed."""
    for form in FORMS:
        plain = Shape(form=form)
        core = plain.name(plain.prefix("9f64e845"), "", 1)
        yield from (Shape(before, form, after) for before, after in around if allows(before + core + after))


def _fits(shape: Shape, allows: Callable[[str], bool], *, large: bool) -> bool:
    numbers = [("", 0), ("", FEW - 1), *([("10", FEW + 99_999)] if large else [])]
    prefixes = [shape.prefix(bits) for bits in ("00000000", "9f64e845", "ffffffff")]
    return all(allows(shape.name(prefix, worker, number)) for worker, number in numbers for prefix in prefixes)


def _around(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a text begins with, and what it ends with; of a long one, where that is of the same length."""
    for place in range(len(text) + 1):
        ends = range(place, len(text) + 1) if len(text) <= SHORT else {place, min(place + SHORT // 2, len(text))}
        for rest in ends:
            yield text[:place], text[rest:]
