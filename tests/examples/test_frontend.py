"""The form of the frontend example, in a browser, with the mock at another origin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from mock_server import MockServer
from tests.mock_server.browser import browsing, origin_of
from tests.mock_server.wire import MODELS

FILES = Path(__file__).parents[2] / "examples" / "frontend"
NOT_SURE = "may have been saved or not"
Open = Callable[..., None]

TYPED = {
    "Name": "support-bot",
    "Display name": "Support bot",
    "Base model": "gpt-4o",
    "Provider": "my-vllm",
    "Input cost": "1.25",
}


@pytest.fixture(scope="module")
def context(chromium: str) -> Iterator[BrowserContext]:
    """One for all pages, which store nothing: each new one costs the browser a second."""
    with browsing(chromium) as browser:
        yield browser.new_context()


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with origin_of(FILES) as origin:
        yield origin


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Yield a page on which no script may fail."""
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def visit(page: Page, origin: str, respan_mock: MockServer) -> Open:
    """Return a function that opens the page for this mock."""

    def visit(**query: str) -> None:
        asked = "".join(f"&{name}={value}" for name, value in query.items())
        page.goto(f"{origin}/?api={respan_mock.url}{asked}")

    return visit


def field(page: Page, label: str) -> Locator:
    return page.locator("#model").get_by_label(label, exact=True)


def fill(page: Page, values: dict[str, str]) -> None:
    for label, value in values.items():
        field(page, label).fill(value)


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def problem(page: Page) -> Locator:
    return page.get_by_role("alert")


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def sent(mock: MockServer) -> list[Any]:
    """Return the bodies of the upserts."""
    return [request.request.body.json for request in mock.requests(method="POST", path=MODELS)]


def expect_wrong(page: Page, label: str, message: str) -> None:
    """Expect that a field is marked as invalid and described by its message."""
    expect(field(page, label)).to_have_attribute("aria-invalid", "true")
    expect(field(page, label)).to_have_accessible_description(re.compile(re.escape(message)))


def expect_kept(page: Page, values: dict[str, str]) -> None:
    for label, value in values.items():
        expect(field(page, label)).to_have_value(value)


def test_a_model_is_created_by_keyboard_alone(page: Page, visit: Open, respan_mock: MockServer) -> None:
    visit()
    field(page, "Name").focus()
    page.keyboard.type("support-bot")
    page.keyboard.press("Enter")
    expect(status(page)).to_have_text("Created support-bot.")
    assert sent(respan_mock) == [{"model_name": "support-bot"}]


def test_typed_values_are_sent_and_inherited_values_displayed(page: Page, visit: Open, respan_mock: MockServer) -> None:
    visit()
    fill(page, TYPED)
    field(page, "Accepts images").select_option("No")
    press(page, "Create")
    expect(status(page)).to_have_text("Created support-bot.")
    assert sent(respan_mock) == [
        {
            "model_name": "support-bot",
            "display_name": "Support bot",
            "base_model_name": "gpt-4o",
            "custom_provider_id": "my-vllm",
            "input_cost": 1.25,
            "image_support": 0,
        }
    ]
    expect_kept(page, {**TYPED, "Output cost": "10", "Context window": "128000"})


def test_only_changed_fields_are_sent(page: Page, visit: Open, respan_mock: MockServer) -> None:
    """Sending inherited values would set them on the model."""
    visit()
    fill(page, TYPED)
    press(page, "Create")
    expect(page.get_by_role("heading", name="Change support-bot")).to_be_visible()
    expect(field(page, "Name")).not_to_be_editable()
    fill(page, {"Input cost": "0"})
    press(page, "Save")
    expect(status(page)).to_have_text("Saved support-bot.")
    assert sent(respan_mock)[1] == {"model_name": "support-bot", "input_cost": 0}


