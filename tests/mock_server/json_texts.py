"""JSON texts, sound and broken, for whatever reads them."""

from __future__ import annotations

import json

from hypothesis import strategies as st

_NUMBERS = st.sampled_from(
    [
        "-0",
        "-0.0",
        "0e0",
        "1E5",
        "1e308",
        "1e309",
        "-1e400",
        "1e-400",
        "17976931348623159e292",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "1" * 30,
        "1" * 4400,
        "1." + "0" * 400,
    ]
)
_STRINGS = st.text().map(json.dumps) | st.sampled_from(
    [
        r'"\ud83d"',
        r'"\ude80"',
        r'"\ud83d\ude80"',
        r'"\ude80\ud83d"',
        r'"\u0061"',
        '"a"',
        '"\x7f"',
        '"\n"',
        r'"\x"',
        r'"\u12"',
    ]
)
_SCALARS = (
    _NUMBERS | _STRINGS | st.sampled_from(["null", "true", "false", "tru", "'a'", ""]) | st.floats().map(json.dumps)
)
_SPACES = st.sampled_from(["", " ", "\n\t", "\r\n", "\x0c"])


def _array(items: list[str]) -> str:
    return f"[{','.join(items)}]"


def _object(members: list[tuple[str, str, str]]) -> str:
    return "{" + ",".join(f"{space}{name}:{value}" for name, value, space in members) + "}"


TEXTS = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5).map(_array) | st.lists(st.tuples(_STRINGS, inner, _SPACES), max_size=5).map(_object)
    ),
    max_leaves=20,
)
"""Texts that often are JSON: names may stand twice, and numbers may be too large."""


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Draw such a text in bytes, of which some may be missing, doubled, or others."""
    raw = draw(TEXTS).encode()
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(start + 3, len(raw))))
        put = draw(
            st.sampled_from(
                [
                    b"",
                    b",",
                    b"}",
                    b"]",
                    b" ",
                    b'"',
                    b"\xff",
                    b"\xed\xa0\x80",
                    b"\xef\xbb\xbf",
                    b"\x00",
                    raw[start:end] * 2,
                ]
            )
        )
        raw = raw[:start] + put + raw[end:]
    return raw
