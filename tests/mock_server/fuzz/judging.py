"""What every response of the mock must be, whatever was sent."""

from __future__ import annotations

from tests.mock_server.fuzz.connection import Response

EXPLAINED = range(400, 600)


def check(response: Response) -> None:
    """Fail unless the response is no fault of the mock, and explained where it is an error."""
    assert response.status < 500 or response.status in {501, 505}, response
    if response.status in EXPLAINED and response.body:
        check_error(response)


def check_error(response: Response) -> None:
    """Fail unless the body has the error shape: `detail`, or a map from each field to its messages."""
    assert response.headers["content-type"] == "application/json"
    body = response.json
    assert isinstance(body, dict), body
    assert body, "the response explains nothing"
    if isinstance(body.get("detail"), str):
        assert list(body) == ["detail"]
        messages = [body["detail"]]
    else:
        assert all(isinstance(each, list) and each for each in body.values()), body
        messages = [message for each in body.values() for message in each]
    for message in messages:
        assert isinstance(message, str), message
        check_text(message)


def check_text(text: str) -> None:
    """Fail unless a text says something, and is one line that cannot confuse a terminal."""
    assert text.strip()
    assert text.replace("\u200c", "").replace("\u200d", "").isprintable(), text
