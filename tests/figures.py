"""Writes the run that README.md shows, with its numbers: `python -m tests.figures`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "README.md"
NOTICE = "no target is given: checking the bundled mock\n"
SHOWN = re.compile(NOTICE + r".*?\n(?=```\n)", re.DOTALL)
HEAD, TAIL = 8, 3
"""The first and the last lines of the output that the page shows."""
VOLATILE = (r"http://127\.0\.0\.1:\d+", r"seed \d+", r"rc-[0-9a-f]{8}", r"\d+\.\d s")
"""What differs from run to run: the page keeps its own."""
TOLERANCE = 0.1
"""How far the number of requests of the page may be from that of a run, which differs a little from run to run."""


def output() -> str:
    """Run the suite on the bundled mock, as the page says, and return what it prints."""
    command = [sys.executable, "-m", "conformance"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=PAGE.parent).stdout


def with_figures(page: str, printed: str) -> str:
    """Return the page with the numbers of a run."""
    lines = printed.rstrip().splitlines()
    old = SHOWN.search(page)
    if old is None:
        raise ValueError(f"{PAGE.name} does not show a run that begins with {NOTICE!r}")
    new = NOTICE + "\n".join([*lines[:HEAD], "...", *lines[-TAIL:]]) + "\n"
    for pattern in VOLATILE:
        if kept := re.search(pattern, old[0]):
            new = re.sub(pattern, kept[0], new)
    page = SHOWN.sub(lambda _: _with_requests(new, old[0]), page)
    estimate = _one(r"about ([\d,]+) requests", new)
    return re.sub(r"(?<=A run sends about )[\d,]+", estimate, page)


def _with_requests(new: str, old: str) -> str:
    """Return the new run with the number of requests of the old one if that is close enough."""
    pattern = r"(?<= in )([\d,]+)(?= requests)"
    before, now = (int(_one(pattern, text).replace(",", "")) for text in (old, new))
    return re.sub(pattern, f"{before:,}", new) if abs(before - now) <= TOLERANCE * now else new


def _one(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"the run does not say {pattern}: {text}")
    return found[1]


if __name__ == "__main__":
    PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), output()), encoding="utf-8")
