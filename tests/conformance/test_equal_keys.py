"""Two callers with one key: nothing that keeps them apart can be judged, so a run ends before it sends anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import check
from conformance.settings import BadSetting
from tests.conformance.command import conformance
from tests.conformance.plugin.project import Project
from tests.conformance.watched import Watched
from tests.servers.plain import PlainServer
from tests.servers.serving import served

API, OTHER, READ_ONLY = "RESPAN_API_KEY", "RESPAN_OTHER_ORG_KEY", "RESPAN_READ_ONLY_KEY"
SECOND = "give a key of a second organization, or leave RESPAN_OTHER_ORG_KEY out"
EQUAL = [
    ({API: "demo-acme", OTHER: "demo-acme"}, f"{OTHER} is the same key as {API}; {SECOND}"),
    ({API: "demo-acme", OTHER: " demo-acme\n"}, f"{OTHER} is the same key as {API}; {SECOND}"),
    ({API: "demo-acme", READ_ONLY: "demo-acme"}, f"{READ_ONLY} is the same key as {API}; give a key of the same"),
    ({API: "a-key", OTHER: "demo-globex", READ_ONLY: "demo-globex"}, f"{READ_ONLY} is the same key as {OTHER}"),
]


@pytest.fixture
def server() -> Watched:
    return Watched(PlainServer())


@pytest.fixture
def url(server: Watched) -> Iterator[str]:
    with served(server) as url:
        yield url
    assert server.methods == []


@pytest.mark.parametrize(("keys", "says"), EQUAL)
def test_the_command_names_the_missing_option(keys: dict[str, str], says: str, url: str) -> None:
    ran = conformance(url, environment=keys)
    assert (ran.code, ran.stdout) == (2, "")
    assert f"respan-conformance: {says}" in ran.stderr
    assert "demo-" not in ran.stderr


def test_keys_in_files_are_compared_too(url: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("demo-acme\n")
    ran = conformance(url, "--other-org-key-file", str(tmp_path / "key"), environment={API: "demo-acme"})
    assert ran.code == 2
    assert f"--other-org-key-file {tmp_path / 'key'} is the same key as RESPAN_API_KEY" in ran.stderr


def test_the_hint_for_python_is_right(url: str) -> None:
    with pytest.raises(BadSetting, match="other_org_key is the same key as api_key; give a key of a second org"):
        check(url, api_key="demo-acme", other_org_key="demo-acme")


def test_the_hint_for_pytest_is_right(url: str, tmp_path: Path) -> None:
    ran = Project(tmp_path).pytest("--pyargs", "conformance.checks", "--respan-url", url, environment=EQUAL[0][0])
    assert ran.code == 4
    assert EQUAL[0][1] in ran.output
