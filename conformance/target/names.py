"""Names of the models that a run creates.

All begin with one random prefix, so that runs never share a model, and a reader of the target's data sees whose they
are. Their order repeats with the seed. If a target accepts only some names (`--name-pattern`, or the schema of the
contract), the prefix and the number are written in the first form that fits.
"""

from __future__ import annotations

import itertools
import re
import secrets
import shlex
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from conformance.generate.patterns import matching
from conformance.generate.values import distinct_value
from conformance.judge.requests import EXAMPLE, ONLY, is_safe_in_path, validator_for
from conformance.settings import BadSetting, Settings
from conformance.wire.shell import SET_RUN
from contract import Contract, Schema

HEX, DECIMAL = "0123456789abcdef", "0123456789"
DRAWN = "od -An -N4 -t{} /dev/urandom | tr -d ' \\n'"
"""The shell command that prints 32 random bits."""
SHORT = 24
"""Length up to which a sample is tried with any part of it left out."""
FEW = 9000
"""How many numbers have four digits; later ones begin with 9 and have six."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write the random part of a name, and the number after it."""

    lead: str
    separator: str
    digits: str = HEX
    """The characters for hexadecimal or decimal digits."""
    width: int = 8

    def drawn(self, bits: str) -> str:
        """Return the random part for 32 random bits, given as hexadecimal digits."""
        if self.digits == DECIMAL:
            return self.lead + f"{int(bits, 16):010d}"
        return self.lead + self.translated(bits[-self.width :])

    def translated(self, digits: str) -> str:
        """Return the digits in the characters of the form."""
        return digits.translate(str.maketrans(HEX[: len(self.digits)], self.digits))

    @property
    def shell(self) -> str:
        """Shell words that print the random part of another run, without the lead."""
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
"""In the order of preference; the first that fits is used."""
_HEX_OR_LETTERS = "[0-9a-f]{6,8}|[a-p]{6,8}"
OF_A_RUN = re.compile(rf"(?s:.*)(?:rc[-_.]?(?:{_HEX_OR_LETTERS})|RC[-_.]?(?:{_HEX_OR_LETTERS.upper()}))")
"""The prefix of a run, in a form with letters."""
RUN_PREFIX = re.compile(rf"{OF_A_RUN.pattern}|(?s:.*)\d{{10}}")
"""The prefix of a run, in any form."""


@dataclass(frozen=True, slots=True)
class NameShape:
    """How the names of one run are written."""

    before: str = ""
    form: Form = FORMS[0]
    after: str = ""

    def prefix(self, bits: str) -> str:
        """Return what all names of the run begin with."""
        return self.before + self.form.drawn(bits)

    def name(self, prefix: str, worker: str, number: int) -> str:
        """Return the name with that number, in one process of a run."""
        written = f"{number:04d}" if number < FEW else f"9{number - FEW:05d}"
        return f"{self._stem(prefix, worker)}{self.form.translated(written)}{self.after}"

    def pattern(self, prefix: str, worker: str) -> re.Pattern[str]:
        """Return a pattern that finds the names of that process in any text."""
        digits = self.form.translated(DECIMAL)
        any_digit, last = f"[{digits}]", digits[9]
        number = rf"(?:[{digits[:9]}]{any_digit}{{3}}|{last}{any_digit}{{5}})"
        return re.compile(f"{re.escape(self._stem(prefix, worker))}{number}{re.escape(self.after)}")

    def summary(self, prefix: str) -> str:
        """Return the names of the run in short, for reports."""
        return f"{self._stem(prefix, '')}...{self.after}"

    @property
    def shell(self) -> str:
        """The line of a shell script that sets RUN to a new prefix."""
        if self == NameShape():
            return SET_RUN
        fixed = self.before + self.form.lead
        return f"RUN={shlex.quote(fixed) if fixed else ''}{self.form.shell}"

    def _stem(self, prefix: str, worker: str) -> str:
        parts = [prefix, worker] if worker else [prefix]
        if worker and not self.form.separator:  # without a separator, the width has to be fixed
            parts = [prefix, self.form.translated(worker.zfill(2))]
        elif self.form.digits != HEX:
            parts = [prefix, *(self.form.translated(part) for part in parts[1:])]
        return "".join(f"{part}{self.form.separator}" for part in parts)


