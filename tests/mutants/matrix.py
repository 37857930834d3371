"""Writes docs/kill-matrix.md, from what the mutants declare: `python -m tests.mutants.matrix`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.requirements.level import MUST, OPEN, Level
from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY
from contract import load
from tests.mutants.catalogue import MUTANTS, SECTIONS, mutants_in, title_of
from tests.mutants.judging import NETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from tests.mutants.mutant import Mutant

DOCUMENT = Path(__file__).parents[2] / "docs" / "kill-matrix.md"
HEAD = """\
# Kill matrix

{mutants} broken servers (`tests/mutants`), each the plain server with one bug, and the requirements that find them.
`tests/mutants/test_kill_matrix.py` runs the suite on each of them, and fails where a mutant trips a requirement that
does not stand here, or fails to trip one that does. What a mutant must not trip is tried by default with one at least
for each requirement, and with all of them, and three seeds, in `tox -e proof`. Requirements in **bold** bind (MUST): a
default run finds the server non-conformant. The others (SHOULD) are deviations that only a strict run fails for.

Requirements that judge what was drawn or generated ({nets}) may find
other mutants as well.

Written by `python -m tests.mutants.matrix`; not to be edited.
"""


def levels() -> dict[str, Level]:
    """The level of every requirement, by its ID."""
    load_checks()
    contract = load()
    return {id: REGISTRY[id].level_in(contract) for id in sorted(REGISTRY)}


def matrix() -> str:
    """The document."""
    binding = levels()
    head = HEAD.format(mutants=len(MUTANTS), nets=", ".join(sorted(NETS)))
    parts = [head, *(_section(section, binding) for section in SECTIONS), _by_requirement(binding)]
    return "\n".join(parts)


def _section(section: ModuleType, binding: dict[str, Level]) -> str:
    rows = ((mutant.__name__, _text(mutant), _ids(sorted(mutant.trips), binding)) for mutant in mutants_in(section))
    return f"## {title_of(section)}\n\n" + _table(("Mutant", "What it does wrong", "Found by"), rows)


def _by_requirement(binding: dict[str, Level]) -> str:
    judged = [id for id, level in binding.items() if level is not OPEN]
    rows = ((_ids([id], binding), REGISTRY[id].text, ", ".join(_finding(id))) for id in judged)
    return "## By requirement\n\n" + _table(("Requirement", "What it asks", "Finds"), rows)


def _finding(id: str) -> Iterator[str]:
    return (mutant.__name__ for mutant in MUTANTS if id in mutant.trips)


def _text(mutant: type[Mutant]) -> str:
    return " ".join((inspect.getdoc(mutant) or "").split())


def _ids(ids: Iterable[str], binding: dict[str, Level]) -> str:
    return ", ".join(f"**{id}**" if binding.get(id) is MUST else id for id in ids)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(matrix(), encoding="utf-8")
