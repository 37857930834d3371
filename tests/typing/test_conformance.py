"""The public API of the suite has the types that it documents, and `check` takes the options of the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, assert_type, get_args, get_type_hints

import pytest

from conformance import CheckOptions, Finding, Result, RunVerdict, Verdict, check
from conformance.api import StrPath
from conformance.options import OPTIONS, PROFILES, REPORTS, Option
from conformance.results.judged import Judged
from conformance.target.budget import Disruption
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer

KEY, CONTRACT = "demo-acme", Path(__file__).parents[2] / "openapi.yaml"
Profile = Literal["quick", "default", "thorough"]
OF_THE_COMMAND = {
    "url", "app",  # the first argument of `check`
    "json", "junit", "html", "markdown", "quiet", "verbose", "write-waivers", "waiver-reason", "waiver-owner",
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("no_settings")


def test_a_result_is_typed() -> None:
    result = check(AlwaysCreated(), api_key=KEY, only=["STA-02"], seed=7)
    assert_type(result, Result)
    assert_type(result.verdict(), RunVerdict)
    assert_type(result.verdicts(strict=True), dict[str, Verdict])
    assert_type(result.judged["STA-02"], Judged)
    assert_type(result.judged["STA-02"].cases, dict[str, Verdict])
    assert_type(result.disruptions, list[Disruption])
    [finding] = result.judged["STA-02"].findings
    assert_type(finding, Finding)
    assert_type(finding.expected, str)
    assert_type(finding.reproduce, tuple[str, ...])
    assert_type(finding.exchanges[-1].response.status, int)
    assert (result.verdict(), finding.verdict, finding.exchanges[-1].response.status) == (
        RunVerdict.NON_CONFORMANT,
        Verdict.FAIL,
        201,
    )


def test_options_are_typed() -> None:
    options: CheckOptions = {
        "api_key": KEY,
        "only": ("STA-01",),
        "skip": None,
        "contract": CONTRACT,
        "rate_limit": "99/s",
    }
    assert check(PlainServer(), **options).verdict() is RunVerdict.CONFORMANT


def test_wrong_options_are_rejected_by_mypy_and_by_check() -> None:
    with pytest.raises(TypeError, match="unknown option onyl"):
        check(PlainServer(), onyl=["STA-01"])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unknown option json"):
        check(PlainServer(), json="report.json")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="seed: 'seven'"):
        check(PlainServer(), seed="seven")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="profile"):
        check(PlainServer(), profile="slow")  # type: ignore[arg-type]


TYPES: Mapping[str | None, Any] = {None: bool, "N": int, "SECONDS": float, "N/s": float | str, "FILE": StrPath}
"""The types in Python by metavar; the others are texts."""


def _type_of(option: Option) -> Any:
    """The type of the values that an option takes in Python."""
    if option.name == "profile":
        return Profile
    return Sequence[str] if option.multiple else TYPES.get(option.metavar, str)


def test_check_takes_the_options_of_the_table() -> None:
    expected = {o.name.replace("-", "_"): _type_of(o) | None for o in OPTIONS if o.name not in OF_THE_COMMAND}
    assert get_type_hints(CheckOptions) == expected
    assert {o.name for o in OPTIONS} > OF_THE_COMMAND
    assert {o.name for o in REPORTS} - OF_THE_COMMAND == {"implementation", "implementation-version"}
    assert get_args(Profile) == tuple(PROFILES)
