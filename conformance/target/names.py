"""Names of the models that a run creates: of one prefix, unique to the run, in an order that a seed repeats.

They are spelled as the suite likes them, or as a target wants them that takes only some names.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import secrets
import shlex
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from conformance.judge.requests import EXAMPLE, ONLY, is_safe_in_path, validator_for
from conformance.settings import BadSetting, Settings
from conformance.wire.shell import SET_RUN
from contract import Contract, Schema

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
class NameShape:
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

    def summary(self, prefix: str) -> str:
        """All names of the run, as a reader is told of them."""
        return f"{self._stem(prefix, '')}...{self.after}"

    @property
    def shell(self) -> str:
        """The line of a shell script that draws another prefix; by default one that is easy to read."""
        if self == NameShape():
            return SET_RUN
        fixed = self.before + self.form.lead
        return f"RUN={shlex.quote(fixed) if fixed else ''}{self.form.shell}"

    def _stem(self, prefix: str, worker: str) -> str:
        parts = [prefix, worker] if worker else [prefix]
        if worker and not self.form.separator:  # of one width, too
            parts = [prefix, self.form.translated(worker.zfill(2))]
        elif self.form.digits != HEX:
            parts = [prefix, *(self.form.translated(part) for part in parts[1:])]
        return "".join(f"{part}{self.form.separator}" for part in parts)


def shape_for(allows: Callable[[str], bool], samples: Callable[[], Iterator[str]]) -> NameShape | None:
    """Return the first shape whose names are allowed, None where there is none.

    `samples` are names that are allowed: what stands at their beginnings and ends is tried around the run's own part.
    """
    if _fits(NameShape(), allows, large=True):
        return NameShape()
    around = sorted({one for text in samples() for one in _around(text)}, key=lambda one: (len(one[0] + one[1]), one))
    narrow = list[NameShape]()
    for shape in _shapes(around, allows):
        if _fits(shape, allows, large=True):
            return shape
        if _fits(shape, allows, large=False):  # most runs do with numbers of four digits
            narrow.append(shape)
    return next(iter(narrow), None)


def _shapes(around: list[tuple[str, str]], allows: Callable[[str], bool]) -> Iterator[NameShape]:
    """Yield the shapes by which one name at least is allowed."""
    for form in FORMS:
        plain = NameShape(form=form)
        core = plain.name(plain.prefix("9f64e845"), "", 1)
        yield from (NameShape(before, form, after) for before, after in around if allows(before + core + after))


def _fits(shape: NameShape, allows: Callable[[str], bool], *, large: bool) -> bool:
    numbers = [("", 0), ("", FEW - 1), *([("10", FEW + 99_999)] if large else [])]
    prefixes = [shape.prefix(bits) for bits in ("00000000", "9f64e845", "ffffffff")]
    return all(allows(shape.name(prefix, worker, number)) for worker, number in numbers for prefix in prefixes)


def _around(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a text begins with, and what it ends with; of a long one, where that is of the same length."""
    for place in range(len(text) + 1):
        ends = range(place, len(text) + 1) if len(text) <= SHORT else {place, min(place + SHORT // 2, len(text))}
        for rest in ends:
            yield text[:place], text[rest:]


def new_prefix(shape: NameShape = NameShape()) -> str:
    """What all names of a run start with. Random, so that runs never meet, whatever their seed."""
    return shape.prefix(secrets.token_hex(4))


def is_run_name(name: str) -> bool:
    """Whether a run made the name up, as far as that can be told."""
    return OF_A_RUN.match(name) is not None


@dataclass(frozen=True, slots=True)
class LeftoverName:
    """The name of a model that an earlier run left."""

    stem: str
    """The name that the run handed out."""
    tail: str = ""
    """What a check put after it."""
    shared: bool = False
    """Whether more than one organization has a model of that name."""


class Names:
    """Hands out names. Each is plain, and none is the beginning of another."""

    def __init__(
        self,
        worker: str = "",
        prefix: str | None = None,
        shape: NameShape = NameShape(),
        left: Iterable[LeftoverName] = (),
    ) -> None:
        """`left` are names of models that earlier runs left, to be written to again in this order."""
        self.prefix = prefix or new_prefix(shape)
        """What all names of the run start with."""
        self.shape = shape
        self.pattern = shape.pattern(self.prefix, worker)
        """Any name of the run, in whatever text it stands."""
        self.absent_name = shape.name(self.prefix, worker, 0)
        """A name that no model ever has."""
        self._worker = worker
        self._counter = itertools.count(1)
        self._lock = threading.Lock()
        self.issued: list[str] = []
        """Every name that was handed out, in turn."""
        self._spare = list(left)
        self._lent: list[LeftoverName] = []
        self.reuses = bool(self._spare)
        """Whether the run writes to models that earlier runs left."""
        self._reusing = False

    def new_name(self) -> str:
        """A name that nothing was called before."""
        name = self.shape.name(self.prefix, self._worker, self.number())
        with self._lock:
            self.issued.append(name)
        return name

    def model_name(self, tail: str = "", *, shared: bool = False) -> str:
        """A name for a model that need not be new, to put `tail` after it; `shared` if all organizations write to it.

        While names of models that were left are reused, it is one of those that were left with that tail.
        """
        with self._lock:
            spare = [it for it in self._spare if (it.tail, it.shared) == (tail, shared)] if self._reusing else []
            if spare:
                self._spare.remove(spare[0])
                self._lent.append(spare[0])
                self.issued.append(spare[0].stem)
                return spare[0].stem
        return self.new_name()

    @contextmanager
    def reusing(self) -> Iterator[None]:
        """Hand out names of models that were left, for models that need not be new."""
        self._reusing = True
        try:
            yield
        finally:
            self._reusing = False

    def return_unwritten(self, written: Container[str]) -> None:
        """Hand out again what was left and was not written to; `written` are the names of models that were."""
        with self._lock:
            self._spare += [it for it in self._lent if it.stem + it.tail not in written]
            self._lent.clear()

    def stop_reusing(self) -> None:
        """Hand out new names only: those that were left are of no models, or can be deleted."""
        self._spare.clear()
        self.reuses = False

    def number(self) -> int:
        """A number that no name has, and that was not handed out before."""
        with self._lock:
            return next(self._counter)

    def names_in(self, text: str) -> list[str]:
        """The names of the run that stand in a text, in their order."""
        return self.pattern.findall(text)


SAMPLES = 30
"""Names of a pattern that are looked at."""


def name_shape(contract: Contract, settings: Settings) -> tuple[Contract, NameShape]:
    """Return the contract with what the user says of names in the schema of its key, and the shape of a run's names.

    Raises BadSetting where no run can have names of its own.
    """
    key = contract.upsert.request[contract.upsert.key]
    only: str | None = settings["name-pattern"]
    is_valid = validator_for(key.schema)
    schema = {**key.schema, ONLY: only} if only else dict(key.schema)

    def allows(name: str) -> bool:
        if only is not None and re.fullmatch(only, name) is None:
            return False
        return is_valid(name) and is_safe_in_path(name)

    shape = shape_for(allows, lambda: _samples(schema))
    if shape is None:
        raise BadSetting(_without_a_name(contract, settings))
    if shape != NameShape():
        schema[EXAMPLE] = shape.name(shape.prefix("1a2b3c4d"), "", 1)
    request = {**contract.upsert.request, key.name: replace(key, schema=schema)}
    return replace(contract, upsert=replace(contract.upsert, request=request)), shape


def _without_a_name(contract: Contract, settings: Settings) -> str:
    needed = "the letters rc, 6 random characters and 4 digits (or 14 digits) have to fit in"
    key = contract.upsert.key
    if settings["name-pattern"]:
        beside = f" and what {contract.file} says of {key}" if _is_bounded(contract) else ""
        return (
            f"{settings.origins['name-pattern']} {settings['name-pattern']}: no name of a run's own matches it{beside}"
            f"; {needed}; give a pattern that leaves room for them"
        )
    return (
        f"{contract.file}: no name of a run's own is a {key}, by its pattern, minLength and maxLength; {needed}; "
        "give a narrower --name-pattern that leaves room for them"
    )


def _is_bounded(contract: Contract) -> bool:
    return bool({"pattern", "maxLength"} & contract.upsert.request[contract.upsert.key].schema.keys())


def _samples(schema: Schema) -> Iterator[str]:
    """Texts that the schema of the key allows, for what they begin and end with."""
    yield "x" * int(schema.get("minLength", 0))
    for pattern, whole in ((schema.get(ONLY), True), (schema.get("pattern"), False)):
        if pattern is not None:
            yield from _matching(pattern, whole=whole)
            return


def _matching(pattern: str, *, whole: bool) -> list[str]:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException

    found: list[str] = []

    def collect(alphabet: st.SearchStrategy[str] | None) -> None:
        drawing = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole, alphabet=alphabet)
        draw = settings(
            max_examples=SAMPLES,
            database=None,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        draw(given(drawing)(lambda text: found.append(text)))()  # noqa: PLW0108 - Hypothesis looks at its signature

    try:
        collect(st.characters(min_codepoint=33, max_codepoint=126))
    except HypothesisException:  # the pattern has characters of other scripts, or nothing matches it
        with contextlib.suppress(HypothesisException):
            collect(None)
    except re.error:  # of another dialect; --name-pattern says it in ours
        return []
    return found
