"""The page stays connected: with a token, after a restart, in a flood of requests, and without a journal."""

from __future__ import annotations

import httpx2
from playwright.sync_api import Page, expect

from tests.mock_server.console.conftest import CUSTOM_MODELS, Open, upsert
from tests.mock_server.process import started
from tests.mock_server.wire import KEY, MODELS

AUTHORIZED = {"Authorization": f"Bearer {KEY}"}


def live(page: Page) -> None:
    expect(page.locator("#connection")).to_have_text("Live")


def test_the_page_asks_for_a_token_and_the_tab_stores_it(open_console: Open) -> None:
    with started("--quiet", "--admin-token", "open-sesame") as mock:
        page = open_console(mock.url)
        field = page.get_by_label("Admin token")
        expect(field).to_be_focused()
        expect(page.locator("#connection")).to_have_text("Token required")
        expect(page.get_by_role("alert")).to_have_count(0)
        for wrong in ("closed-sesame", "s\u00e9same", "\u202e"):
            field.fill(wrong)
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_have_text("The token is wrong.")
            expect(page.locator("#console")).to_be_hidden()
            expect(field).to_have_value("")
        field.fill("open-sesame")
        page.keyboard.press("Enter")
        live(page)
        expect(page.get_by_text("demo-acme", exact=True)).to_be_visible()
        page.get_by_role("button", name="All 503").click()
        assert httpx2.get(f"{mock.url}{MODELS}gpt-4o/", headers=AUTHORIZED).status_code == 503
        page.reload()
        live(page)
        expect(page.locator("#requests li.row")).to_contain_text("503")
        assert "sesame" not in page.url
        assert page.evaluate("localStorage.length") == 0


def test_the_page_reconnects_after_a_restart(open_console: Open) -> None:
    with started("--quiet") as mock, httpx2.Client(base_url=mock.url, headers=AUTHORIZED) as client:
        page = open_console(mock.url)
        live(page)
        port = str(mock.address[1])
        upsert(client, "before")
        expect(page.locator(CUSTOM_MODELS)).to_contain_text("before")
        mock.stop()
    expect(page.locator("#connection")).to_have_text("Not reachable, reconnecting")
    with started("--quiet", "--port", port) as mock, httpx2.Client(base_url=mock.url, headers=AUTHORIZED) as client:
        upsert(client, "after")
        client.get("/nothing")
        live(page)
        expect(page.locator(CUSTOM_MODELS)).to_contain_text("after")
        expect(page.locator("#requests li.row")).to_have_count(2)
        upsert(client, "later")
        expect(page.locator(CUSTOM_MODELS).first).to_contain_text("later")


def test_the_page_displays_what_happened_while_it_was_disconnected(page: Page, client: httpx2.Client) -> None:
    upsert(client, "one")
    expect(page.locator(CUSTOM_MODELS)).to_have_count(1)
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    upsert(client, "two")
    page.context.set_offline(False)
    expect(page.locator(CUSTOM_MODELS)).to_have_count(2)
    expect(page.locator("#requests li.row")).to_have_count(2)
    live(page)


def test_a_flood_of_requests_is_shown_at_its_end(page: Page, client: httpx2.Client) -> None:
    for number in range(300):
        upsert(client, f"m{number}", input_cost=number)
    expect(page.locator("#requests .count")).to_have_text("300")
    expect(page.locator("#requests li.row").first).to_contain_text("m299")
    expect(page.locator("section.card").first).to_contain_text("300 models")
    expect(page.locator("section.card").first.locator("li.model")).to_have_count(50)
    page.get_by_role("button", name="Show all 300").click()
    expect(page.locator("section.card").first.locator("li.model")).to_have_count(300)


def test_the_page_reports_that_the_journal_is_off(open_console: Open) -> None:
    with started("--quiet", "--journal", "0") as mock, httpx2.Client(base_url=mock.url, headers=AUTHORIZED) as client:
        page = open_console(mock.url)
        live(page)
        expect(page.locator("#requests")).to_contain_text("The journal is off. Start the mock with --journal 1000.")
        upsert(client, "m")
        expect(page.locator(CUSTOM_MODELS)).to_have_count(1)
        expect(page.get_by_role("alert")).to_have_count(0)
