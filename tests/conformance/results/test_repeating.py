"""The command that makes a run again: it runs as it is printed, with all that was asked of the run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from conformance.results.about import BUNDLED, command_of, pytest_command_of
from conformance.settings import gather
from tests.conformance.parts import parsed_settings


@pytest.mark.parametrize(
    "given",
    [
        "http://localhost:9000 --provider 'my vllm' --provider other --builtin-model gpt-4o --strict",
        "--app my_project.asgi:app --contract altered.yaml --profile quick",
        "https://example.com/gateway --insecure --header 'X-Tenant: $TENANT' --rate-limit 1000000 --time-budget 500000",
        "http://localhost:9000 --no-strict --skip IDM,AUT-03",
    ],
)
def test_a_command_means_the_same_as_the_users(given: str) -> None:
    settings = parsed_settings(*shlex.split(given))
    name, *words = shlex.split(command_of(settings, {}).whole(7))
    assert name == "respan-conformance"
    assert parsed_settings(*words).values == {**settings.values, "seed": 7}


def test_a_check_is_run_again_by_its_requirement() -> None:
    settings = parsed_settings("http://localhost:9000", "--only", "IDM,SCH", "--seed", "1")
    command = command_of(settings, {}).of(7, "IDM-02", "SCH-03", "IDM-02")
    assert command == "respan-conformance http://localhost:9000 --only IDM-02,SCH-03 --seed 7"


def test_a_file_of_settings_is_named_in_place_of_what_stands_in_it(tmp_path: Path) -> None:
    file = tmp_path / "staging.toml"
    file.write_text('url = "http://localhost:9000"\nprovider = ["my-vllm"]\nstrict = true\n')
    settings = parsed_settings("--config", str(file), "--builtin-model", "gpt-4o")
    begin = f"respan-conformance http://localhost:9000 --config {file} --builtin-model gpt-4o"
    assert command_of(settings, {}).begin == begin


def test_secrets_stand_in_a_command_as_variables() -> None:
    settings = parsed_settings("http://localhost:9000", "--header", "X-Gateway: sesame-open")
    words = command_of(settings, {"sesame-open": "$RESPAN_HEADER_X_GATEWAY"}).begin
    assert "sesame" not in words
    assert words.endswith("""--header 'X-Gateway: '"$RESPAN_HEADER_X_GATEWAY"''""")


def test_reports_and_keys_are_left_out() -> None:
    settings = parsed_settings(
        "http://localhost:9000", "--json", "report.json", "--write-waivers", "waivers.toml", "--quiet"
    )
    assert command_of(settings, {}).begin == "respan-conformance http://localhost:9000"


def test_the_bundled_mock_is_started_again() -> None:
    settings = parsed_settings().with_values(BUNDLED, {"url": "http://127.0.0.1:40000", "provider": ["my-vllm"]})
    assert command_of(settings, {}).whole(7) == "respan-conformance --seed 7"


def test_an_application_that_was_handed_over_is_named_where_a_path_leads_to_it() -> None:
    settings = gather({"provider": "my-vllm"})
    of = command_of(settings, {}, "my_project.asgi:app").of(7, "IDM-02")
    assert of == "respan-conformance --app my_project.asgi:app --provider my-vllm --only IDM-02 --seed 7"
    unknown = command_of(settings, {}, "").of(7, "IDM-02")
    assert unknown.endswith("--only IDM-02 --seed 7  # on the application that `check` was given")


def test_pytest_runs_one_test_again() -> None:
    given: dict[str, Any] = {"url": "http://localhost:9000", "provider": ["my vllm"], "strict": True}
    settings = gather(given)
    arguments = ["-q", "-p", "conformance.plugin", "--pyargs", "conformance", "-k", "IDM"]
    command = pytest_command_of(settings, {}, arguments)
    options = "--respan-url http://localhost:9000 --respan-provider 'my vllm' --respan-strict"
    node = "conformance.checks.test_idm_state::test_update_returns_the_value[IDM-02-input_cost]"
    assert command.of(7, "IDM-02", node=node) == (
        f"pytest -p conformance.plugin --pyargs '{node}' {options} --respan-seed 7"
    )
    assert command.whole(7) == f"pytest -p conformance.plugin --pyargs conformance {options} --respan-seed 7"
