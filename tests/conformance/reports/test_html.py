"""The HTML report in a real browser: it shows what was found, loads nothing, and runs no markup of a target."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from conformance.output import write
from conformance.reports import WRITERS
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict
from tests.conformance.reports.runs import HOSTILE, NAME, all_kinds, nothing_found, one_fault

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """URLs of reports on a run with everything in it, on one without a finding, and on one that was stopped."""
    results: dict[str, Result] = {
        "all": all_kinds(),
        "none": nothing_found(),
        "one": one_fault(),
        "stopped": all_kinds(stopped=RunVerdict.UNREACHABLE, stop_reason="it <b>is</b> gone"),
    }
    folder = tmp_path_factory.mktemp("reports")
    for name, result in results.items():
        write(str(folder / f"{name}.html"), WRITERS["html"](result))
    return {name: (folder / f"{name}.html").as_uri() for name in results}


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport=WIDE)  # type: ignore[arg-type]


@pytest.fixture
def page(context: BrowserContext, files: dict[str, str]) -> Iterator[Page]:
    """The report with everything in it. Whatever the browser complains of fails the test."""
    page = context.new_page()
    page.on("console", lambda message: pytest.fail(f"the browser says: {message.text}"))
    page.on("pageerror", lambda error: pytest.fail(f"the page fails: {error}"))
    page.on("dialog", lambda dialog: pytest.fail("markup of the target was run"))
    page.goto(files["all"])
    yield page
    page.close()


def shown_rows(page: Page) -> set[str]:
    """IDs of the requirements that the list shows."""
    return {id.inner_text() for id in page.locator(".row:visible > summary .id").all()}


def test_the_verdict_comes_first_and_the_failures_right_after(page: Page) -> None:
    expect(page).to_have_title("✗ Not conformant: Acme <Gateway> 2.4.1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Acme <Gateway> 2.4.1")
    expect(page.locator(".verdict")).to_contain_text("3 of 9 MUST requirements are not met.")
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert [heading.split()[0] for heading in headings[:3]] == ["Failures", "Errors", "Unstable"]


def test_a_failure_is_reported_from_expectation_to_clause(page: Page) -> None:
    story = page.locator("#IDM-02")
    expect(story.locator(".expected dd")).to_have_text('display_name: "Value 2" in the response to the update')
    expect(story.locator(".difference .plus")).to_have_text('+ display_name: "Value 1"')
    expect(story.locator("mark").last).to_have_text('"display_name": "Value 1",')
    expect(story.locator(".clause")).to_contain_text("#/paths/~1api~1models~1/post/x-clauses/returned")
    expect(story.locator(".clause")).to_contain_text("stated: the vendor's reference page says so")
    expect(page.locator("#AUT-04 .waiver")).to_contain_text("by jane: the gateway drops the header")
    expect(page.locator("#SCH-09 .case")).to_have_text("Found in the test of IDM-03")


def test_a_difference_is_printed_once_as_lines_or_word_by_word(page: Page) -> None:
    expect(page.locator("#IDM-02 .difference")).to_have_count(1)
    expect(page.locator("#IDM-02 :is(ins, del)")).to_have_count(0)
    expect(page.locator("#AUT-04 .difference")).to_have_count(0)
    expect(page.locator("#AUT-04 .expected ins")).to_have_text("a")
    expect(page.locator("#AUT-04 .observed del")).to_have_text("no")


def test_the_exchanges_say_what_they_are_about(page: Page) -> None:
    story = page.locator("#CON-01")
    assert story.locator(".exchanges").first.locator(".aside").count() == 1
    expect(story.locator(".exchange > summary").nth(1)).to_contain_text(
        "POST /api/models/ 201 rc-0a1b2c3d-7 concurrent, race 1"
    )


def test_nothing_is_loaded(context: BrowserContext, files: dict[str, str]) -> None:
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files["all"])
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [files["all"]]


def test_markup_of_a_target_is_text(page: Page) -> None:
    assert (
        page.locator("img, iframe, object, b b, .unmet b, script + script").count()
        == page.locator(".headers b").count()
    )
    expect(page.locator("#STA-05 .observed")).to_contain_text("</pre></details><script>alert(1)</script><img src=x")
    expect(page.locator("#STA-05 .observed")).to_contain_text("\\u202e \\u0000 ::error::")
    assert NAME in page.locator("#STA-05 .exchange").last.inner_text()
    assert HOSTILE not in page.content()


def test_the_policy_lets_no_other_script_run(page: Page, context: BrowserContext, files: dict[str, str]) -> None:
    other = context.new_page()
    refused: list[str] = []
    other.on("console", lambda message: refused.append(message.text))
    other.goto(files["all"])
    other.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken over'";
        document.body.append(script);
    }""")
    assert "Not conformant" in other.title()
    assert any("Content Security Policy" in text for text in refused)