def shape_for(allows: Callable[[str], bool], samples: Callable[[], Iterator[str]]) -> NameShape | None:
    """Return the first shape whose names are allowed, or None.

    `samples` yields allowed names: their beginnings and ends are tried around the random part.
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
    """Yield the shapes that give at least one allowed name."""
    for form in FORMS:
        plain = NameShape(form=form)
        core = plain.name(plain.prefix("9f64e845"), "", 1)
        yield from (NameShape(before, form, after) for before, after in around if allows(before + core + after))


def _fits(shape: NameShape, allows: Callable[[str], bool], *, large: bool) -> bool:
    numbers = [("", 0), ("", FEW - 1), *([("10", FEW + 99_999)] if large else [])]
    prefixes = [shape.prefix(bits) for bits in ("00000000", "9f64e845", "ffffffff")]
    return all(allows(shape.name(prefix, worker, number)) for worker, number in numbers for prefix in prefixes)


def _around(text: str) -> Iterator[tuple[str, str]]:
    """Yield pairs of a beginning and an end of a text; for a long text, only some of them."""
    for place in range(len(text) + 1):
        ends = range(place, len(text) + 1) if len(text) <= SHORT else {place, min(place + SHORT // 2, len(text))}
        for rest in ends:
            yield text[:place], text[rest:]


def new_prefix(shape: NameShape = NameShape()) -> str:
    """Return a random prefix for the names of a run, whatever its seed, so that runs never share a model."""
    return shape.prefix(secrets.token_hex(4))


def is_run_name(name: str) -> bool:
    """Return whether the name looks like one that a run created."""
    return OF_A_RUN.match(name) is not None


@dataclass(frozen=True, slots=True)
class LeftoverName:
    """The name of a model that an earlier run left on the target."""

    stem: str
    """The name that the run issued."""
    tail: str = ""
    """What a check appended to it."""
    shared: bool = False
    """Whether more than one organization has a model of that name."""


class Names:
    """Issues names. Each is plain, and none is a prefix of another."""

    def __init__(
        self,
        worker: str = "",
        prefix: str | None = None,
        shape: NameShape = NameShape(),
        left: Iterable[LeftoverName] = (),
    ) -> None:
        """Issue the names in `left` again, in this order, for models that need not be new."""
        self.prefix = prefix or new_prefix(shape)
        """What all names of the run begin with."""
        self.shape = shape
        self.pattern = shape.pattern(self.prefix, worker)
        """Finds the names of the run in any text."""
        self.absent_name = shape.name(self.prefix, worker, 0)
        """A name that no model ever has."""
        self._worker = worker
        self._counter = itertools.count(1)
        self._lock = threading.Lock()
        self.issued: list[str] = []
        """Every name that was issued, in order."""
        self._spare = list(left)
        self._lent: list[LeftoverName] = []
        self.reuses = bool(self._spare)
        """Whether the run reuses models that earlier runs left."""
        self._reusing = False

    def new_name(self) -> str:
        """Return a name that was never issued before."""
        name = self.shape.name(self.prefix, self._worker, self.number())
        with self._lock:
            self.issued.append(name)
        return name

    def model_name(self, tail: str = "", *, shared: bool = False) -> str:
        """Return a name for a model that need not be new; the caller appends `tail`.

        `shared` means that several organizations write to it. Within `reusing`, return the name of a model that an
        earlier run left with the same tail, if there is one.
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
        """Within the block, reuse names of leftover models for models that need not be new."""
        self._reusing = True
        try:
            yield
        finally:
            self._reusing = False

    def return_unwritten(self, written: Container[str]) -> None:
        """Make reused names available again whose models were not written to; `written` has those that were."""
        with self._lock:
            self._spare += [it for it in self._lent if it.stem + it.tail not in written]
            self._lent.clear()

    def stop_reusing(self) -> None:
        """Issue new names only: the leftover models do not exist any more, or can be deleted."""
        self._spare.clear()
        self.reuses = False

    def number(self) -> int:
        """Return a number that is in no name and was never returned before."""
        with self._lock:
            return next(self._counter)

    def names_in(self, text: str) -> list[str]:
        """Return the names of the run that occur in a text, in their order."""
        return self.pattern.findall(text)


def apply_name_pattern(contract: Contract, settings: Settings) -> tuple[Contract, NameShape]:
    """Return the contract with the user's name pattern in the schema of its key, and the shape of the run's names.

    Raises BadSetting if the run cannot have names of its own.
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
    if not only and shape == NameShape():
        return contract, shape
    if shape != NameShape():
        schema[EXAMPLE] = shape.name(shape.prefix("1a2b3c4d"), "", 1)
    request = {**contract.upsert.request, key.name: replace(key, schema=schema)}
    return replace(contract, upsert=replace(contract.upsert, request=request)), shape


def _without_a_name(contract: Contract, settings: Settings) -> str:
    needed = "a name needs room for the letters rc, 6 random characters and 4 digits (or for 14 digits)"
    key = contract.upsert.key
    if settings["name-pattern"]:
        beside = f" and the schema of {key} in {contract.file}" if _is_bounded(contract) else ""
        return (
            f"{settings.place('name-pattern')} {settings['name-pattern']}: no unique name for a model matches it"
            f"{beside}; {needed}; choose a pattern that leaves this room"
        )
    return (
        f"{contract.file}: no unique name for a model matches the pattern, format, minLength and maxLength of {key}; "
        f"{needed}; set a narrower --name-pattern that leaves this room"
    )


def _is_bounded(contract: Contract) -> bool:
    return bool({"pattern", "maxLength"} & contract.upsert.request[contract.upsert.key].schema.keys())


def _samples(schema: Schema) -> Iterator[str]:
    """Yield texts that the schema of the key allows."""
    yield "x" * int(schema.get("minLength", 0))
    yield str(distinct_value(schema, 0))  # has the format
    for pattern, whole in ((schema.get(ONLY), True), (schema.get("pattern"), False)):
        if pattern is not None:
            yield from matching(pattern, whole=whole)
            return