def test_a_model_is_loaded_and_changed(page: Page, visit: Open, respan_mock: MockServer) -> None:
    visit()
    fill(page, {"Name": "acme/support bot #1", "Provider": "my-vllm", "Input cost": "2"})
    press(page, "Create")
    expect(status(page)).to_have_text("Created acme/support bot #1.")
    press(page, "New model")
    expect_kept(page, {"Name": "", "Input cost": ""})
    page.locator("#name").fill("acme/support bot #1")
    press(page, "Load")
    expect(status(page)).to_have_text("Loaded acme/support bot #1.")
    expect_kept(page, {"Name": "acme/support bot #1", "Provider": "my-vllm", "Input cost": "2"})
    fill(page, {"Display name": "Bot"})
    press(page, "Save")
    expect(status(page)).to_have_text("Saved acme/support bot #1.")
    assert sent(respan_mock)[1] == {"model_name": "acme/support bot #1", "display_name": "Bot"}


def test_the_page_reports_that_a_model_already_existed(page: Page, visit: Open) -> None:
    visit()
    for said in ("Created support-bot.", "Updated support-bot, which already existed."):
        fill(page, {"Name": "support-bot"})
        press(page, "Create")
        expect(status(page)).to_have_text(said)
        press(page, "New model")


def test_each_field_displays_its_errors(page: Page, visit: Open, respan_mock: MockServer) -> None:
    typed = {"Input cost": "free", "Context window": "1.5", "Display name": "Support bot"}
    visit()
    fill(page, typed)
    press(page, "Create")
    expect(problem(page)).to_have_text("Nothing was saved. Correct the marked fields.")
    expect_wrong(page, "Name", "This field is required.")
    expect_wrong(page, "Input cost", 'got the string "free"')
    expect_wrong(page, "Context window", "Expected an integer")
    expect(field(page, "Name")).to_be_focused()
    expect(field(page, "Display name")).not_to_have_attribute("aria-invalid", "true")
    expect_kept(page, typed)

    fill(page, {"Name": "support-bot", "Input cost": "1"})
    expect(field(page, "Input cost")).not_to_have_attribute("aria-invalid", "true")
    press(page, "Create")
    expect(field(page, "Context window")).to_be_focused()
    assert respan_mock.state["models"] == {}


def test_an_unknown_key(page: Page, visit: Open) -> None:
    visit()
    fill(page, TYPED)
    key = page.get_by_label("API key")
    key.fill("unknown")
    press(page, "Create")
    expect(problem(page)).to_have_text("The API key was not accepted: This API key is not known.")
    expect(key).to_be_focused()
    expect(key).to_have_attribute("aria-invalid", "true")
    expect_kept(page, TYPED)
    key.fill("demo-acme")
    expect(key).not_to_have_attribute("aria-invalid", "true")
    press(page, "Create")
    expect(status(page)).to_have_text("Created support-bot.")


def test_a_read_only_key(page: Page, visit: Open, respan_mock: MockServer) -> None:
    visit()
    page.get_by_label("API key").fill(respan_mock.key("acme", may_write=False))
    fill(page, TYPED)
    press(page, "Create")
    expect(problem(page)).to_contain_text("may read models but not write them. Use a key that may write")
    expect_kept(page, TYPED)


def test_a_built_in_model(page: Page, visit: Open) -> None:
    visit(model="gpt-4o")
    expect(status(page)).to_contain_text("gpt-4o is built in and cannot be changed.")
    fill(page, {"Input cost": "1"})
    press(page, "Save")
    expect(problem(page)).to_contain_text('This is not allowed: model_name: "gpt-4o" is a built-in model')


@pytest.mark.parametrize(("label", "wrong"), [("Base model", "gpt-5-imaginary"), ("Provider", "nobody")])
def test_an_unknown_base_or_provider(page: Page, visit: Open, label: str, wrong: str) -> None:
    visit()
    fill(page, {"Name": "support-bot", label: wrong})
    press(page, "Create")
    expect(problem(page)).to_contain_text("refers to something that does not exist")
    expect_wrong(page, label, f'"{wrong}"')
    expect(field(page, label)).to_be_focused()


def test_a_404_that_may_be_about_either(page: Page, visit: Open) -> None:
    visit()
    fill(page, {"Name": "support-bot", "Base model": "gpt-4o", "Provider": "nobody"})
    press(page, "Create")
    expect(problem(page)).to_contain_text('There is no provider "nobody".')
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_a_model_that_does_not_exist(page: Page, visit: Open) -> None:
    visit(model="support-bot")
    expect(problem(page)).to_contain_text("There is no such model")
    expect(page.get_by_role("heading", name="New model")).to_be_visible()


