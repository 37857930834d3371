"""SEM, providers: the provider of a model, under either spelling."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import scenarios
from conformance.fields import lookups
from conformance.judge.expect import as_json
from conformance.judge.outcome import Failure, NotTestable
from conformance.requirements import cases
from conformance.requirements.features import (
    ALIASES,
    PROVIDER_ALIASES,
    PROVIDERS,
)
from conformance.requirements.level import MUST
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Json
from contract import Alias, RequestField, ResponseField


@requirement("SEM-08", MUST, clause="x-clauses/returned", needs=["provider"], about=[PROVIDERS], quick=False)
def test_provider_is_returned(subject: Subject) -> None:
    """A model attached to a provider returns that provider, if it returns one at all."""
    providers = subject.options.fixtures.providers
    for field, lookup in lookups(subject.contract):
        for number, provider in enumerate(providers):
            of_base = providers[number - 1]  # another one, if there is
            base = subject.existing({**subject.minimal_body(), lookup.by: of_base})
            bodies = [{**subject.minimal_body(), **subject.based_on(base)}]
            if number == 0:
                bodies.append(subject.existing(subject.minimal_body()))
            sent = [subject.require_accepted(subject.upsert({**body, lookup.by: provider})) for body in bodies]
            found = [exchange.response.members.get(field.name) for exchange in sent]
            if not any(found):
                subject.observe(f"no response has {field.name}")
                continue
            for exchange in sent:
                _expect_provider(exchange.response.members, provider, field)


@requirement("SEM-22", MUST, clause="x-clauses/returned", needs=["provider"], about=[PROVIDERS], quick=False)
def test_provider_of_one_model(subject: Subject) -> None:
    """A model can move to another provider and back, and other models keep their provider."""
    first, *others = subject.options.fixtures.providers
    moving = subject.minimal_body()
    for field, lookup in lookups(subject.contract):
        staying = subject.minimal_body() | {lookup.by: first}
        returned = subject.require_accepted(subject.upsert(staying)).response.members.get(field.name)
        for provider in (first, *others, first):
            moved = subject.require_accepted(subject.upsert({**moving, lookup.by: provider})).response.members
            if moved.get(field.name) is None:
                raise NotTestable(f"the target does not return {field.name}")
            _expect_provider(moved, provider, field)
            if subject.capabilities.read_returns_state and provider != first:
                left = scenarios.eventual_value(subject, staying, field.name, returned)
                _expect_provider({field.name: left}, first, field)


@requirement(
    "SEM-09", MUST, clause="*/x-alias", needs=["provider"], about=[ALIASES, PROVIDERS, PROVIDER_ALIASES], quick=False
)
@each("case", cases.aliases)
def test_either_spelling(subject: Subject, case: tuple[RequestField, Alias]) -> None:
    """Both spellings of the provider field have the same effect."""
    (provider, *others), (spelling, alias) = subject.options.fixtures.providers, case
    for field, lookup in lookups(subject.contract):
        if lookup.by != alias.of:
            continue
        created = {**subject.minimal_body(), alias.of: provider}
        plain = subject.require_accepted(subject.upsert(created)).response.members
        base = subject.once("a model without references", lambda: subject.existing(subject.minimal_body()))
        one = {**subject.minimal_body(), spelling.name: provider, **subject.based_on(base)}
        for body in (one, {**subject.minimal_body(), spelling.name: provider, alias.of: provider}):
            other = subject.require_accepted(subject.upsert(body)).response.members
            if _provider_id(other.get(field.name)) != _provider_id(plain.get(field.name)):
                expected = f"{field.name}: {as_json(plain.get(field.name))}, as with {alias.of}"
                raise Failure(expected, f"{field.name}: {as_json(other.get(field.name))}")
        if others and _provider_id(plain.get(field.name)) == provider:
            key = subject.contract.upsert.key
            for model, name in ((created, spelling.name), (one, alias.of)):  # each under the other spelling
                moved = {key: model[key], name: others[0]}
                _expect_provider(subject.require_accepted(subject.upsert(moved)).response.members, others[0], field)


def _provider_id(returned: Json) -> Json:
    return (returned.get("provider_id") or returned.get("id")) if isinstance(returned, dict) else None


def _expect_provider(members: Mapping[str, Json], provider: str, field: ResponseField) -> None:
    returned = members.get(field.name)
    found = _provider_id(returned)
    if returned is None or (found is not None and found != provider):
        expected, observed = f"{field.name}.provider_id: {as_json(provider)}", f"{field.name}: {as_json(returned)}"
        raise Failure(expected, observed, seen_in=[members])
