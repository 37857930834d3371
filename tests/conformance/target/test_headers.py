"""Headers of the user's: where they are read from, which are refused, and that their values are shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.target.connection import FORBIDDEN, HeaderError, read_headers


def _read(*given: str) -> list[tuple[str, str, str]]:
    return [(name, secret.value, secret.shell) for name, secret in read_headers(given)]


def test_a_value_is_printed_as_a_variable_named_after_the_header() -> None:
    assert _read("X-Gateway-Key:  s3cret, too ") == [("X-Gateway-Key", "s3cret, too", "$RESPAN_HEADER_X_GATEWAY_KEY")]


def test_no_secret_is_in_what_is_logged() -> None:
    assert "s3cret" not in repr(read_headers(["X-Gateway-Key: s3cret"]))


@pytest.mark.parametrize("written", ["$GATEWAY_KEY", "${GATEWAY_KEY}"])
def test_a_value_may_come_from_the_environment(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "s3cret")
    assert _read(f"X-Key: {written}") == [("X-Key", "s3cret", "$GATEWAY_KEY")]


def test_headers_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "headers.txt"
    file.write_text("X-One: 1\r\n\r\nX-Two: zwei\n")
    assert [header[:2] for header in _read(f"@{file}", "X-Three: 3")] == [
        ("X-One", "1"), ("X-Two", "zwei"), ("X-Three", "3")
    ]  # fmt: skip


def test_several_lines_are_several_headers() -> None:
    assert [header[:2] for header in _read("X-One: 1\nX-Two: a: b")] == [("X-One", "1"), ("X-Two", "a: b")]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_headers_that_the_suite_sends_itself_are_rejected(name: str) -> None:
    with pytest.raises(HeaderError, match=f"{name.title()}: .") as refused:
        read_headers([f"{name.title()}: s3cret"])
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "header", ["X-Key", "s3cret", ": s3cret", "X Key: s3cret", "X-Key: s3\0cret", "X-Key: s3\rcret", "X-Clé: s3cret"]
)
def test_an_invalid_header_is_rejected_without_its_value(header: str) -> None:
    with pytest.raises(HeaderError) as refused:
        read_headers([header])
    assert "s3" not in str(refused.value)


def test_an_empty_value_is_rejected() -> None:
    with pytest.raises(HeaderError, match="X-Key: its value is empty"):
        read_headers(["X-Key:"])


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(HeaderError, match="the environment variable NO_SUCH_VARIABLE is not set"):
        read_headers(["X-Key: $NO_SUCH_VARIABLE"])


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(HeaderError, match="@/no/such/file: No such file or directory"):
        read_headers(["@/no/such/file"])
