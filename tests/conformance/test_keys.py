"""Keys in files: what can be one, and errors that do not repeat what is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.options import LONGEST, BadKey, checked, key_of_file

KEY = "sk-0123456789"


@pytest.mark.parametrize(
    "content",
    [b"sk-0123456789", b"sk-0123456789\n", b"\xef\xbb\xbfsk-0123456789\r\n", b" \n\tsk-0123456789  \n\n"],
    ids=["alone", "a line", "from Windows", "amid white space"],
)
def test_white_space_around_a_key_is_no_part_of_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    assert key_of_file(str(file)) == KEY


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "the key is empty"),
        (b" \n ", "the key is empty"),
        (b"sk-01\nsk-02\n", "several lines"),
        ("sk-0123é".encode(), "invalid character at position 8"),
        ("sk-л".encode(), "invalid character at position 4"),
        (b"Bearer sk-0123", "invalid character at position 7"),
        (b"sk-01\x0023", "invalid character at position 6"),
        (b"sk-\xff", "the file is not UTF-8 text"),
        (b"x" * (LONGEST + 1), "longer than 65536 bytes"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else None,
)
def test_an_invalid_key_is_rejected_and_not_repeated(content: bytes, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(BadKey, match=fault) as refusal:
        key_of_file(str(file))
    assert "sk-" not in str(refusal.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="No such file"):
        key_of_file(str(tmp_path / "none"))
    with pytest.raises(BadKey, match="Is a directory"):
        key_of_file(str(tmp_path))


def test_a_key_of_all_characters_that_can_be_in_one() -> None:
    visible = "".join(map(chr, range(0x21, 0x7F)))
    assert checked(visible) == visible
