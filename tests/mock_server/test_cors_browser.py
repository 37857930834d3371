"""A page of another origin reads every response in a real browser, forced ones and errors too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.mock_server.browser import browsing, origin_of
from tests.mock_server.process import started
from tests.mock_server.wire import KEY, MODELS

FIRST_RESPONSE = "        '200':\n          description: The model existed"
SERVER_FAULT = """\
        '500':
          description: The server failed.
          headers:
            Retry-After: {required: true, schema: {type: integer}, example: 7}
            X-Incident: {schema: {type: string}, example: i-1}
          content: {application/json: {schema: {type: object}, example: {detail: It failed.}}}
"""

ASK = """async ([url, headers, body]) => {
  try {
    const response = await fetch(url, {method: 'POST', credentials: 'include', headers, body});
    return {status: response.status, headers: Object.fromEntries(response.headers), body: await response.json()};
  } catch (error) {
    return {error: String(error)};
  }
}"""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a page that the mock does not serve."""
    directory = tmp_path_factory.mktemp("page")
    (directory / "index.html").write_text("<!doctype html><title>A page</title>", encoding="utf-8")
    with origin_of(directory) as origin:
        yield origin


@pytest.fixture(scope="module")
def page(origin: str, chromium: str) -> Iterator[Page]:
    with browsing(chromium) as browser:
        page = browser.new_page()
        page.goto(origin)
        yield page


@pytest.fixture(scope="module")
def url(origin: str, contract_text: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The upsert on a mock that only that page may call, and whose contract declares a 500."""
    file = tmp_path_factory.mktemp("altered") / "openapi.yaml"
    assert FIRST_RESPONSE in contract_text
    file.write_text(contract_text.replace(FIRST_RESPONSE, SERVER_FAULT + FIRST_RESPONSE), encoding="utf-8")
    with started("--quiet", "--contract", str(file), "--cors-origin", origin) as mock:
        yield mock.url + MODELS


def ask(page: Page, url: str, **headers: str) -> dict[str, Any]:
    """What the page learns of the response to an upsert that it sends with its credentials."""
    given = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}", **headers}
    response: dict[str, Any] = page.evaluate(ASK, [url, given, '{"model_name": "from-a-page"}'])
    return response


def test_it_reads_a_forced_server_error(page: Page, url: str) -> None:
    response = ask(page, url, Prefer="code=500")
    assert (response["status"], response["body"]) == (500, {"detail": "It failed."})
    told = {name: response["headers"][name] for name in ("preference-applied", "retry-after", "x-incident")}
    assert told == {"preference-applied": "code=500", "retry-after": "7", "x-incident": "i-1"}


def test_it_reads_a_forced_and_a_real_401_with_the_challenge(page: Page, url: str) -> None:
    for headers in ({"Prefer": "code=401"}, {"Authorization": "Bearer unknown"}):
        response = ask(page, url, **headers)
        assert response["status"] == 401
        assert response["headers"]["www-authenticate"].startswith('Bearer realm="respan"')


def test_it_reads_what_is_wrong_with_its_preference(page: Page, url: str) -> None:
    response = ask(page, url, Prefer="code=599")
    assert response["status"] == 400
    assert "declared here" in response["body"]["detail"]


def test_it_creates_with_its_credentials(page: Page, url: str) -> None:
    assert ask(page, url)["status"] in {200, 201}


def test_it_reads_a_fault(page: Page, origin: str) -> None:
    with started("--quiet", "--cors-origin", origin, "--fail", "500") as mock:
        response = ask(page, mock.url + MODELS)
    assert response["status"] == 500
    assert response["body"]["detail"]


def test_another_page_learns_nothing(page: Page) -> None:
    with started("--quiet", "--cors-origin", "http://app.example") as mock:
        assert "error" in ask(page, mock.url + MODELS, Prefer="code=200")