@pytest.mark.parametrize("name", ["all", "none", "stopped"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(name: str, scheme: str, page: Page, files: dict[str, str]) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(files[name])
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_list_is_filtered(page: Page) -> None:
    form = page.get_by_role("search")
    assert len(shown_rows(page)) == 13
    form.get_by_label("fail 3").check()
    assert shown_rows(page) == {"IDM-02", "STA-05", "SCH-09"}
    form.get_by_label("unstable 1").check()
    assert shown_rows(page) == {"IDM-02", "STA-05", "SCH-09", "CON-01"}
    form.get_by_label("Section").select_option("Statuses")
    assert shown_rows(page) == {"STA-05"}
    expect(page.locator("#IDM-02")).to_be_hidden()
    expect(form.get_by_role("status")).to_have_text("1 of 13 requirements")
    form.get_by_role("button", name="Clear").click()
    expect(form.get_by_role("status")).to_have_text("13 of 13 requirements")
    form.get_by_label("SHOULD").check()
    assert shown_rows(page) == {"STA-10"}
    form.get_by_role("button", name="Clear").click()
    form.get_by_label("Text").fill("DISPLAY_name value")
    assert "IDM-02" in shown_rows(page)
    assert "AUT-01" not in shown_rows(page)
    form.get_by_label("Text").fill("no such thing")
    assert shown_rows(page) == set()


def test_the_filters_work_by_keyboard(page: Page) -> None:
    page.get_by_label("fail 3").focus()
    page.keyboard.press("Space")
    assert len(shown_rows(page)) == 3


def test_a_command_is_copied_as_it_is(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("#STA-05").get_by_role("button", name="Copy the commands")
    button.click()
    expect(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "\u202e" in copied
    assert copied.startswith("curl -sS -i http://127.0.0.1:9000/api/models/ --data-binary '</pre>")


def test_a_link_opens_what_it_leads_to(page: Page) -> None:
    page.get_by_label("fail 3").check()
    page.locator("section:has(#h-untested) a", has_text="TEN-01").click()
    expect(page.locator("#row-TEN-01 .body")).to_be_visible()


def test_it_fits_a_telephone(page: Page, files: dict[str, str]) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for name in files.values():
        page.goto(name)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_it_prints_the_summary_and_each_failure_once(page: Page, files: dict[str, str]) -> None:
    page.goto(files["one"])
    page.emulate_media(media="print")
    for left_out in (".filters", ".copy", ".rows", ".exchanges"):
        expect(page.locator(left_out).first).to_be_hidden()
    expect(page.locator("header.top, .matrix, .unmet")).to_have_count(3)
    for shown in ("header.top", ".matrix", ".unmet", ".unmet .compare", ".unmet .copyable", ".unmet .clause"):
        expect(page.locator(shown)).to_be_visible()
    assert _pages(page) <= 2
    page.goto(files["all"])
    assert _pages(page) <= 6


def _pages(page: Page) -> int:
    """The pages that it takes when printed."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))


def test_without_scripts_everything_is_there(browser: Browser, files: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["all"])
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.locator("#IDM-02 .expected")).to_be_visible()
    assert page.locator(".row").count() == 13
    context.close()


def test_options_that_make_more_testable_are_named(page: Page) -> None:
    untested = page.locator("section:has(#h-untested)")
    expect(untested).to_contain_text("Set RESPAN_OTHER_ORG_KEY to test TEN-01.")
    expect(untested).to_contain_text("SEM-01: a step went wrong")


def test_coverage_is_reported_by_status_and_field(page: Page) -> None:
    section = page.locator("section:has(#h-coverage)")
    expect(section).to_contain_text("5 of 15 documented statuses, 2 of 14 request fields, 5 of 31 response fields")
    expect(section.locator(".undeclared")).to_contain_text("202 undeclared, seen 1")
    assert section.locator(".unseen", has_text="413").count() == 1


def test_an_incomplete_run_has_its_reason(page: Page, files: dict[str, str]) -> None:
    page.goto(files["stopped"])
    expect(page.locator(".verdict")).to_contain_text("Unreachable")
    expect(page.locator(".verdict")).to_contain_text("It <b>is</b> gone.")
