"""The page shows changes of the mock without a reload."""

from __future__ import annotations

import re

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.mock_server.console.conftest import upsert
from tests.mock_server.wire import MODELS


def organization(page: Page, name: str) -> Locator:
    return page.locator("#models").get_by_role("region", name=name, exact=True)


def latest(page: Page) -> Locator:
    return page.locator("#requests li.row").first


def top_of(part: Locator) -> float:
    """Return the vertical position of a part on the screen."""
    box = part.bounding_box()
    assert box
    return box["y"]


def test_organizations_show_their_keys(page: Page) -> None:
    acme = organization(page, "acme").get_by_role("list", name="API keys").get_by_role("listitem")
    expect(acme).to_have_text([re.compile("demo-acme.*read and write"), re.compile("demo-acme-readonly.*read-only")])
    expect(organization(page, "globex").get_by_text("demo-globex", exact=True)).to_be_visible()
    page.get_by_role("button", name="Copy the key demo-acme-readonly").click()
    expect(page.get_by_role("status")).to_have_text("Copied the key demo-acme-readonly")
    assert page.evaluate("navigator.clipboard.readText()") == "demo-acme-readonly"


def test_a_model_is_created_updated_and_deleted(page: Page, client: httpx2.Client) -> None:
    models = organization(page, "acme").locator("li.model")
    upsert(client, "a/b", input_cost=1.25)
    expect(models).to_have_count(1)
    expect(models).to_contain_text("input_cost 1.25")
    models.locator("summary").click()
    cost = models.get_by_role("row", name="input_cost", exact=False).first
    expect(cost).to_contain_text("1.25")
    expect(cost).to_contain_text("set")
    upsert(client, "a/b", input_cost=0)
    expect(cost.locator(".value")).to_have_text("0")
    expect(cost).to_have_class("changed")
    expect(organization(page, "acme")).to_contain_text("1 model")
    client.delete(f"{MODELS}a/b/")
    expect(models).to_have_count(0)
    expect(organization(page, "acme")).to_contain_text("No models yet.")


def test_a_model_has_inherited_values_and_follows_its_base(page: Page, client: httpx2.Client) -> None:
    upsert(client, "base", output_cost=3)
    upsert(client, "derived", base_model_name="base", input_cost=1)
    organization(page, "acme").locator("li.model", has_text="derived").locator("summary").click()
    fields = page.get_by_role("table", name="Fields of derived")
    output = fields.get_by_role("row").filter(has=page.get_by_role("rowheader", name="output_cost", exact=True))
    expect(output).to_contain_text("from base")
    upsert(client, "base", output_cost=4)
    expect(output.locator(".value")).to_have_text("4")


def test_models_are_grouped_by_organization(page: Page, client: httpx2.Client) -> None:
    client.post(MODELS, json={"model_name": "theirs"}, headers={"Authorization": "Bearer demo-globex"})
    expect(organization(page, "globex").locator("li.model")).to_contain_text("theirs")
    expect(organization(page, "acme").locator("li.model")).to_have_count(0)


def test_a_built_in_model_can_be_opened(page: Page, client: httpx2.Client) -> None:
    page.get_by_text("Built-in models").click()
    page.get_by_role("list", name="Built-in models").get_by_text("gpt-4o", exact=True).click()
    expect(page.get_by_role("table", name="Fields of gpt-4o", exact=True)).to_contain_text("128000")


def test_a_rejected_request_has_its_reason(page: Page, client: httpx2.Client) -> None:
    upsert(client, "m", input_cost="free", base_model_name="none-such")
    expect(latest(page)).to_contain_text("400")
    expect(latest(page).locator(".why")).to_have_text(
        'input_cost: Expected a number, got the string "free". base_model_name: There is no model "none-such".'
    )
    latest(page).locator("summary").click()
    first = latest(page).locator(".validation-error").first
    place, rule = "/input_cost", "#/components/schemas/Cost/type"
    for said in ("input_cost", "a number", 'the string "free"', place, "type", rule):
        expect(first).to_contain_text(said)
    expect(latest(page).get_by_role("group", name="Request").locator("pre")).to_contain_text('"input_cost": "free"')
    expect(latest(page).get_by_role("group", name="Response").locator("pre")).to_contain_text('"base_model_name": [')


