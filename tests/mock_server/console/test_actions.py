"""Actions on the page take effect on the mock."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.mock_server.console.conftest import CUSTOM_MODELS, clipboard, upsert
from tests.mock_server.wire import MODELS

GPT_4O = f"{MODELS}gpt-4o/"


def active(client: httpx2.Client) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = client.get("/_mock/faults").json()["faults"]
    return faults


def test_a_click_makes_the_next_request_fail(page: Page, client: httpx2.Client) -> None:
    page.get_by_role("group", name="Next request").get_by_role("button", name="503").click()
    rules = page.get_by_role("list", name="Active faults").get_by_role("listitem")
    expect(rules).to_contain_text("fired 0 of 1")
    failed = client.get(GPT_4O)
    assert (failed.status_code, failed.headers["retry-after"]) == (503, "1")
    assert client.get(GPT_4O).status_code == 200
    expect(rules).to_contain_text("fired 1 of 1")
    expect(page.locator("#requests li.row").nth(1)).to_contain_text("fault f1: status 503")
    page.get_by_role("button", name="Remove the fault f1").click()
    expect(rules).to_have_count(0)
    assert active(client) == []


def test_every_preset_is_accepted(page: Page, client: httpx2.Client) -> None:
    buttons = page.locator(".preset button")
    for number, button in enumerate(buttons.all(), start=1):
        button.click()
        expect(page.get_by_role("list", name="Active faults").get_by_role("listitem")).to_have_count(number)
    assert len(active(client)) == buttons.count() > 8
    assert client.delete("/_mock/faults").status_code == 204
    expect(page.locator("li.fault")).to_have_count(0)


def test_a_connection_is_reset(page: Page, client: httpx2.Client) -> None:
    page.get_by_role("button", name="Reset connection").click()
    expect(page.get_by_role("list", name="Active faults")).to_contain_text("reset")
    with pytest.raises(httpx2.TransportError):
        client.get(GPT_4O)
    assert client.get(GPT_4O).status_code == 200


def test_a_fault_is_limited_to_the_chosen_method_and_organization(page: Page, client: httpx2.Client) -> None:
    page.get_by_label("Method that fails").select_option("POST")
    page.get_by_label("Organization that fails").select_option("globex")
    page.get_by_role("button", name="All 503").click()
    expect(page.get_by_role("list", name="Active faults")).to_contain_text("method POST · organization globex")
    assert [client.get(GPT_4O).status_code, upsert(client, "m").status_code] == [200, 201]
    theirs = {"Authorization": "Bearer demo-globex"}
    assert client.post(MODELS, json={"model_name": "m"}, headers=theirs).status_code == 503


def test_a_rule_can_be_written_and_its_errors_are_displayed(page: Page, client: httpx2.Client) -> None:
    page.get_by_text("Write a rule").click()
    expect(page.get_by_role("term").filter(has_text="probability")).to_be_visible()
    rule = page.get_by_label("Rule as JSON")
    rule.fill('{"status": 503, "reset": true}')
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("alert")).to_contain_text("Give exactly one of status, latency")
    rule.fill("{")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid JSON")
    rule.fill('{"id": "tea", "status": 418, "detail": "Tea only."}')
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("list", name="Active faults")).to_contain_text("tea")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert client.get(GPT_4O).json() == {"detail": "Tea only."}


def test_a_confirmed_reset_resets_everything(page: Page, client: httpx2.Client) -> None:
    upsert(client, "m")
    page.get_by_role("button", name="Slow 1 s").click()
    expect(page.locator(CUSTOM_MODELS)).to_have_count(1)
    page.get_by_role("button", name="Reset all").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert client.get("/_mock/state").json()["models"]
    page.get_by_role("button", name="Reset all").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.locator(CUSTOM_MODELS)).to_have_count(0)
    expect(page.locator("#requests li.row")).to_have_count(0)
    expect(page.locator("li.fault")).to_have_count(0)
    assert client.get("/_mock/state").json()["models"] == {}
    assert active(client) == []


def test_models_and_the_journal_can_be_removed(page: Page, client: httpx2.Client) -> None:
    for name in ("one", "two", "three"):
        upsert(client, name)
    client.post(MODELS, json={"model_name": "theirs"}, headers={"Authorization": "Bearer demo-globex"})
    page.locator(CUSTOM_MODELS, has_text="two").locator("summary").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(CUSTOM_MODELS)).to_have_count(3)
    page.get_by_role("button", name="Remove all models of acme").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator(CUSTOM_MODELS)).to_have_text([re.compile("theirs")])
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("No requests yet.")).to_be_visible()
    assert client.get("/_mock/requests").json()["requests"] == []
    assert client.get("/_mock/state").json()["models"].keys() == {"globex"}


def test_models_are_saved_to_a_file_and_loaded(page: Page, client: httpx2.Client, tmp_path: Path) -> None:
    upsert(client, "m", input_cost=1.5)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save models").click()
    file = tmp_path / "state.json"
    download.value.save_as(file)
    saved = client.get("/_mock/state").json()
    assert json.loads(file.read_text(encoding="utf-8")) == saved
    client.delete(f"{MODELS}m/")
    expect(page.locator(CUSTOM_MODELS)).to_have_count(0)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(CUSTOM_MODELS)).to_contain_text("input_cost 1.5")
    assert client.get("/_mock/state").json() == saved
    file.write_text('{"format": "respan-mock-state", "version": 1, "models": {"nobody": {}}}')
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("there is no such organization")
    assert client.get("/_mock/state").json() == saved


def test_a_scenario_is_saved_to_a_file_unchanged(page: Page, client: httpx2.Client, tmp_path: Path) -> None:
    upsert(client, "m", output_cost=-0.0, max_context_window=2**63 - 1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save scenario").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "respan-mock-scenario.json"
    assert file.read_text(encoding="utf-8") == client.get("/_mock/scenario").text
    values = json.loads(file.read_text(encoding="utf-8"))["models"]["acme"]["m"]["values"]
    assert (str(values["output_cost"]), values["max_context_window"]) == ("-0.0", 2**63 - 1)


REPLAYED = {
    "a create": ("POST", MODELS, {"model_name": "it's $HOME"}, "demo-acme"),
    "a reader's create": ("POST", MODELS, {"model_name": "m"}, "demo-acme-readonly"),
    "a read without a key": ("GET", GPT_4O, None, None),
}


@pytest.mark.parametrize(("method", "path", "body", "key"), REPLAYED.values(), ids=REPLAYED)
def test_a_request_is_copied_as_a_command_that_works(
    page: Page, client: httpx2.Client, method: str, path: str, body: Any, key: str | None
) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {"Authorization": ""}
    status = client.request(method, path, json=body, headers=headers).status_code
    page.locator("#requests li.row summary").first.click()
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("status")).to_have_text("Copied the command")
    subprocess.run(clipboard(page), shell=True, check=True, capture_output=True)
    first, again = client.get("/_mock/requests").json()["requests"]
    assert [again[part] for part in ("method", "path", "organization")] == [
        first[part] for part in ("method", "path", "organization")
    ]
    assert again["request"]["body"] == first["request"]["body"]
    assert again["status"] == (200 if status == 201 else status)


def test_the_first_request_is_sent_from_the_page_or_copied(page: Page, client: httpx2.Client) -> None:
    page.locator("#requests").get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("status")).to_have_text("Copied the command")
    command = clipboard(page)
    page.get_by_role("button", name="Send this request").click()
    expect(page.locator("#requests li.row")).to_contain_text("201")
    subprocess.run(command, shell=True, check=True, capture_output=True)
    expect(page.locator("#requests li.row").first).to_contain_text("200")
