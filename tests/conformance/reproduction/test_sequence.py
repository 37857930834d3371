"""Which exchanges show a failure, and the same requests under other names."""

from __future__ import annotations

from conformance.judge.outcome import Failure
from conformance.reproduction.sequence import about_same_models, renamed, same_response, sequence_showing
from conformance.target.names import Names
from conformance.wire.exchange import Exchange
from contract import Contract
from tests.conformance.parts import answered, upsert_request


def _exchange(contract: Contract, body: dict[str, object], shown: dict[str, object] | None = None) -> Exchange:
    return answered(upsert_request(contract, body), 200, shown if shown is not None else body)


def test_a_sequence_ends_with_the_evidence(contract: Contract) -> None:
    exchanges = [_exchange(contract, {"model_name": f"m{number}"}) for number in range(4)]
    by_members = Failure("a", "b", seen_in=[exchanges[1].response.members])
    by_response = Failure("a", "b", seen_in=[exchanges[2].response])
    assert sequence_showing(by_members, exchanges) == tuple(exchanges[:2])
    assert sequence_showing(by_response, exchanges) == tuple(exchanges[:3])
    assert sequence_showing(Failure("a", "b", seen_in=[{}]), exchanges) == tuple(exchanges)
    assert sequence_showing(Failure("a", "b"), exchanges) == tuple(exchanges)


def test_exchanges_about_models_that_the_last_one_names_directly_or_not(contract: Contract) -> None:
    names = Names()
    base, other, child = names.new_name(), names.new_name(), names.new_name()
    sequence = [
        _exchange(contract, {"model_name": base}),
        _exchange(contract, {"model_name": other}),
        _exchange(contract, {"model_name": child, "base_model_name": base}),
        _exchange(contract, {"model_name": base, "input_cost": 1}),
        _exchange(contract, {"model_name": child}),
    ]
    assert about_same_models(sequence, names) == (sequence[0], *sequence[2:])
    assert about_same_models(sequence[:2], names) == (sequence[1],)
    nameless = _exchange(contract, {})
    assert about_same_models([*sequence, nameless], names) == (nameless,)


def test_names_that_begin_alike_are_different() -> None:
    names = Names("0")
    first = names.new_name()
    eleventh = [names.new_name() for _ in range(10)][-1]
    assert names.names_in(f"{eleventh} {first}/suffix") == [eleventh, first]


def test_the_same_requests_under_new_names(contract: Contract) -> None:
    names = Names()
    base, child = names.new_name(), names.new_name()
    requests = [
        upsert_request(contract, {"model_name": f"{base}/x", "display_name": "é"}),
        upsert_request(contract, {"model_name": child, "base_model_name": f"{base}/x"}),
    ]
    first, second = renamed(requests, names)
    assert first.json["model_name"] == second.json["base_model_name"] == first.key
    assert first.json["display_name"] == "é"
    assert {base, child}.isdisjoint(names.names_in(f"{first.body!r} {second.body!r}"))
    assert second.key == second.json["model_name"]


def test_responses_are_the_same_apart_from_names_and_times(contract: Contract) -> None:
    names = Names()
    one, other, third = names.new_name(), names.new_name(), names.new_name()

    def sequence(name: str, **shown: object) -> list[Exchange]:
        return [_exchange(contract, {"model_name": name}, {"id": name, "created_at": name, **shown})]

    assert same_response(contract, names, sequence(one, input_cost=1), sequence(other, input_cost=1.0))
    assert not same_response(contract, names, sequence(one, input_cost=1), sequence(other, input_cost=2))
    assert not same_response(contract, names, sequence(one, display_name=third), sequence(other, display_name=other))
    refused = [answered(upsert_request(contract, {"model_name": one}), 400, {})]
    assert not same_response(contract, names, sequence(one), refused)
