"""The README is true: its programs run, its commands and options exist, and commands print what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main as conformance
from conformance.options import OPTIONS
from conformance.results.verdict import Exit
from tests.figures import output, with_figures
from tests.mock_server.process import started
from tests.servers.catalogue import SERVERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NODE = next(server.command[0] for server in SERVERS if server.name == "node")


def _blocks(language: str) -> list[str]:
    """Return the code blocks of a language; of those without one if it is empty."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for fence, text in fenced if fence == language]


@pytest.mark.parametrize("block", _blocks("python"), ids=["sdk", "check"])
def test_python_runs(block: str) -> None:
    with started("--quiet") as mock:
        program = block.replace("http://127.0.0.1:8000", mock.url).replace("http://localhost:9000", mock.url)
        ran = subprocess.run(
            [sys.executable, "-c", program.replace('api_key="..."', 'api_key="demo-acme"')],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
    assert "non-conformant" not in ran.stdout


def test_javascript_runs(tmp_path: Path) -> None:
    (block,) = _blocks("js")
    with started("--quiet") as mock:
        script = tmp_path / "readme.mjs"
        script.write_text(block.replace("http://127.0.0.1:8000", mock.url))
        ran = subprocess.run([NODE, str(script)], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("201 {")
    assert "output_cost: 10" in ran.stdout


def test_the_mock_prints_what_the_readme_has() -> None:
    shown = next(block for block in _blocks("") if "a mock of openapi.yaml" in block)
    with started() as mock:
        printed = mock.printed.replace(mock.url, "http://127.0.0.1:8000")
    assert printed.startswith(shown.partition("...")[0])


def test_the_run_in_the_readme_is_current() -> None:
    assert with_figures(README, output()) == README, "stale; run: python -m tests.figures"


def test_options_that_the_readme_names_exist(capsys: pytest.CaptureFixture[str]) -> None:
    conformance_options = {f"--{option.name}" for option in OPTIONS} | {"--list", "--dry-run"}
    mock_options = {"--delay", "--fail", "--fixtures", "--contract", "--workers", "--store"}
    assert set(re.findall(r"(--[a-z][a-z-]+)", README)) <= conformance_options | mock_options
    variables = {option.environment for option in OPTIONS}
    assert set(re.findall(r"RESPAN_\w+", README)) <= variables


def test_exit_codes_are_those_of_the_command() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert codes == {int(code) for code in Exit}


def test_the_list_names_the_requirements_that_the_readme_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance(["--list"]) == 0
    listed = capsys.readouterr().out
    for id, level, text in re.findall(r"✓ ([A-Z]{3}-\d\d) (\w+) +(.+)", README):
        assert re.search(rf"{id}  {level} +\w+ +{re.escape(text)}", listed)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        file, _, heading = target.partition("#")
        assert (ROOT / file).exists(), target
        if heading:
            assert heading in _anchors((ROOT / file).read_text(encoding="utf-8")), target


def _anchors(page: str) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
