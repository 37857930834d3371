"""A file is accepted, or rejected with place and fix. Accepted data can be saved and read again."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contract import UnusableFileError, load, read_mapping
from mock_server.faults.rules import Faults, RuleChecker, read_faults
from mock_server.fixtures import fixtures_in, load_fixtures, written_fixtures
from mock_server.mock import control_of
from mock_server.scenario import start_of
from mock_server.settings import Settings
from mock_server.state.document import StateReader, state_of
from mock_server.state.file import state_file
from tests.mock_server.fuzz.effort import examples
from tests.mock_server.fuzz.judging import check_text
from tests.mock_server.fuzz.reading import INVALID, read
from tests.mock_server.fuzz.states import FAULTS, FIXTURES, PARTS, SCENARIOS, STATES
from tests.mock_server.fuzz.values import TEXTS, VALUES
from tests.mock_server.json_texts import broken

CONTRACT = load()
PACKAGED = load_fixtures(CONTRACT)
READER = StateReader(CONTRACT, PACKAGED)
CHECKER = RuleChecker(CONTRACT, PACKAGED)


_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def as_yaml(value: Any) -> bytes:
    """Return a value as YAML, without aliases."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            """Write every value out."""
            return True

    Dumper.add_representer(str, _quoted_where_json_has_a_number)
    return yaml.dump(value, Dumper=Dumper).encode()


def _quoted_where_json_has_a_number(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Quote what YAML 1.1, which PyYAML writes, takes for a string, and JSON for a number: 0E0."""
    style = "'" if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def as_text(value: Any) -> bytes:
    """Return a value as JSON that is YAML too: a pair of surrogates is no escape there, and U+0085 is a line break."""
    return json.dumps(value, ensure_ascii=False, indent=1).replace("\x85", "\\u0085").encode("utf-8", "surrogatepass")


_YAML = st.sampled_from(
    [b"a: &x [1]\nb: *x\n", b"<<: {a: 1}\n", b"? [1]\n: 2\n", b"a: !!python/name:os.system x\n", b"a: 0x1",
     b"--- {}\n--- {}\n", b"\xef\xbb\xbf{}", b"a: .inf", b"a: 2026-01-01", b"%YAML 9.9\n---\n{}", b"1: 2",
     b"a: \"\\ud800\"",
     b"[" * 2000, b"- " * 2000, b"\t{}", b"a: |\n  x\n b: c", b"a: 1\na: 2"]
)  # fmt: skip


def texts(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Return files with such values, and some that are invalid."""
    sound = values.map(as_text) | values.map(as_yaml)
    return st.one_of(*[sound] * 6, VALUES.map(as_text), broken(), _YAML, st.binary(max_size=30))


def outcome(file: Path, raw: bytes, reader: Callable[[Path], Any]) -> Any:
    """Return what is read of a file, or INVALID; check that it was left alone, and that a rejection is explained."""
    file.write_bytes(raw)
    before = sorted(file.parent.iterdir())
    try:
        value = reader(file)
    except UnusableFileError as error:
        check_rejection(error)
        value = INVALID
    assert file.read_bytes() == raw
    assert sorted(file.parent.iterdir()) == before
    return value


def check_rejection(error: UnusableFileError) -> None:
    """Fail unless a rejection names the place, the problem and the fix."""
    assert error.problems
    for each in error.problems:
        assert each.pointer.startswith("#")
        assert each.what.strip()
        assert each.hint.strip()
    for line in str(error).split("\n"):
        check_text(line)


@examples(250)
@given(raw=texts(STATES))
def test_states(folder: Path, raw: bytes) -> None:
    file = folder / "states" / "state.json"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(raw)
    with state_file(file) as opened:
        models = outcome(file, raw, lambda _: opened.read(READER))
        if models is INVALID:
            return
        state = read(raw, 80)
        assert state is not INVALID
        saved = state_of(models)
        for scope, named in saved["models"].items():
            assert {name: each["values"] for name, each in named.items()} == {
                name: each["values"] for name, each in state["models"][scope].items()
            }
        opened.write(saved)
        assert state_of(opened.read(READER) or {}) == saved
        assert json.loads(file.read_bytes()) == saved


@examples(200)
@given(raw=texts(FIXTURES))
def test_fixtures(folder: Path, raw: bytes) -> None:
    fixtures = outcome(folder / "fixtures.yaml", raw, lambda file: load_fixtures(CONTRACT, file))
    if fixtures is not INVALID:
        saved = written_fixtures(CONTRACT, fixtures)
        again = outcome(folder / "again.yaml", as_yaml(saved), lambda file: load_fixtures(CONTRACT, file))
        assert again == fixtures == fixtures_in(CONTRACT, saved)


@examples(200)
@given(raw=texts(FAULTS))
def test_faults(folder: Path, raw: bytes) -> None:
    rules = outcome(folder / "faults.yaml", raw, lambda file: read_faults(file, CHECKER))
    if rules is not INVALID:
        shown = [each.as_json for each in Faults(rules, 1, CHECKER).active]
        again = outcome(folder / "again.yaml", as_yaml({"faults": shown}), lambda file: read_faults(file, CHECKER))
        assert [each.as_json for each in Faults(again, 1, CHECKER).active] == shown


def started(file: Path) -> Any:
    """Return the scenario of a mock that starts with this one."""
    settings = Settings(scenario=file)
    return asyncio.run(control_of(settings, start_of(settings)).scenario())


@examples(200)
@given(raw=texts(SCENARIOS), name=st.sampled_from(["scenario.yaml", "scenario.json"]))
def test_scenarios(folder: Path, raw: bytes, name: str) -> None:
    saved = outcome(folder / name, raw, started)
    if saved is not INVALID:
        assert outcome(folder / "again.json", as_text(saved), started) == saved


SECRET = "sk-0123456789abcdef"
WITH_KEYS: st.SearchStrategy[Any] = st.builds(
    lambda fixtures, rights: {**fixtures, "api_keys": {SECRET: rights}},
    st.fixed_dictionaries(PARTS),
    VALUES | st.fixed_dictionaries({"organization": st.just("absent"), "rights": st.just("read-only")}),
)


def rejections(folder: Path, fixtures: Any) -> Iterator[str]:
    """Return what is said of these fixtures, alone and in a scenario."""
    alone, inside = folder / "keys.yaml", folder / "scenario-keys.yaml"
    alone.write_bytes(as_text(fixtures))
    inside.write_bytes(as_text({"fixtures": fixtures}))
    for file, reader in ((alone, lambda it: load_fixtures(CONTRACT, it)), (inside, started)):
        try:
            reader(file)
        except UnusableFileError as error:
            yield str(error)


@examples(80)
@given(fixtures=WITH_KEYS)
def test_no_rejection_repeats_a_key(folder: Path, fixtures: Any) -> None:
    for message in rejections(folder, fixtures):
        assert SECRET not in message


@examples(200)
@given(value=st.dictionaries(TEXTS, VALUES, max_size=4))
def test_yaml_is_read_as_it_was_written(folder: Path, value: Any) -> None:
    read_back = outcome(folder / "value.yaml", as_yaml(value), read_mapping)
    assert read_back is INVALID or read_back == value
