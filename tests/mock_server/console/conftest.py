"""Fixtures of the tests of the console in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect

from tests.mock_server.browser import browsing
from tests.mock_server.process import SECONDS, MockProcess, started
from tests.mock_server.wire import KEY, MODELS

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}

CUSTOM_MODELS = "section.card li.model"
"""A model of an organization, in its list."""

Open = Callable[..., Page]


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=SECONDS * 1000)
    with browsing(chromium) as browser:
        yield browser


@pytest.fixture(scope="package")
def shared_context(browser: Browser) -> BrowserContext:
    """A context for most pages: in a new one, the browser loads and compiles every script of the console again.

    The console stores only the token, and that in the tab, so pages do not see each other.
    """
    return _context(browser)


def _context(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": WIDE, **options})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    return context


@pytest.fixture(scope="package")
def shared_mock() -> Iterator[MockProcess]:
    with started("--quiet") as mock:
        yield mock
        assert mock.stderr == ""


@pytest.fixture
def mock(shared_mock: MockProcess) -> MockProcess:
    """Return a mock in its initial state."""
    httpx2.post(f"{shared_mock.url}/_mock/reset").raise_for_status()
    return shared_mock


@pytest.fixture
def client(mock: MockProcess) -> Iterator[httpx2.Client]:
    """Yield a client of the mock while the page is open."""
    with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


@pytest.fixture
def open_console(browser: Browser, shared_context: BrowserContext) -> Iterator[Open]:
    """Yield a function that opens the console of a mock. Any browser error fails the test."""
    opened_here: list[Page | BrowserContext] = []
    complaints = []

    def told(message: ConsoleMessage) -> None:
        # the browser says so itself of every response that is an error, and of a mock that is stopped
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def opened(url: str, **options: Any) -> Page:
        context = _context(browser, **options) if options else shared_context
        page = context.new_page()
        opened_here.append(context if options else page)
        page.on("console", told)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append("markup was run"))
        page.goto(f"{url}/")
        return page

    yield opened
    shared_context.set_offline(False)
    for each in opened_here:
        each.close()
    assert complaints == []


@pytest.fixture
def page(mock: MockProcess, open_console: Open) -> Page:
    """Return the console of a mock in its initial state."""
    page = open_console(mock.url)
    page.locator("#connection[data-state=live]").wait_for()
    page.locator("#console").wait_for()
    return page


def upsert(client: httpx2.Client, name: str, **values: Any) -> httpx2.Response:
    return client.post(MODELS, json={"model_name": name, **values})


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text
