"""No run is green in which something was not judged that should have been, whatever went wrong on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.api import run_checks
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict
from conformance.settings import gather
from tests.conformance.command import KEYS, conformance
from tests.mutants.authentication import ANYBODY
from tests.servers.plain import PlainServer
from tests.servers.serving import served

FEW = ["STA-01", "STA-02", "AUT-01"]
OWNER = {"RESPAN_API_KEY": KEYS["RESPAN_API_KEY"]}


class _Listener:
    result: Result | None = None

    def pytest_respan_result(self, result: Result) -> None:
        self.result = result


class _BreaksOff:
    """A plugin with a bug, which shows after the first test."""

    def pytest_respan_progress(self, result: Result) -> None:
        raise RuntimeError("a bug")


class _LosesATest:
    """A plugin with a bug: a test ends before it is judged."""

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if "race" in item.nodeid:
            raise RuntimeError("a bug")


class _SkipsATest:
    """A plugin that skips a test, on account of another project's rules for instance."""

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if "first_upsert" in item.nodeid or "create" in item.nodeid:
            pytest.skip("not today")


class _DoesNotImport:
    """A file of checks that cannot be imported."""

    def pytest_pycollect_makemodule(self, module_path: Path) -> None:
        if module_path.name == "test_idm_times.py":
            raise ImportError("a library is missing")


def _judged(*plugins: object, **options: Any) -> Result:
    listener = _Listener()
    settings = gather({"api_key": "demo-acme", "only": FEW, **options})
    run_checks(settings, [listener, *plugins], app=PlainServer())
    assert listener.result is not None
    return listener.result


@pytest.mark.parametrize("plugin", [_BreaksOff, _SkipsATest, _DoesNotImport])
def test_a_fault_on_our_side_leaves_no_verdict(plugin: Callable[[], object], capfd: pytest.CaptureFixture[str]) -> None:
    result = _judged(plugin())
    assert result.verdict() is RunVerdict.ERROR
    assert result.ruling().reasons


def test_the_same_without_a_fault_conforms() -> None:
    assert _judged().verdict() is RunVerdict.CONFORMANT


def test_tests_that_got_lost_are_counted() -> None:
    ruling = _judged(_SkipsATest()).ruling()
    assert ruling.reasons[-1].startswith("1 of ")
    assert ruling.reasons[-1].endswith(" tests has no result")


def test_a_file_that_cannot_be_imported_is_named() -> None:
    [ground] = _judged(_DoesNotImport()).ruling().reasons
    assert "could not be collected" in ground
    assert "a library is missing" in ground


class Open(PlainServer):
    """Lets everybody in, as the owner."""

    def caller(self, token: str) -> Any:
        return ANYBODY

    def admit(self, request: Any) -> Any:
        return ANYBODY, self.requested_values(self.json_body(request))


def test_a_target_that_is_open_to_everybody_does_not_conform_without_a_key() -> None:
    result = _judged_without_key(Open())
    assert result.verdict() is RunVerdict.NON_CONFORMANT
    assert result.verdicts()["AUT-01"] == "fail"


def _judged_without_key(app: Any) -> Result:
    listener = _Listener()
    run_checks(gather({"only": FEW}), [listener], app=app)
    assert listener.result is not None
    return listener.result


