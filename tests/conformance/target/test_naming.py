"""Names of a run that fit what a target accepts: the user's name pattern, or the schema of the key in the contract."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.requests import Validity, classify_body, is_plain_name, is_valid
from conformance.settings import BadSetting, Settings, gather
from conformance.target.names import FEW, FORMS, RUN_PREFIX, Names, NameShape, apply_name_pattern, is_run_name
from contract import Contract

PATTERNS = {
    "acme-[a-z0-9-]{1,40}": r"acme-rc-[0-9a-f]{8}-\d{4}",
    "^acme-[a-z0-9-]{1,40}$": r"acme-rc-[0-9a-f]{8}-\d{4}",
    "(acme|globex)-[a-z]{2}-[a-z0-9]{8,30}": r"(acme|globex)-[a-z]{2}-rc[0-9a-f]{8}\d{4}",
    "[a-z0-9-]+-(dev|prod)": r"rc-[0-9a-f]{8}-\d{4}-(dev|prod)",
    "[a-z_]{3,30}": r"rc_[a-p]{8}_[a-j]{4}",
    "[A-Z][A-Z0-9]*": r"RC[0-9A-F]{8}\d{4}",
    "[A-Z]+": r"RC[A-P]{8}[A-J]{4}",
    r"\d{1,20}": r"\d{14}",
    r"\w+": r"rc_[0-9a-f]{8}_\d{4}",
    "[a-z0-9]{20}": r"[a-z0-9]{0,6}rc[0-9a-f]{8}\d{4}[a-z0-9]{0,6}",
    "[a-z][a-z0-9]{0,11}": r"rc[0-9a-f]{6}\d{4}",
    "team/[a-z-]+/[a-z0-9.]+": r"team/[a-z-]+/rc.?[0-9a-f]{8}.?\d{4}",
    "urn:acme:[a-z0-9:-]+": r"urn:acme:rc-[0-9a-f]{8}-\d{4}",
    "modèle-[a-z0-9-]+": r"modèle-rc-[0-9a-f]{8}-\d{4}",
    "(?!rc)[a-z0-9-]+": r"[a-z0-9-]+rc-[0-9a-f]{8}-\d{4}",
    ".*": r"rc-[0-9a-f]{8}-\d{4}",
}
SCHEMAS: list[dict[str, Any]] = [
    {"pattern": "^acme-[a-z0-9-]{1,40}$"},
    {"pattern": "^[a-z]"},
    {"pattern": "-v1$"},
    {"minLength": 20},
    {"maxLength": 16},
    {"maxLength": 14},
    {"minLength": 70, "maxLength": 80},
    {"pattern": "^[a-z0-9]+$", "minLength": 20, "maxLength": 24},
]


def _with_key(contract: Contract, **bounds: Any) -> Contract:
    key = contract.upsert.request[contract.upsert.key]
    request = {**contract.upsert.request, key.name: replace(key, schema={**key.schema, **bounds})}
    return replace(contract, upsert=replace(contract.upsert, request=request))


def _settings(pattern: str | None = None) -> Settings:
    return gather({"name_pattern": pattern})


def _schema(contract: Contract) -> Any:
    return contract.upsert.request[contract.upsert.key].schema


@pytest.mark.parametrize(("pattern", "form"), PATTERNS.items())
def test_names_match_the_pattern_of_the_user(pattern: str, form: str, contract: Contract) -> None:
    fitted, shape = apply_name_pattern(contract, _settings(pattern))
    names = Names(shape=shape)
    for name in [names.new_name() for _ in range(20)] + [names.absent_name]:
        assert re.fullmatch(pattern, name)
        assert re.fullmatch(form, name)
        assert name.startswith(names.prefix)
        assert RUN_PREFIX.fullmatch(names.prefix)
        assert is_plain_name(name, _schema(fitted))
        assert classify_body(fitted, {fitted.upsert.key: name}) is Validity.PLAIN
        assert names.names_in(f'{{"model_name": "{name}/a", "b": "{name}{name}"}}') == [name] * 3


@pytest.mark.parametrize("bounds", SCHEMAS, ids=repr)
def test_names_are_of_the_schema_of_the_key(bounds: dict[str, Any], contract: Contract) -> None:
    fitted, shape = apply_name_pattern(_with_key(contract, **bounds), _settings())
    names = Names(shape=shape)
    for name in [names.new_name() for _ in range(20)]:
        assert is_valid(bounds, name), name
        assert classify_body(fitted, {fitted.upsert.key: name}) is Validity.PLAIN


def test_a_pattern_and_a_schema_hold_together(contract: Contract) -> None:
    _, shape = apply_name_pattern(_with_key(contract, maxLength=18), _settings("acme[a-z0-9-]*"))
    assert re.fullmatch(r"acmerc[0-9a-f]{8}\d{4}", Names(shape=shape).new_name())


def test_without_a_pattern_names_are_as_they_were(contract: Contract) -> None:
    fitted, shape = apply_name_pattern(contract, _settings())
    assert shape == NameShape()
    assert _schema(fitted) == _schema(contract)
    assert re.fullmatch(r"rc-[0-9a-f]{8}-0001", Names(shape=shape).new_name())


def test_a_name_outside_the_pattern_is_odd(contract: Contract) -> None:
    fitted, _ = apply_name_pattern(contract, _settings("acme-[a-z0-9-]{1,40}"))
    for name in ("gpt-4o", "acme-a/b", "acme-A", "acme-a.b", "acme-" + "a" * 41, "acme-"):
        assert classify_body(fitted, {fitted.upsert.key: name}) is Validity.OPEN
    assert classify_body(fitted, {fitted.upsert.key: "acme-a"}) is Validity.PLAIN


def test_a_pattern_of_anything_makes_no_odd_name_plain(contract: Contract) -> None:
    fitted, _ = apply_name_pattern(contract, _settings("(?s:.*)"))
    for name in ("a b", "é", "a\n", "a//b", "x" * 65):
        assert classify_body(fitted, {fitted.upsert.key: name}) is Validity.OPEN


@pytest.mark.parametrize("pattern", ["acme-[a-c]{1,3}", "acme", "[a-c]+", "[01]{30}", "$x"])
def test_a_missing_name_is_reported_with_what_to_do(pattern: str, contract: Contract) -> None:
    with pytest.raises(
        BadSetting, match=r"name_pattern .*: no unique name for a model matches it; .* choose a pattern"
    ):
        apply_name_pattern(contract, _settings(pattern))


@pytest.mark.parametrize("bounds", [{"maxLength": 8}, {"pattern": "^(a|b)$"}], ids=repr)
def test_a_contract_that_allows_no_name_is_reported(bounds: dict[str, Any], contract: Contract) -> None:
    with pytest.raises(
        BadSetting,
        match=r"no unique name for a model matches the pattern, .* of model_name; .* narrower --name-pattern",
    ):
        apply_name_pattern(_with_key(contract, **bounds), _settings())


def test_an_invalid_pattern_is_rejected() -> None:
    with pytest.raises(BadSetting, match="name_pattern: invalid regular expression: unterminated character set"):
        _settings("acme-[a-z")


@pytest.mark.parametrize("shape", [NameShape("a-", form, "-z") for form in FORMS], ids=lambda shape: repr(shape.form))
@pytest.mark.parametrize("worker", ["", "0", "12"])
def test_no_name_is_the_beginning_of_another(shape: NameShape, worker: str) -> None:
    prefix = shape.prefix("9f64e845")
    numbers = [*range(12), 99, 100, FEW - 1, FEW, FEW + 1, FEW + 99_999]
    stems = [shape.name(prefix, worker, number).removesuffix("-z") for number in numbers]
    assert not [(a, b) for a in stems for b in stems if a != b and b.startswith(a)]
    pattern = shape.pattern(prefix, worker)
    assert all(pattern.findall(f"{stem}-z1 x{stem}-z-0001") == [f"{stem}-z"] * 2 for stem in stems)


@pytest.mark.parametrize("shape", [NameShape(), *(NameShape("it's ", form) for form in FORMS)], ids=repr)
def test_a_shell_draws_a_prefix_of_the_same_form(shape: NameShape) -> None:
    def drawn() -> str:
        return subprocess.run(["sh", "-eu", "-c", f'{shape.shell}; printf %s "$RUN"'], capture_output=True, check=True,
                              text=True).stdout  # fmt: skip

    one, other = drawn(), drawn()
    assert one != other
    if shape != NameShape():
        assert RUN_PREFIX.fullmatch(one)
        assert len(one) == len(shape.prefix("9f64e845"))


def test_models_of_a_run_are_distinguished_from_built_in_ones() -> None:
    for form in FORMS[:-2]:
        assert is_run_name(Names(shape=NameShape("acme-", form)).new_name())
    for name in (
        "gpt-4o",
        "openai/gpt-4o-mini",
        "claude-3-5-sonnet-20241022",
        "text-embedding-3-large",
        "src-cafe",
        "",
    ):
        assert not is_run_name(name)