@pytest.mark.parametrize("busy", [429, 503])
def test_a_busy_api(page: Page, visit: Open, respan_mock: MockServer, busy: int) -> None:
    respan_mock.faults.add(status=busy, headers={"Retry-After": "7"}, count=1)
    visit()
    fill(page, TYPED)
    press(page, "Create")
    expect(problem(page)).to_have_text("The API is busy. Try again in 7 s.")
    expect_kept(page, TYPED)
    press(page, "Try again")
    expect(status(page)).to_have_text("Created support-bot.")
    expect(problem(page)).to_be_empty()


def test_a_busy_api_without_retry_after(page: Page, visit: Open, respan_mock: MockServer) -> None:
    respan_mock.faults.add(status=503)
    visit(model="gpt-4o")
    expect(problem(page)).to_have_text("The API is busy. Try again later.")


BROKEN = {
    "reset": ({"reset": True}, "closed the connection"),
    "truncated": ({"truncate": 40}, "cannot be read"),
    "malformed": ({"malform": True}, "cannot be read"),
    "failed": ({"status": 500, "detail": "Out of order."}, "The API failed (500): Out of order."),
    "a gateway's page": ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "The API failed (502)."),
}


@pytest.mark.parametrize(("fault", "said"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_broken_response(
    page: Page, visit: Open, respan_mock: MockServer, fault: dict[str, Any], said: str, when: str
) -> None:
    """The typed values stay whether the model was saved or not, and trying again saves it once."""
    rule = respan_mock.faults.add(**fault, when=when)
    visit()
    fill(page, TYPED)
    press(page, "Create")
    expect(problem(page)).to_contain_text(said)
    if "status" not in fault:
        expect(problem(page)).to_contain_text(NOT_SURE)
    expect_kept(page, TYPED)
    respan_mock.faults.remove(rule)
    press(page, "Try again")
    expect(status(page)).to_have_text("Created support-bot." if when == "before" else "Saved support-bot.")
    assert list(respan_mock.state["models"]["acme"]) == ["support-bot"]


SLOW = {"no answer": {"latency": {"min": 60_000}}, "a body in drops": {"drip": {"bytes": 1, "every": 60_000}}}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_a_slow_response_times_out(page: Page, visit: Open, respan_mock: MockServer, fault: dict[str, Any]) -> None:
    respan_mock.faults.add(**fault)
    visit(timeout="500")
    fill(page, TYPED)
    press(page, "Create")
    expect(problem(page)).to_contain_text("The API did not respond in time.")
    expect(problem(page)).to_contain_text(NOT_SURE)
    expect_kept(page, TYPED)


def test_a_slow_request_can_be_cancelled(page: Page, visit: Open, respan_mock: MockServer) -> None:
    slow = respan_mock.faults.add(latency={"min": 60_000})
    visit()
    fill(page, TYPED)
    press(page, "Create")
    expect(status(page)).to_have_text("Saving …")
    expect(page.locator("main")).to_have_attribute("aria-busy", "true")
    assert page.evaluate("[...document.querySelectorAll('.card')].every((card) => card.inert)")
    press(page, "Cancel")
    expect(problem(page)).to_contain_text("You cancelled the request.")
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("button", name="Create")).to_be_focused()
    expect_kept(page, TYPED)
    respan_mock.faults.remove(slow)
    press(page, "Try again")
    expect(status(page)).to_have_text("Created support-bot.")


def test_an_unreachable_api(page: Page, visit: Open, origin: str) -> None:
    visit()
    page.get_by_label("API address").fill(origin.replace("127.0.0.1", "localhost"))  # lets no other origin in
    fill(page, TYPED)
    press(page, "Create")
    expect(problem(page)).to_contain_text("The API cannot be reached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_accessible(page: Page, visit: Open, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    visit()
    assert Axe().run(page).response["violations"] == []
    fill(page, {"Input cost": "free", "Context window": "x" * 80})
    press(page, "Create")
    expect_wrong(page, "Input cost", "Expected a number")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
