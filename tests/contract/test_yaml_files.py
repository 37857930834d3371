"""YAML scalars have the values that JSON gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract import read_mapping

SCALARS: dict[str, Any] = {
    "null": None,
    "~": None,
    "": None,
    "true": True,
    "false": False,
    "0": 0,
    "-7": -7,
    "9223372036854775807": 2**63 - 1,
    "1.5": 1.5,
    "-1e3": -1000.0,
    "'5'": "5",
    "!!str 5": "5",
    "on": "on",
    "yes": "yes",
    "True": "True",
    "012": "012",
    "12:30": "12:30",
    "2026-01-15": "2026-01-15",
    ".inf": ".inf",
    "'\U0001f600'": "\U0001f600",
    '"\\u00e9"': "é",
    "|-\n  two\n  lines": "two\nlines",
}


@pytest.mark.parametrize(("written", "value"), SCALARS.items())
def test_scalar(written: str, value: Any, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(f"x: {written}", encoding="utf-8")
    found = read_mapping(file)["x"]
    assert found == value
    assert type(found) is type(value)


def test_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(b"\xef\xbb\xbfx: 1")
    assert read_mapping(file) == {"x": 1}
