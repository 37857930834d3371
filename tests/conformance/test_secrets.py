"""Secrets in what is told: gone, however a target spells them, and nothing else with them."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.expect import as_json, difference
from conformance.redaction import redacted, shortened
from tests.conformance.parts import drawn

KEY = "sk-Pa+s/w\"o'rd&<\\é>="
NAME = "$RESPAN_API_KEY"
VARIABLES = {KEY: NAME}
AROUND = st.text(st.characters(codec="ascii"), max_size=8)


def _base64(encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda text: encode(text.encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in upper case": str.upper,
    "in a URL": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in JSON": json.dumps,
    "in JSON of other characters": lambda text: json.dumps(text, ensure_ascii=False),
    "in JSON of PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    "in HTML": html.escape,
    "in Python": repr,
    "in hexadecimal digits": lambda text: text.encode().hex(),
    "in base64": _base64(base64.b64encode),
    "in base64 of URLs": _base64(base64.urlsafe_b64encode),
    "in base64 of base64": lambda text: _base64(base64.b64encode)(_base64(base64.b64encode)(text)),
    "in base32": _base64(base64.b32encode),
    "in base32 of lower case": lambda text: _base64(base64.b32encode)(text).lower(),
    "in escapes of JavaScript only": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "in escapes of Python only": lambda text: "".join(f"\\x{ord(each):02x}" for each in text),
    "with one escape": lambda text: text.replace("P", "\\u0050", 1),
    "in percent-encoding only": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "in percent-encoding of percent-encoding": lambda text: quote(quote(text, safe=""), safe=""),
    "in decimal entities": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "in hexadecimal entities": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "in spaced hexadecimal digits": lambda text: text.encode().hex(" "),
    "in hexadecimal digits with colons": lambda text: text.encode().hex(":").upper(),
    "in hexadecimal numbers": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "in JSON of JSON": lambda text: json.dumps(json.dumps(text)),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@given(before=AROUND, after=AROUND)
@drawn
def test_no_spelling_of_a_secret_is_reported(spelled: Callable[[str], str], before: str, after: str) -> None:
    told = redacted(f"{{{spelled(f'{before}{KEY}{after}')}}}", VARIABLES)
    assert NAME in told
    alone = spelled(KEY)
    assert KEY not in told
    assert alone.strip("'\"=") not in told


@given(AROUND, st.integers(3, len(KEY)))
@drawn
def test_a_truncated_secret_is_not_printed_in_part(before: str, kept: int) -> None:
    text = f"expected {before}{KEY[:kept]}"
    told = redacted(f"{shortened(text + '.' * 900, len(text))} shown", VARIABLES)
    assert KEY[:3] not in told
    assert told.endswith(f"{NAME}... ({len(text) + 900} characters) shown")


@given(AROUND, st.integers(0, len(KEY) - 8), st.integers(8, len(KEY)), AROUND)
@drawn
def test_no_part_of_a_secret_is_reported(before: str, start: int, length: int, after: str) -> None:
    told = redacted(f"{before} {KEY[start : start + length]} {after}", VARIABLES)
    assert not [at for at in range(len(KEY) - 7) if KEY[at : at + 8] in told]
    assert NAME in told


@given(st.text(max_size=60), st.text(max_size=60))
@drawn
def test_no_difference_reveals_a_secret(before: str, after: str) -> None:
    said = "\n".join(redacted(line, VARIABLES) for line in difference(before + after, f"{before}{KEY}{after}"))
    assert not [at for at in range(len(KEY) - 7) if json.dumps(KEY[at : at + 8])[1:-1] in said]


def test_what_the_suite_cuts_is_marked_as_cut() -> None:
    assert KEY[:5] not in redacted(as_json("x" * 394 + KEY), {KEY: NAME})


def test_two_secrets_that_differ_in_case_have_their_own_names() -> None:
    variables = {"sk-Secret": "$ONE", "SK-sECRET": "$OTHER"}
    assert redacted("sk-Secret SK-sECRET", variables) == "$ONE $OTHER"


@given(st.text())
@drawn
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert redacted(text, {"sk-0123456789": NAME}) == text


def test_a_letter_that_is_like_another_in_lower_case_only_is_no_stumbling_block() -> None:
    assert redacted("\u017fk-\u212aey sk-key", {"sk-key": NAME}) == f"{NAME} {NAME}"
