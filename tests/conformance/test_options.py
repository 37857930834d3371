"""The table of options: each can be named, set and explained in every place where options are given."""

from __future__ import annotations

import pytest

from conformance.options import GROUPS, OPTIONS, Option


def test_names_and_variables_are_unique_and_begin_alike() -> None:
    assert len({option.name for option in OPTIONS}) == len({option.environment for option in OPTIONS}) == len(OPTIONS)
    assert all(option.environment.startswith("RESPAN_") for option in OPTIONS)
    assert sum(len(group) for group in GROUPS.values()) == len(OPTIONS)


def test_keys_are_secret_and_each_can_stand_in_a_file() -> None:
    secret = {option.name for option in OPTIONS if option.secret}
    assert secret == {"api-key", "other-org-key", "read-only-key", "proxy-auth", "key-passphrase"}
    assert {option.holds: option.name for option in OPTIONS if option.holds} == {key: f"{key}-file" for key in secret}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_describes_its_values(option: Option) -> None:
    assert option.help
    assert not option.help.endswith(".")
    assert option.kind.expected
    assert option.flag == (option.kind.metavar == "")
    assert option.repeatable or not option.commas
