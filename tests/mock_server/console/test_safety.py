"""The page shows any name as text, and is accessible."""

from __future__ import annotations

from typing import Any, Literal

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.mock_server.console.conftest import CUSTOM_MODELS, NARROW, WIDE, Open, upsert
from tests.mock_server.process import MockProcess
from tests.mock_server.wire import MODELS

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "'\"><svg/onload=alert(1)>",
    "__proto__",
    "constructor",
    "a\u202egnp.exe\u0000\u200b",
    "x" * 300,
    "مرحبا",
]

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def fill(client: httpx2.Client) -> None:
    """Create something for every part of the page."""
    for name in HOSTILE:
        upsert(client, name, display_name=name)
        client.get(f"{MODELS}{name.encode().hex()}<b>/")
    upsert(client, "derived", base_model_name="gpt-4o", input_cost=1)
    upsert(client, "wrong", input_cost="<b>free</b>", base_model_name=HOSTILE[0] + "?")
    client.get(f"{MODELS}gpt-4o/", headers={"Prefer": "code=404"})
    client.post("/_mock/faults", json={"status": 503, "count": 1, "detail": HOSTILE[0], "method": "GET"})
    client.post("/_mock/faults", json={"path": HOSTILE[1], "latency": {"min": 1}})
    client.get(f"{MODELS}gpt-4o/")


def open_all(page: Page) -> None:
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    expect(page.get_by_role("table", name="Fields of derived")).to_be_visible()
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")


def test_markup_in_names_is_text(page: Page, client: httpx2.Client) -> None:
    fill(client)
    for name in HOSTILE[:5]:
        expect(page.locator(f"{CUSTOM_MODELS} bdi.name").get_by_text(name, exact=True)).to_have_count(1)
    open_all(page)
    assert page.locator("main img, main script, main svg, main b:not(.fault b)").count() == 0


def test_invisible_characters_are_escaped(page: Page, client: httpx2.Client) -> None:
    upsert(client, HOSTILE[5])
    shown = page.locator(f"{CUSTOM_MODELS} bdi.name")
    expect(shown).to_have_text("a\\u202egnp.exe\\u0000\\u200b")
    expect(shown.locator(".escape")).to_have_count(3)


@pytest.mark.parametrize("full", [False, True], ids=["empty", "full"])
def test_the_page_is_accessible_and_fits(page: Page, client: httpx2.Client, full: bool) -> None:
    page.emulate_media(reduced_motion="reduce")
    if full:
        fill(client)
        expect(page.locator(CUSTOM_MODELS)).to_have_count(len(HOSTILE) + 1)
        open_all(page)
    for viewport in (WIDE, NARROW):
        page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found: Any = Axe().run(page)
            assert found.violations_count == 0, (viewport, scheme, found.generate_report())
            assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


def test_the_page_works_with_the_keyboard_alone(page: Page, client: httpx2.Client) -> None:
    upsert(client, "m", input_cost="free")
    expect(page.locator("#requests li.row")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the requests")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".validation-error")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied the command")
    page.get_by_role("button", name="Reset all").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Reset all")).to_be_focused()


def test_removing_a_fault_moves_focus_to_the_next(page: Page, client: httpx2.Client) -> None:
    for status in (500, 502, 503):
        client.post("/_mock/faults", json={"status": status})
    page.get_by_role("button", name="Remove the fault f2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove the fault f3")).to_be_focused()


@pytest.mark.parametrize("reduced", [False, True])
def test_reduced_motion_is_respected(
    mock: MockProcess, client: httpx2.Client, open_console: Open, reduced: bool
) -> None:
    client.get(MODELS)
    page = open_console(mock.url, reduced_motion="reduce" if reduced else "no-preference")
    page.locator("#connection[data-state=live]").wait_for()
    page.locator("#requests li.row").wait_for()  # what it loads at first is not new
    client.get(MODELS)
    new = page.locator("#requests li.row.new")
    expect(new).to_have_css("animation-name", "none" if reduced else "fresh")
