"""Every request target leads where a plain reading of it says."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from tests.mock_server.fuzz.connection import Mock, Response, responses
from tests.mock_server.fuzz.effort import examples
from tests.mock_server.fuzz.judging import check
from tests.mock_server.fuzz.messages import JSON, METHODS, message
from tests.mock_server.wire import MODELS

UPSERT = "/api/models"
_PARTS = [
    "/", "/", "api", "models", "gpt-4o", "mine", "_mock", "ui", "openapi.json", "health", "requests", "..", ".", "//",
    "%2F", "%2f", "%61pi", "%", "%zz", "%00", "%0d%0a", "%FF", "%ed%a0%80", "%e2%80%ae", "%25", "%2e%2e", "?", "?a=b",
    "#", ";a=b", "{model_name}", "*", "\\", "http://", "localhost", ":80", "@", "x" * 400, "v1",
]  # fmt: skip
_PATHS = ["", UPSERT, MODELS, f"{MODELS}gpt-4o/", f"{MODELS}mine/", "/_mock/requests", "/ui/", "http://localhost/api/"]
TARGETS = st.builds(
    lambda start, rest: (start + "".join(rest)).encode(),
    st.sampled_from(_PATHS),
    st.lists(
        st.sampled_from(_PARTS) | st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"])), max_size=7
    ),
).filter(lambda target: len(target) < 2000)


def named(target: bytes) -> str | None:
    """Return the model that a target names, empty for that of all models, or None for any other target."""
    path = unquote_to_bytes(target.partition(b"#")[0].partition(b"?")[0]).decode("utf-8", "surrogateescape")
    if path == MODELS:
        return ""
    return path[len(MODELS) : -1] or None if path.startswith(MODELS) and path.endswith("/") else None


@examples(500)
@given(method=st.sampled_from(METHODS), target=TARGETS, authorized=st.booleans())
def test_a_target_leads_to_its_operation(fuzzed: Mock, method: str, target: bytes, authorized: bool) -> None:
    fields = JSON if authorized else JSON[1:]
    found = responses(fuzzed.exchange(message(method, target, fields)), method)
    assert len(found) <= 1
    for each in found:
        check(each)
        assert fuzzed.models == {}
        if target.startswith(b"/"):
            check_routing(method, named(target), authorized, each)


def check_routing(method: str, name: str | None, authorized: bool, response: Response) -> None:
    """Fail unless this is what a request without a body gets for this model."""
    allowed = {"POST"} if name == "" else {"DELETE", "GET", "HEAD"}
    if name is None or method == "OPTIONS":
        assert "fault of the mock" not in response.body.decode()
    elif method not in allowed:
        assert response.status == 405
        assert set(response.headers["allow"].split(", ")) == allowed
    elif not authorized:
        assert response.status == 401
    elif not name:
        assert response.status == 400
    elif name == "gpt-4o":
        assert response.status == (403 if method == "DELETE" else 200)
    else:
        assert response.status == 404
        assert method == "HEAD" or "There is no model" in response.json["detail"]
