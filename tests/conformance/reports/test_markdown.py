"""The Markdown report and the annotations, read as GitHub reads them."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from conformance.output import visible
from conformance.reports.github import MOST, annotation_commands, commands_stopped
from conformance.reports.markdown import as_markdown, block, code, escaped
from conformance.results.record import Stop
from conformance.results.verdict import RunVerdict, Verdict
from tests.conformance.parts import drawn
from tests.conformance.reports.runs import HOSTILE, all_kinds, finding, nothing_found, record

TEXT = st.text(st.sampled_from("`*_<>|#@\n\\&[]() ~aé") | st.characters(codec="utf-8"), max_size=40)


def _tokens(text: str) -> list[Token]:
    """Every token of the text, those in lines too."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


@given(TEXT)
@drawn
def test_a_text_of_a_target_in_a_line_is_code_and_nothing_else(text: str) -> None:
    tokens = _tokens(f"- Observed {code(text)}, end")
    [found] = [token for token in tokens if token.type == "code_inline"]
    shown = visible(text).replace("\n", "\\n")
    assert found.content.strip() == shown.strip()
    texts = [token.content for token in tokens if token.type == "text"]
    assert texts == ["Observed ", ", end"]


@given(TEXT)
@drawn
def test_a_text_of_a_target_in_lines_is_code_and_nothing_else(text: str) -> None:
    tokens = _tokens(block(text, "sh"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == visible(text) + "\n"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30).map(str.strip))
@drawn
def test_a_name_of_the_users_is_text(name: str) -> None:
    tokens = _tokens(f"## Conformant: {escaped(name)}")
    assert {token.type for token in tokens} <= {"heading_open", "inline", "text", "text_special", "heading_close"}
    assert "".join(token.content for token in tokens if token.type in ("text", "text_special")).endswith(name)


class _Tags(HTMLParser):
    """The HTML tags in a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


def test_the_summary_has_the_verdict_and_the_failures() -> None:
    text = as_markdown(all_kinds())
    assert text.startswith("## ✗ Not conformant: Acme \\<Gateway\\> 2.4.1\n\n3 of 9 MUST requirements are not met.")
    assert "| Statuses (STA) | ✗ 1 of 2 | ✗ 0 of 1 |  |" in text
    assert "### Failures (3)" in text
    assert (
        '- Expected `display_name: "Value 2" in the response to the update`\n- Observed `display_name: "Value 1"`'
        in text
    )
    assert "- Stated (the vendor's reference page says so): `#/paths/~1api~1models~1/post/x-clauses/returned`" in text
    assert "- Set `RESPAN_OTHER_ORG_KEY` to test TEN-01" in text
    assert "by jane: the gateway drops the header" in text
    assert as_markdown(nothing_found()).startswith("## ✓ Conformant: `http://127.0.0.1:9000`\n")


def test_markup_of_a_target_is_code() -> None:
    text = as_markdown(all_kinds())
    outside = "".join(token.content for token in _tokens(text) if token.type in ("html_block", "html_inline"))
    assert _Tags(outside).tags == {"details", "summary"}
    assert not [token for token in _tokens(text) if token.type in ("link_open", "image")]
    shown = [token.content for token in _tokens(text) if token.type in ("code_inline", "fence")]
    assert any(visible(HOSTILE) in content for content in shown)


def test_a_stopped_run_has_its_reason() -> None:
    text = as_markdown(all_kinds(stopped=RunVerdict.UNREACHABLE, stop_reason="http://x <b>is</b> gone"))
    assert text.startswith("## ! Unreachable")
    assert "`http://x <b>is</b> gone.`" in text


def test_a_summary_fits_a_comment() -> None:
    result = all_kinds()
    long = "x" * 100_000
    for id in ("STA-01", "IDM-01", "IDM-03", "SCH-09", "SEM-01"):
        result.add(record(id, Verdict.FAIL, finding(id, long, long, reproduce=(long,))))
    for judged in result.judged.values():
        judged.selected = True
        judged.findings = judged.findings or [finding(judged.requirement.id, long, long, reproduce=(long,))]
    text = as_markdown(result)
    assert len(text) < 65_536
    assert "The other reports also have " in text
    assert text.count("<details>") == text.count("</details>")


def _parsed(line: str) -> tuple[str, str, str]:
    """Kind, title and message of an annotation, as the runner reads the command."""
    kind, properties, data = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
    [title] = properties.split(",")
    assert title.startswith("title=")
    undone = [("%2C", ","), ("%3A", ":"), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]
    for escape, character in undone:
        title = title.replace(escape, character)
        if escape not in ("%2C", "%3A"):
            data = data.replace(escape, character)
    return kind, title.removeprefix("title="), data


def test_each_failure_annotates_the_job() -> None:
    found = [_parsed(line) for line in annotation_commands(all_kinds())]
    assert [kind for kind, *_ in found] == ["error"] * 4 + ["warning"] * 2
    assert any(title.startswith("IDM-02 fail: An update returns the new value") for _, title, _ in found)
    messages = [message for _, _, message in found]
    assert 'in display_name: expected display_name: "Value 2" in the response to the update\nobserved' in "".join(
        messages
    )
    assert any("::error::%0A &amp;" in message for message in messages)
    assert annotation_commands(nothing_found()) == []


def test_a_run_that_was_stopped_annotates_the_job() -> None:
    result = nothing_found()
    result.stop(Stop(RunVerdict.UNREACHABLE, "gone"))
    assert annotation_commands(result) == ["::error title=Unreachable::Gone."]


def test_no_more_annotations_than_are_displayed() -> None:
    result = all_kinds()
    for judged in result.judged.values():
        judged.selected = True
        judged.findings = [finding(judged.requirement.id, "a", "b")]
    found = [_parsed(line) for line in annotation_commands(result)]
    assert [kind for kind, *_ in found].count("error") == MOST
    assert any(message.endswith("more; see the report") for _, _, message in found)


def test_what_is_printed_in_a_run_is_no_command() -> None:
    stream = io.StringIO()
    with commands_stopped(stream):
        print("::error::from the target", file=stream)
    stop, _, resume, _ = stream.getvalue().split("\n")
    token = stop.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert resume == f"::{token}::"


@pytest.mark.parametrize("verdict", RunVerdict)
def test_every_verdict_has_a_word(verdict: RunVerdict) -> None:
    result = all_kinds(stopped=verdict)
    assert not as_markdown(result).startswith(f"## ! {verdict.value}:")
