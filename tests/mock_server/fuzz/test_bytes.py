"""Any bytes on a connection get responses that HTTP allows, and nobody reads another request in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.mock_server.fuzz.connection import Mock, Response, responses
from tests.mock_server.fuzz.effort import examples
from tests.mock_server.fuzz.judging import check
from tests.mock_server.fuzz.messages import CUTS, broken, cut, message, read_by_h11
from tests.mock_server.wire import MODELS

BODY = b'{"model_name": "stored"}'
WHOLE = st.sampled_from(
    [
        message("POST", MODELS.encode(), body=BODY),
        message("POST", MODELS.encode(), body=BODY, chunks=[7]),
        message("GET", b"/api/models/gpt-4o/") * 2,
        message("POST", MODELS.encode(), body=BODY, chunks=[3, 9]) + message("GET", b"/api/models/stored/"),
        message("DELETE", b"/api/models/stored/") + message("POST", MODELS.encode(), body=message("GET", b"/")),
        message("POST", b"/_mock/reset", body=b"{}"),
        message("GET", b"/openapi.json", ()),
    ]
)


def written(fuzzed: Mock, pieces: list[bytes]) -> list[Response]:
    """Send bytes to a mock without models, and check what it does."""
    fuzzed.reset()
    found = responses(fuzzed.exchange(*pieces))
    for each in found:
        check(each)
    if all(each.status >= 400 for each in found):
        assert fuzzed.models == {}
    return found


def statuses(found: list[Response]) -> list[int]:
    """Return the statuses. A part may be invalid and too long: the cuts decide which is noticed first."""
    return [400 if each.status in {414, 431} else each.status for each in found]


@examples(600)
@given(raw=broken(WHOLE), cuts=CUTS)
def test_requests_with_something_wrong(fuzzed: Mock, raw: bytes, cuts: list[int]) -> None:
    whole = statuses(written(fuzzed, [raw]))
    known, sound = read_by_h11(raw)
    for ours, (method, target, body) in zip(fuzzed.heard, known, strict=False):
        assert ours.method == method
        assert not target.startswith(b"/") or ours.target == target.partition(b"#")[0].removesuffix(b"?")
        assert not ours.complete or ours.body == body
    assert not sound or sum(each.complete for each in fuzzed.heard) <= len(known)
    assert statuses(written(fuzzed, cut(raw, cuts))) == whole


@examples(150)
@given(raw=st.binary(max_size=300), cuts=CUTS)
def test_random_bytes(fuzzed: Mock, raw: bytes, cuts: list[int]) -> None:
    whole = written(fuzzed, [raw])
    assert [each.status for each in written(fuzzed, cut(raw, cuts))] == [each.status for each in whole]
    assert len(whole) <= 1
