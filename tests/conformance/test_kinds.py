"""Kinds of values: what each takes, and what it says of what it does not take."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.options import APPLICATION, FLAG, WEB_ADDRESS, Kind, Unfit, choice, positive_number, text, whole_number

SEED = whole_number("N", 0, 8)
SECONDS = positive_number("SECONDS", "seconds")
SIZE = choice("NAME", ["small", "large"])


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (text("TEXT"), " as it is ", " as it is "),
        (SEED, "0", 0),
        (SEED, "8", 8),
        (SECONDS, "0.5", 0.5),
        (SECONDS, "1e3", 1000.0),
        (SIZE, "large", "large"),
        *((FLAG, word, True) for word in ("1", "true", "YES", "on")),
        *((FLAG, word, False) for word in ("0", "False", "no", "off")),
        (WEB_ADDRESS, "http://localhost:8000", "http://localhost:8000"),
        (WEB_ADDRESS, "HTTPS://[::1]/v1/", "HTTPS://[::1]/v1/"),
        (APPLICATION, "package.module:app.wsgi", "package.module:app.wsgi"),
    ],
)
def test_what_is_taken(kind: Kind, written: str, value: Any) -> None:
    taken = kind.parse(written)
    assert (taken, type(taken)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *((SEED, word) for word in ("", "-1", "9", "1.0", "many", "1e1")),
        *((SECONDS, word) for word in ("", "0", "-1", "inf", "nan", "soon")),
        *((SIZE, word) for word in ("", "Large", "medium")),
        *((FLAG, word) for word in ("", "2", "maybe")),
        *((WEB_ADDRESS, word) for word in ("localhost:8000", "http://", "ftp://host", "http://h:99999", "http://[::1")),
        *((APPLICATION, word) for word in ("module", ":app", "module:", "a/b.py:app")),
    ],
)
def test_what_is_not_taken(kind: Kind, written: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - whatever it says, the kind says what is expected
        kind.parse(written)
    assert not isinstance(refusal.value, Unfit)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("http://user:hidden@host", "a user or a password"),
        ("http://hidden@host", "a user or a password"),
        ("http://host/?key=hidden", "a query or a fragment"),
        ("http://host/#hidden", "a query or a fragment"),
    ],
)
def test_an_address_with_a_password_is_not_repeated(written: str, fault: str) -> None:
    with pytest.raises(Unfit, match=fault) as unfit:
        WEB_ADDRESS.parse(written)
    assert "hidden" not in str(unfit.value)
