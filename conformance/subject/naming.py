"""Which names the target takes, by its contract and its user, and how the names of a run are spelled then."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace

from conformance.configuration.settings import BadSetting, Settings
from conformance.judge.names import EXAMPLE, ONLY, is_safe_in_path
from conformance.judge.valid import validating
from conformance.subject.shapes import Shape, shape_for
from contract import Contract, Schema

SAMPLES = 30
"""Names of a pattern that are looked at."""


def named(contract: Contract, settings: Settings) -> tuple[Contract, Shape]:
    """Return the contract with what the user says of names in the schema of its key, and the shape of a run's names.

    Raises BadSetting where no run can have names of its own.
    """
    key = contract.upsert.request[contract.upsert.key]
    only: str | None = settings["name-pattern"]
    is_valid = validating(key.schema)
    schema = {**key.schema, ONLY: only} if only else dict(key.schema)

    def allows(name: str) -> bool:
        if only is not None and re.fullmatch(only, name) is None:
            return False
        return is_valid(name) and is_safe_in_path(name)

    shape = shape_for(allows, lambda: _samples(schema))
    if shape is None:
        raise BadSetting(_without_a_name(contract, settings))
    if shape != Shape():
        schema[EXAMPLE] = shape.name(shape.prefix("1a2b3c4d"), "", 1)
    request = {**contract.upsert.request, key.name: replace(key, schema=schema)}
    return replace(contract, upsert=replace(contract.upsert, request=request)), shape


def _without_a_name(contract: Contract, settings: Settings) -> str:
    needed = "the letters rc, 6 random characters and 4 digits (or 14 digits) have to fit in"
    key = contract.upsert.key
    if settings["name-pattern"]:
        beside = f" and what {contract.file} says of {key}" if _is_bounded(contract) else ""
        return (
            f"{settings.origins['name-pattern']} {settings['name-pattern']}: no name of a run's own matches it{beside}"
            f"; {needed}; give a pattern that leaves room for them"
        )
    return (
        f"{contract.file}: no name of a run's own is a {key}, by its pattern, minLength and maxLength; {needed}; "
        "give a narrower --name-pattern that leaves room for them"
    )


def _is_bounded(contract: Contract) -> bool:
    return bool({"pattern", "maxLength"} & contract.upsert.request[contract.upsert.key].schema.keys())


def _samples(schema: Schema) -> Iterator[str]:
    """Texts that the schema of the key allows, for what they begin and end with."""
    yield "x" * int(schema.get("minLength", 0))
    for pattern, whole in ((schema.get(ONLY), True), (schema.get("pattern"), False)):
        if pattern is not None:
            yield from _matching(pattern, whole=whole)
            return


def _matching(pattern: str, *, whole: bool) -> list[str]:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException

    found: list[str] = []

    def collect(alphabet: st.SearchStrategy[str] | None) -> None:
        drawing = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole, alphabet=alphabet)
        draw = settings(
            max_examples=SAMPLES,
            database=None,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        draw(given(drawing)(lambda text: found.append(text)))()  # noqa: PLW0108 - Hypothesis looks at its signature

    try:
        collect(st.characters(min_codepoint=33, max_codepoint=126))
    except HypothesisException:  # the pattern has characters of other scripts, or nothing matches it
        with contextlib.suppress(HypothesisException):
            collect(None)
    except re.error:  # of another dialect; --name-pattern says it in ours
        return []
    return found
