"""A `Prefer` field gets what the contract declares, or a 400 that says what that is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.mock_server.fuzz.connection import Mock, responses
from tests.mock_server.fuzz.effort import examples
from tests.mock_server.fuzz.judging import check_error
from tests.mock_server.fuzz.messages import JSON, message
from tests.mock_server.wire import MODELS

_NAMES = st.sampled_from(["code", "example", "dynamic", "wait", "seed", "respond-async", "Code", "EXAMPLE", "x"])
_VALUES = st.sampled_from(
    [
        "200", "201", "204", "400", "401", "403", "404", "413", "415", "4XX", "default", "500", "099", "-1", "1e3",
        "0x1", "created", "updated", "readOnly", "builtIn", "nope", "true", "false", "maybe", "", '""', '"a', '"a, b"',
        "0", "0.5", "59.9", "60", "61", "999999999", "inf", "nan", "\u0663", "é", "a;b=c", "=", "x" * 300, '"\\"',
    ]
) | st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=8)  # fmt: skip
_PAIRS = st.builds("{}{}{}".format, _NAMES, st.sampled_from(["=", " = ", "", ";", "=="]), _VALUES)
_FIELDS = st.builds(
    lambda pairs, joined: joined.join(pairs),
    st.lists(_PAIRS, max_size=4),
    st.sampled_from([", ", ",", "; ", ";;", " "]),
) | st.text(st.sampled_from(',;="\\ \tacodewit123'), max_size=30)
REQUESTS = [
    ("POST", MODELS, b'{"model_name": "mine"}'),
    ("POST", MODELS, b"{"),
    ("GET", f"{MODELS}gpt-4o/", b""),
    ("GET", f"{MODELS}%FF/", b""),
    ("DELETE", f"{MODELS}mine/", b""),
]


@examples(400)
@given(request=st.sampled_from(REQUESTS), fields=st.lists(_FIELDS, min_size=1, max_size=3))
def test_what_is_preferred(fuzzed: Mock, request: tuple[str, str, bytes], fields: list[str]) -> None:
    fuzzed.reset()
    method, path, body = request
    prefer = [(b"Prefer", each.encode("latin-1", "ignore")) for each in fields]
    (response,) = responses(fuzzed.exchange(message(method, path.encode(), [*JSON, *prefer], body)))
    applied = response.headers.get("preference-applied", "")
    assert applied.isprintable()
    if response.status >= 400:
        assert fuzzed.models == {}
    chosen = "example=" in applied or "dynamic" in applied  # by the schema, which allows more than the mock writes
    if response.status >= 400 and response.body and not chosen:
        check_error(response)
    assert response.status < 500
    if "code=" in applied:
        assert fuzzed.models == {}
        assert f"code={response.status}" in applied.replace('"', "")
