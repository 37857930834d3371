"""The command, as its users meet it: what it prints, what it writes, and the codes that it exits with."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.command import KEYS, KNOWN, conformance
from tests.mock_server.process import started
from tests.servers.plain import PlainServer
from tests.servers.serving import served
from tests.servers.variants.state import WithoutReads

OWNER = {"RESPAN_API_KEY": KEYS["RESPAN_API_KEY"]}
FEW = ("--only", "IDM-01,STA-01,AUT-01")


class EveryNumberIsRounded(PlainServer):
    """Costs come back with two decimals."""

    def serialize(self, organization, stored):  # type: ignore[no-untyped-def]
        model = super().serialize(organization, stored)
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in model.items()}


def test_without_a_url_it_checks_the_bundled_mock(tmp_path: Path) -> None:
    ran = conformance("--seed", "7", report=tmp_path / "report.json")
    assert (ran.code, ran.stderr) == (0, "no target is given: checking the bundled mock\n")
    assert "CONFORMANT" in ran.stdout
    assert "seed 7" in ran.stdout
    assert ran.report is not None
    assert ran.report["verdict"] == ran.report["strict_verdict"] == "conformant"
    assert ran.report["run"]["seed"] == 7
    assert ran.report["target"].startswith("http://127.0.0.1:")
    assert 0 < ran.report["run"]["requests"] <= 1520
    assert ran.report["run"]["seconds"] > 0
    assert ran.with_verdict("not-testable", "not-selected", "deviates", "fail", "error") == set()


def test_the_bundled_mock_is_ours_in_a_folder_with_a_package_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mock_server.py").write_text("raise SystemExit('not ours')\n")
    monkeypatch.chdir(tmp_path)
    ran = conformance("--quiet", "--only", "STA-01")
    assert (ran.code, "CONFORMANT" in ran.stdout) == (0, True), ran.stderr


def test_a_bug_is_reported_with_its_evidence(tmp_path: Path) -> None:
    with served(EveryNumberIsRounded()) as url:
        ran = conformance(url, *FEW, report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 1
    assert "NOT CONFORMANT" in ran.stdout
    assert ran.with_verdict("fail") == {"IDM-01"}
    found = ran.requirement("IDM-01")["findings"][0]
    assert found["expected"].startswith("input_cost: 1e-06")
    assert found["observed"].startswith("input_cost: 0")
    assert any(command.startswith("curl ") for command in found["reproduce"])
    for command in found["reproduce"]:
        assert command in ran.stdout


def test_secrets_are_in_no_report(tmp_path: Path) -> None:
    with served(EveryNumberIsRounded()) as url:
        ran = conformance(url, "--only", "IDM,AUT", report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 1
    said = ran.stdout + ran.stderr + (tmp_path / "report.json").read_text()
    assert not [key for key in KEYS.values() if key in said]
    assert "$RESPAN_API_KEY" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--only", "IDM-99"), "there is no requirement or section IDM-99"),
        (("--only", "IDN"), "did you mean IDM?"),
        (("--only", "IDM", "--skip", "IDM"), "select no requirement"),
        (("localhost:8000",), "URL: 'localhost:8000' is not a URL such as http://HOST:PORT"),
        (("http://127.0.0.1:9", "--app", "module:app"), "give a URL or --app, not both"),
        (("http://127.0.0.1:9", "--quiet", "--verbose"), "give --quiet or --verbose, not both"),
        (("--json", "/no/such/folder/report.json"), "/no/such/folder is not a writable folder"),
        (("--contract", "/no/such/file.yaml"), "/no/such/file.yaml: the contract has 1 problem"),
        (("--time-limit", "5"), "--time-limit needs --profile thorough"),
        (
            ("--profile", "thorough", "--time-limit", "soon"),
            "--time-limit: 'soon' is not a number of seconds from 0.001",
        ),
        (("--fixtures", "/no/such/fixtures.yaml"), "--fixtures /no/such/fixtures.yaml: No such file or directory"),
        (("--app", "no_such_module:app"), "--app no_such_module:app"),
        (("--api-key", "sk-1"), "--api-key: others can read a key on a command line"),
        (("http://localhost", "sk-1"), "too many arguments; give one URL"),
        (("--url", "http://localhost"), "No such option '--url'"),
        (("clean",), "clean needs one ledger: respan-conformance clean LEDGER [options]"),
        (("--strictly",), "No such option '--strictly'. (Did you mean one of:"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], says: str) -> None:
    ran = conformance(*arguments)
    assert ran.code == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "sk-" not in ran.stderr


@pytest.mark.parametrize(
    ("words", "completed"),
    [("cl", "plain,clean"), ("clean ", "file,"), ("--prof", "plain,--profile"), ("--profile q", "plain,quick")],
)
def test_a_shell_completes_words(words: str, completed: str) -> None:
    count = str(len(words.split(" ")))
    variables = {"COMP_WORDS": f"respan-conformance {words}", "COMP_CWORD": count}
    ran = conformance(environment={"_RESPAN_CONFORMANCE_COMPLETE": "bash_complete", **variables})
    assert ran.stdout.split() == [completed]


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody responds, and nobody else can take the port
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = conformance(url, report=tmp_path / "report.json")
    assert ran.code == 3
    assert "refused the connection: nothing listens there" in ran.stdout
    assert "check the port" in ran.stdout
    assert ran.report is not None
    assert ran.report["verdict"] == "unreachable"
    assert ran.report["run"]["requests"] == 0


def test_a_url_that_leads_elsewhere() -> None:
    with served(PlainServer()) as url:
        ran = conformance(f"{url}/elsewhere", environment=KEYS)
    assert ran.code == 3
    assert "the endpoint is not there; give the base URL that /api/models/ is appended to" in ran.stdout


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "requires an API key; set RESPAN_API_KEY, or use --api-key-file"),
        ({"RESPAN_API_KEY": "no-such-key"}, "rejects the API key; check RESPAN_API_KEY or --api-key-file"),
    ],
)
def test_a_wrong_key_is_wrong_use(environment: dict[str, str], says: str) -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, environment=environment)
    assert ran.code == 2
    assert says in ran.stdout


def test_a_path_prefix_stays() -> None:
    plain = PlainServer()

    def below(environ, start_response):  # type: ignore[no-untyped-def]
        assert environ["PATH_INFO"].startswith("/gateway/v1/api/")
        return plain({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/gateway/v1")}, start_response)

    with served(below) as url:
        assert conformance(f"{url}/gateway/v1/", *FEW, environment=KEYS).code == 0


def test_what_cannot_be_tested_is_reported_prominently(tmp_path: Path) -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, "--only", "TEN,AUT-09", report=tmp_path / "report.json", environment=OWNER)
    assert ran.code == 4
    assert ran.with_verdict("not-testable") == {"AUT-09", *(f"TEN-0{n}" for n in range(1, 7))}
    assert "not testable: needs RESPAN_OTHER_ORG_KEY" in ran.stdout
    assert "more can be tested with RESPAN_OTHER_ORG_KEY, RESPAN_READ_ONLY_KEY" in ran.stdout


def test_options_that_are_set_are_not_asked_for_when_another_is_missing() -> None:
    with served(WithoutReads()) as url:
        ran = conformance(url, "--only", "TEN-04", environment=KEYS)
    assert "not testable: the target has no delete" in ran.stdout
    assert "more can be tested" not in ran.stdout


def test_the_same_seed_makes_the_same_requests(tmp_path: Path) -> None:
    with served(PlainServer()) as one, served(PlainServer()) as other:
        runs = [
            conformance(url, "--seed", "11", "--only", "STA-26,MOD", report=tmp_path / "report.json", environment=KEYS)
            for url in (one, other)
        ]
    first, second = (ran.report for ran in runs)
    assert first is not None
    assert second is not None
    assert first["run"]["requests"] == second["run"]["requests"]


def test_pytest_settings_around_the_user_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k nothing\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit(0)\n")
    around = {"PYTEST_ADDOPTS": "-k nothing", "PYTEST_PLUGINS": "no_such_plugin"}
    outside = {"PATH": "/usr/bin:/bin", **around}
    ran = subprocess.run(
        [sys.executable, "-m", "conformance", "--only", "STA-01"],
        cwd=tmp_path,
        env=outside | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 pass" in ran.stdout


def test_list_prints_every_requirement_with_its_level() -> None:
    ran = conformance("--list")
    assert ran.code == 0
    assert "  IDM-03  MUST    stated " in ran.stdout
    assert "  IDM-06  SHOULD  assumed" in ran.stdout
    assert "  IDM-06" not in conformance("--list", "--skip", "IDM-06").stdout


def test_a_target_that_dies_is_not_called_non_conformant(tmp_path: Path) -> None:
    code = (
        "import sys; from wsgiref.simple_server import make_server, WSGIRequestHandler\n"
        "from tests.servers.plain import PlainServer\n"
        "WSGIRequestHandler.log_message = lambda *_: None\n"
        "server = make_server('127.0.0.1', 0, PlainServer())\n"
        "print(server.server_port, flush=True)\n"
        "for _ in range(200): server.handle_request()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as mortal:
        try:
            assert mortal.stdout is not None
            port = mortal.stdout.readline().strip()
            ran = conformance(f"http://127.0.0.1:{port}", report=tmp_path / "report.json", environment=KEYS)
        finally:
            mortal.kill()
    assert ran.code == 3
    assert ran.report is not None
    assert ran.report["verdict"] == "unreachable"
    assert "the plain request that worked at the start gets no response" in ran.stdout


def test_the_quick_profile_is_quick(tmp_path: Path) -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, *KNOWN, "--profile", "quick", report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 0
    assert ran.report is not None
    assert ran.report["run"]["requests"] <= 302
    assert ran.with_verdict("pass") >= {"STA-01", "IDM-02", "TEN-02", "AUT-02", "SCH-03"}


def test_a_thorough_run_lasts_as_long_as_requested(tmp_path: Path) -> None:
    arguments = ("--profile", "thorough", "--time-limit", "0.5", "--only", "MOD")
    with served(PlainServer()) as url:
        ran = conformance(url, *arguments, report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 0
    assert ran.report is not None
    assert ran.report["run"]["requests"] > 300


def test_fixtures_of_the_mock_say_what_is_known(tmp_path: Path) -> None:
    fixtures = Path(__file__).parents[2] / "mock_server" / "fixtures.yaml"
    arguments = ("--fixtures", str(fixtures), "--only", "SEM-08,STA-18,SEM-11")
    with started("--quiet") as mock:
        ran = conformance(mock.url, *arguments, report=tmp_path / "report.json", environment=KEYS)
    assert ran.with_verdict("pass") == {"SEM-08", "STA-18", "SEM-11"}


@pytest.mark.parametrize("organizations", ["[]", "{acme: []}", "{acme: {providers: 5}}", "null"])
def test_fixtures_of_another_shape_name_nothing(organizations: str, tmp_path: Path) -> None:
    (tmp_path / "fixtures.yaml").write_text(f"organizations: {organizations}\napi_keys: []\nmodels: 7\n")
    ran = conformance("--list", "--fixtures", str(tmp_path / "fixtures.yaml"), environment=KEYS)
    assert (ran.code, ran.stderr) == (0, "")
