"""The command with reports: all at once, to standard output, and where they cannot be written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from tests.conformance.command import KEYS, conformance
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer
from tests.servers.serving import served

FEW = ("--only", "STA-01,STA-02")
REPORTS = ("json", "junit", "html", "markdown")


def _options(folder: Path) -> list[str]:
    return [word for name in REPORTS for word in (f"--{name}", str(folder / name))]


def test_all_reports_of_one_run_agree(tmp_path: Path) -> None:
    naming = ("--implementation", "Acme", "--implementation-version", "2.4")
    with served(AlwaysCreated()) as url:
        ran = conformance(url, *FEW, *naming, *_options(tmp_path), environment=KEYS)
    assert ran.code == 1
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in REPORTS}
    report = json.loads(texts["json"])
    assert (report["exit_code"], report["verdict"]) == (1, "non-conformant")
    assert [r["id"] for r in report["requirements"] if r["verdict"] == "fail"] == ["STA-02"]
    [suite] = JUnitXml.fromstring(texts["junit"].encode())
    assert (suite.tests, suite.failures, suite.errors) == (2, 1, 0)
    assert 'id="STA-02"' in texts["html"]
    assert "#### STA-02 MUST" in texts["markdown"]
    assert all("Acme" in text and "2.4" in text for text in texts.values())


def test_a_report_on_standard_output_has_it_for_itself() -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, *FEW, "--json", "-", environment=KEYS)
    assert ran.code == 0
    assert json.loads(ran.stdout)["verdict"] == "conformant"
    assert "CONFORMANT" in ran.stderr


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_cannot_be_written_is_no_success(name: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    options = ("--json" if name != "json" else "--html", str(other))
    with served(PlainServer()) as url:
        ran = conformance(url, *FEW, f"--{name}", "/dev/full", *options, environment=KEYS)
    assert ran.code == 2
    assert "respan-conformance: /dev/full: No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert other.exists()


def test_a_place_that_is_none_is_known_before_anything_is_sent() -> None:
    asked: list[str] = []

    class Counts(PlainServer):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            asked.append(environ["PATH_INFO"])
            return super().__call__(environ, start_response)

    with served(Counts()) as url:
        ran = conformance(url, *FEW, "--html", "/no/such/folder/report.html", environment=KEYS)
    assert (ran.code, asked) == (2, [])
    assert "--html /no/such/folder/report.html: /no/such/folder is not a writable folder" in ran.stderr


def test_a_run_that_is_interrupted_writes_what_it_knows(tmp_path: Path) -> None:
    asked: list[str] = []

    class Slow(PlainServer):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            asked.append(environ["PATH_INFO"])
            if len(asked) == 60:
                process.send_signal(signal.SIGINT)
            return super().__call__(environ, start_response)

    with served(Slow()) as url:
        command = [sys.executable, "-m", "conformance", url, "--skip", "CON,MOD", *_options(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=KEYS)
        assert process.wait(60) == 130
    assert json.loads((tmp_path / "json").read_text())["verdict"] == "interrupted"
    [suite] = JUnitXml.fromfile(str(tmp_path / "junit"))
    assert suite.errors > 0
    assert "Interrupted" in (tmp_path / "html").read_text(encoding="utf-8")
    assert (tmp_path / "markdown").read_text(encoding="utf-8").startswith("## ! Interrupted")


def test_in_github_actions_failures_annotate_the_job(tmp_path: Path) -> None:
    with served(AlwaysCreated()) as url:
        ran = conformance(url, *FEW, environment={**KEYS, "GITHUB_ACTIONS": "true"})
    lines = ran.stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    [last] = lines[lines.index(f"::{token}::") + 1 :]
    assert last.startswith("::error title=STA-02 fail%3A Every later upsert")
    assert "::error" not in conformance("--list", environment={"GITHUB_ACTIONS": "true"}).stdout
