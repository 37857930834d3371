"""Swagger UI in a real browser: a demo key is enough to create and read a model there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Locator, Page

from tests.mock_server.browser import browsing, origin_of
from tests.mock_server.conftest import Names
from tests.mock_server.process import MockProcess
from tests.mock_server.wire import KEY


@pytest.fixture
def page(mock: MockProcess, chromium: str) -> Iterator[Page]:
    with browsing(chromium) as browser:
        page = browser.new_page()
        page.goto(f"{mock.url}/ui/")
        yield page


def authorize(page: Page, key: str) -> None:
    page.get_by_role("button", name="Authorize").first.click()
    scheme = page.locator(".auth-container", has_text="apiKey")
    scheme.locator("input").fill(key)
    scheme.locator("button.authorize").click()
    page.locator(".close-modal").click()


def execute(page: Page, operation: str) -> tuple[str, str]:
    """Run an operation that is open and filled in. Status and body of the response."""
    block = page.locator(f"#operations-models-{operation}")
    block.get_by_role("button", name="Execute").click()
    response = block.locator(".live-responses-table tbody tr.response").first
    return (
        response.locator(".response-col_status").inner_text().strip(),
        response.locator(".response-col_description .highlight-code").first.inner_text(),
    )


def open_operation(page: Page, operation: str) -> Locator:
    block = page.locator(f"#operations-models-{operation}")
    block.locator(".opblock-summary").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def test_a_demo_key_creates_and_reads_a_model(page: Page, new_name: Names) -> None:
    name = f"{new_name()}/with slash"
    authorize(page, KEY)
    open_operation(page, "upsertModel").locator("textarea").fill(f'{{"model_name": "{name}", "input_cost": 1.5}}')
    status, body = execute(page, "upsertModel")
    assert status == "201"
    assert name in body
    open_operation(page, "getModel").get_by_placeholder("model_name").fill(name)
    status, body = execute(page, "getModel")
    assert status == "200"
    assert '"input_cost": 1.5' in body


def test_the_page_runs_within_its_policy(mock: MockProcess, chromium: str) -> None:
    with browsing(chromium) as browser:
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{mock.url}/ui/")
        page.get_by_role("button", name="Authorize").first.wait_for()
        assert complaints == []


@pytest.mark.parametrize("path", ["/ui/", "/ui", "/ui/index.html", "/ui/swagger-ui.css"])
def test_no_other_page_can_frame_it_or_run_scripts_in_it(client: httpx2.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    if path == "/ui/":
        assert "'sha256-" in policy


def test_no_other_page_can_frame_it(mock: MockProcess, chromium: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f'<iframe src="{mock.url}/ui/"></iframe>', encoding="utf-8")
    with origin_of(tmp_path) as origin, browsing(chromium) as browser:
        page = browser.new_page()
        with page.expect_console_message(lambda message: "frame" in message.text.lower()):
            page.goto(origin)


def test_both_ways_to_authenticate_are_offered(page: Page) -> None:
    page.get_by_role("button", name="Authorize").first.click()
    titles = [" ".join(title.split()) for title in page.locator(".auth-container h4").all_inner_texts()]
    assert titles == ["apiKey (http, Bearer)", "dashboardJwt (http, Bearer)"]


def test_without_a_key_the_response_explains_itself(page: Page) -> None:
    open_operation(page, "upsertModel")
    status, body = execute(page, "upsertModel")
    assert status.startswith("401")
    assert "credentials were not provided" in body
