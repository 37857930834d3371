"""Under pytest-xdist, where each worker meets the target by itself, a run comes to the same verdict."""

from __future__ import annotations

import re

from conformance.target.probe import PRECEDING_REQUESTS
from tests.conformance.command import KEYS, KNOWN
from tests.conformance.plugin.project import Project, Ran
from tests.mutants.judging import NETS, failed_requirements, judged
from tests.mutants.organizations import ModelsSharedByOrganizations
from tests.servers.plain import PlainServer

CONFTEST = """
    import pytest
    from {module} import {name}

    @pytest.fixture(scope="session")
    def respan_target():
        return {name}()
"""
OPTIONS = tuple(f"--respan-{word[2:]}" if word.startswith("--") else word for word in KNOWN)


def _unmet(ran: Ran) -> set[str]:
    """The requirements that the summary calls unmet."""
    return set(re.findall(r"^[✗~?!] ([A-Z]{3}-\d\d) ", ran.output, re.MULTILINE))


def _checked(project: Project, server: type[PlainServer], workers: int) -> Ran:
    project.write(conftest=CONFTEST.format(module=server.__module__, name=server.__name__))
    skipped = ",".join(sorted(NETS))
    arguments = (
        "-q",
        "-rs",
        "-n",
        str(workers),
        "--pyargs",
        "conformance",
        *OPTIONS,
        "--respan-strict",
        "--respan-skip",
        skipped,
    )
    return project.pytest(*arguments, environment=KEYS)


def test_a_good_server_conforms(project: Project) -> None:
    ran = _checked(project, PlainServer, 2)
    assert (ran.code, _unmet(ran)) == (0, set()), ran.output
    assert "Respan custom models: conformant" in ran.output
    assert "the target has a read" in ran.output
    assert "an application in the same process has no connections" in ran.output
    assert ran.counts.get("skipped", 0) > len(PRECEDING_REQUESTS)


def test_a_broken_server_is_found_to_break_what_it_breaks(project: Project) -> None:
    in_one_process = failed_requirements(judged(ModelsSharedByOrganizations(), skip=NETS))
    ran = _checked(project, ModelsSharedByOrganizations, 2)
    assert (ran.code, _unmet(ran)) == (1, set(in_one_process)), ran.output
    assert "Respan custom models: non-conformant" in ran.output


def test_an_unreachable_target_is_reported_once_per_worker(project: Project) -> None:
    ran = project.pytest(
        "-q", "-n", "2", "--pyargs", "conformance", "--respan-url", "http://127.0.0.1:9", "--respan-only", "STA"
    )
    assert ran.code == 1
    assert ran.counts["errors"] == 2
    assert "Respan custom models: unreachable" in ran.output
    assert "INTERNALERROR" not in ran.output
