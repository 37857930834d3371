"""The excerpts in the documentation are in the examples."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def test_the_excerpt_in_typescript() -> None:
    page = (ROOT / "docs" / "mock.md").read_text(encoding="utf-8")
    [excerpt] = re.findall(r"^```ts\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert excerpt in (EXAMPLES / "typescript" / "test" / "models.test.ts").read_text(encoding="utf-8")