def test_bodies_are_indented_without_changing_a_number(page: Page, client: httpx2.Client) -> None:
    body = '{"model_name":"m","input_cost":1.50,"x":[],"y":{}}'
    client.post(MODELS, content=body, headers={"Content-Type": "text/plain"})
    latest(page).locator("summary").click()
    shown = latest(page).get_by_role("group", name="Request").locator("pre").inner_text()
    assert shown == '{\n  "model_name": "m",\n  "input_cost": 1.50,\n  "x": [],\n  "y": {}\n}'


def test_requests_are_filtered(page: Page, client: httpx2.Client) -> None:
    upsert(client, "Lama", display_name="Needle")
    client.get(f"{MODELS}none-such/")
    client.delete(f"{MODELS}Lama/")
    rows = page.locator("#requests li.row")
    expect(rows).to_have_count(3)
    page.get_by_label("Rejected only").check()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("none-such")
    page.get_by_label("Rejected only").uncheck()
    page.get_by_label("Method", exact=True).select_option("DELETE")
    expect(rows).to_have_count(1)
    page.get_by_label("Method", exact=True).select_option("Any method")
    page.get_by_label("Filter the requests by text").fill("needle post")
    expect(rows).to_have_count(1)
    upsert(client, "other", display_name="needle too")
    expect(rows).to_have_count(2)
    page.get_by_label("Filter the requests by text").fill("nothing is so")
    expect(page.get_by_text("No request matches the filters.")).to_be_visible()


def test_the_list_is_bounded_and_displays_more_on_demand(page: Page, client: httpx2.Client) -> None:
    for number in range(230):
        client.get(f"{MODELS}m{number}/")
    rows = page.locator("#requests li.row")
    expect(page.locator("#requests .count")).to_have_text("230")
    expect(rows).to_have_count(100)
    expect(rows.first).to_contain_text("m229")
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(200)
    expect(rows.nth(100).locator("summary")).to_be_focused()


NEAR_THE_END = range(90, 110)
"""Requests after which the first row is at the end of the hundred that the page shows."""


@pytest.mark.parametrize("slow", [range(0), NEAR_THE_END], ids=["many at once", "one by one near the end"])
@pytest.mark.parametrize("name", ["m59", "m20"], ids=["at the top", "further down"])
def test_new_rows_change_neither_focus_nor_position(page: Page, client: httpx2.Client, name: str, slow: range) -> None:
    for number in range(60):
        client.get(f"{MODELS}{name if number == int(name[1:]) else 'x'}/")
    expect(page.locator("#requests .count")).to_have_text("60")
    looked_at = page.locator("#requests li.row > details > summary", has_text=name)
    looked_at.click()
    before = top_of(looked_at)
    for number in range(150):
        client.get(f"{MODELS}y/")
        if number in slow:
            page.wait_for_timeout(60)
    expect(page.locator("#requests .count")).to_have_text("210")
    near = "([part, top]) => Math.abs(part.getBoundingClientRect().top - top) <= 1"  # a page scrolls by whole pixels
    page.wait_for_function(near, arg=[looked_at.element_handle(), before])
    expect(looked_at).to_be_focused()


def test_links_open_a_request_and_a_model(page: Page, client: httpx2.Client) -> None:
    upsert(client, "a/b c%")
    latest(page).locator("summary").click()
    latest(page).get_by_role("button", name="Copy link").click()
    organization(page, "acme").locator("li.model summary").click()
    expect(page.get_by_role("status")).to_have_text("Copied the link")
    to_request = page.evaluate("navigator.clipboard.readText()")
    organization(page, "acme").get_by_role("button", name="Copy link").click()
    page.wait_for_function("old => navigator.clipboard.readText().then(now => now !== old)", arg=to_request)
    to_model = page.evaluate("navigator.clipboard.readText()")
    for link, opened in ((to_request, "#requests li.row > details"), (to_model, "li.model > details")):
        page.goto("about:blank")
        page.goto(link)
        expect(page.locator(opened).first).to_have_attribute("open", "")