def test_what_must_be_tested_and_is_not_leaves_no_verdict(tmp_path: Path) -> None:
    arguments = ("--only", "STA-01,TEN-01", "--require-all")
    with served(PlainServer()) as url:
        assert conformance(url, *arguments[:2], environment=OWNER).code == 0
        ran = conformance(url, *arguments, environment=OWNER)
    assert ran.code == 4
    assert "not testable, but required by --require-all: TEN-01" in ran.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_report_that_cannot_be_written_is_not_green() -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, "--only", "STA-01", "--json", "/dev/full", environment=OWNER)
    assert ran.code == 2
    assert "/dev/full: No space left on device" in ran.stderr
    assert "CONFORMANT" in ran.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_output_that_cannot_be_written_is_not_green() -> None:
    with served(PlainServer()) as url:
        command = f'exec "$0" -m conformance {url} --only STA-01 >/dev/full'
        script = ["sh", "-c", command, sys.executable]
        ran = subprocess.run(script, env={**os.environ, **OWNER}, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == "respan-conformance: the output is incomplete: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (("",), {}, "URL: the value is empty; give URL"),
        ((), {"RESPAN_URL": ""}, "RESPAN_URL is empty; set it to the URL of the target, or unset it"),
        ((), OWNER, "there is no target for RESPAN_API_KEY; give its URL"),
        (("--provider", "my-vllm"), {}, "there is no target for --provider; give its URL"),
        (("--only", ""), {}, "--only: the value is empty; give IDS"),
        (("--only", "IDM-1"), {}, "--only: there is no requirement or section IDM-1; did you mean IDM-01?"),
        ((), {"RESPAN_SKIP": "IDN"}, "RESPAN_SKIP: there is no requirement or section IDN; did you mean IDM?"),
        (("--waivers", "/no/such/waivers.toml"), {}, "--waivers /no/such/waivers.toml: No such file or directory"),
        (("--config", "/no/such/gate.toml"), {}, "--config /no/such/gate.toml: No such file or directory"),
        (("--seed", "1", "--strict", "extra", "more"), {}, "too many arguments; give one URL"),
    ],
)
def test_what_was_forgotten_or_misspelled_is_wrong_use(
    arguments: tuple[str, ...], environment: dict[str, str], says: str
) -> None:
    ran = conformance(*arguments, environment=environment)
    assert (ran.code, ran.stdout) == (2, "")
    assert says in ran.stderr


@pytest.mark.parametrize(
    "arguments", [("--api-key", "sk-0123"), ("--api-key=sk-0123",), ("--other-org-key", "sk-0123")]
)
def test_a_key_on_the_command_line_is_rejected_and_not_repeated(arguments: tuple[str, ...]) -> None:
    ran = conformance("http://localhost:8000", *arguments)
    assert ran.code == 2
    name = arguments[0].partition("=")[0]
    assert f"give a file that contains it with {name}-file" in ran.stderr
    assert "sk-0123" not in ran.stdout + ran.stderr


def test_a_key_among_the_arguments_of_pytest_is_rejected_and_not_repeated() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conformance.plugin",
        "-c",
        os.devnull,
        "--respan-api-key",
        "sk-01",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "give a file that contains it with --respan-api-key-file" in ran.stderr
    assert "sk-01" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_a_report_and_no_verdict(number: signal.Signals, tmp_path: Path) -> None:
    class Slow(PlainServer):
        def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
            asked.append(environ["PATH_INFO"])
            if len(asked) == 100:
                process.send_signal(number)
            return super().__call__(environ, start_response)

    asked: list[str] = []
    waivers = tmp_path / "waivers.toml"
    options = ("--json", str(tmp_path / "report.json"), "--write-waivers", str(waivers))
    with served(Slow()) as url:
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance", url, *options],
            env=os.environ | OWNER,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "INTERRUPTED" in stdout
    assert '"verdict": "interrupted"' in (tmp_path / "report.json").read_text()
    assert "the run did not complete" in stderr
    assert not waivers.exists()


def test_a_worker_that_dies_is_not_green(tmp_path: Path) -> None:
    (tmp_path / "dying.py").write_text(
        "import os\n"
        "from tests.servers.plain import PlainServer\n"
        "class Dying(PlainServer):\n"
        "    count = 0\n"
        "    def upsert(self, request):\n"
        "        self.count += 1\n"
        "        return super().upsert(request) if self.count < 40 else os._exit(1)\n"
        "app = Dying()\n"
    )
    here = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance.checks", "-n", "1"]
    options = ["--respan-app", "dying:app", "--max-worker-restart", "0", "-c", os.devnull, "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, *options],
        cwd=tmp_path,
        env=os.environ | OWNER | {"PYTHONPATH": f"{here}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "crashed" in ran.stdout
