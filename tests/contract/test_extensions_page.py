"""docs/extensions.md agrees with the vocabulary."""

from __future__ import annotations

import re
from pathlib import Path

from contract.vocabulary import VOCABULARY

PAGE = Path(__file__).parents[2] / "docs" / "extensions.md"


def test_the_table_is_the_vocabulary() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `x-")]
    cells = [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    described = {word.strip("`"): (place, form.strip("`")) for word, place, form, _ in cells}
    assert described == {word: (extension.place, extension.form) for word, extension in VOCABULARY.items()}
    assert all(meaning for *_, meaning in cells)
