"""Each variant passes the battery except for what it declares, and yet differs from the plain server.

Variants in open facts deviate from no requirement, so a probe shows the difference; the others show it by deviating.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.servers import test_battery_bodies, test_battery_credentials, test_battery_models
from tests.servers.api import MODELS, Api, path_of
from tests.servers.fixtures import PROVIDER
from tests.servers.plain import PlainServer
from tests.servers.selection import client_of, passes
from tests.servers.variants import VARIANTS, core, credentials, fronts, http, inheritance, requests, responses, state

Probe: TypeAlias = Callable[[Api], object]
"""What a client observes that does the same thing to two servers."""


def status(**body: Any) -> Probe:
    """Return a probe of the status of an upsert."""
    return lambda api: api.upsert(**{"model_name": api.name(), **body}).status_code


def status_of(content: str, content_type: str = "application/json", **headers: str) -> Probe:
    """Return a probe of the status of a request with any text, in which NAME stands for a model name."""
    return lambda api: api.post(content.replace("NAME", api.name()).encode(), content_type, **headers).status_code


def returned(field: str, **body: Any) -> Probe:
    """Return a probe of a field in the response to an upsert, as text: 0.0 differs from 0."""

    def probe(api: Api) -> str:
        return repr(api.created(**{"model_name": api.name(), **body}).get(field, "absent"))

    return probe


def returned_again(field: str, first: dict[str, Any], second: dict[str, Any]) -> Probe:
    """Return a probe of a field after a second upsert, and of whether it changed."""

    def probe(api: Api) -> object:
        name = api.name()
        before = api.created(model_name=name, **first).get(field)
        after = api.updated(model_name=name, **second).get(field)
        return before == after, after if isinstance(after, dict) else None

    return probe


def header(name: str) -> Probe:
    """Return a probe of a header of the response to an upsert."""
    return lambda api: api.upsert(model_name=api.name()).headers.get(name)


def header_of_a_read(name: str) -> Probe:
    """Return a probe of whether the response to a read has a header."""
    return lambda api: name in api.read(api.created(model_name=api.name())["id"]).headers


def inherited(field: str, **base: Any) -> Probe:
    """Return a probe of a field of a derived model, as text."""

    def probe(api: Api) -> str:
        name = api.name()
        api.created(model_name=name, **base)
        return repr(api.created(model_name=api.name(), base_model_name=name).get(field, "absent"))

    return probe


def inherited_from_a_changed_base(api: Api) -> object:
    """Return the cost of a model whose base model has changed its own."""
    base, name = api.name(), api.name()
    api.created(model_name=base, input_cost=1)
    api.created(model_name=name, base_model_name=base)
    api.updated(model_name=base, input_cost=2)
    return api.read(name).json()["input_cost"]


def status_of_a_cycle(api: Api) -> object:
    """Return the status of a request that would close a cycle of base models."""
    first, second = api.name(), api.name()
    api.created(model_name=first)
    api.created(model_name=second, base_model_name=first)
    return api.upsert(model_name=first, base_model_name=second).status_code


def base_of_a_cycle(api: Api) -> object:
    """Return whether a model that is its own base model returns one."""
    name = api.name()
    return "base_model_name" in api.created(model_name=name) | api.upsert(model_name=name, base_model_name=name).json()


def read_again(field: str, **body: Any) -> Probe:
    """Return a probe of whether a read returns a field that the upsert before it returned."""

    def probe(api: Api) -> object:
        name = api.name()
        api.created(model_name=name, **body)
        return field in api.read(name).json()

    return probe


def statuses_of_five(api: Api) -> object:
    """Return the statuses of five requests, none of them retried."""
    headers = {"Authorization": "Bearer demo-acme"}
    return [api.client.get(f"/api/models/{number}/", headers=headers).status_code for number in range(5)]


def status_of_a_read(api: Api) -> object:
    """Return the status of a read of a built-in model."""
    return api.read("gpt-4o").status_code


def seconds_of_the_time(api: Api) -> object:
    """Return whether the times of some creates have no seconds."""
    return {api.created(model_name=api.name())["created_at"][17:] for _ in range(3)} == {"00Z"}


def hour_of_the_time(api: Api) -> object:
    """Return whether the times of some creates are those of a full hour."""
    return {api.created(model_name=api.name())["created_at"][14:19] for _ in range(3)} == {"00:00"}


def digits_of_the_time(api: Api) -> object:
    """Return the most frequent length of a date-time in ten tries: a fraction may happen to be zero."""
    return sorted(len(api.created(model_name=api.name())["created_at"]) for _ in range(10))[5]


BATTERY = [
    test
    for module in (test_battery_models, test_battery_bodies, test_battery_credentials)
    for name, test in vars(module).items()
    if name.startswith("test_")
]
PROBES: dict[type[PlainServer], Probe] = {
    requests.NamesUpTo255Characters: status(model_name="x" * 256),
    requests.ControlCharactersRejected: status(display_name="a\tb"),
    requests.EmptyDisplayNameRejected: status(display_name=""),
    requests.NegativeCostsRejected: status(input_cost=-0.0),
    requests.WindowsUpTo31Bits: status(max_context_window=2**31),
    requests.WholeFloatsRejected: status(max_context_window=7.0),
    requests.UnknownFieldsRejected: status(colour="red"),
    requests.LenientJsonAllowed: status_of('{"model_name": "NAME",}'),
    requests.DuplicateMembersAllowed: status_of('{"model_name": "NAME", "model_name": "NAME"}'),
    requests.AnyMediaTypeAllowed: status_of('{"model_name": "NAME"}', "text/plain"),
    requests.MediaTypeReturns400: status_of('{"model_name": "NAME"}', "text/plain"),
    requests.IntegersAsDoubles: returned("max_context_window", max_context_window=2**53 + 1),
    requests.LoneSurrogatesAllowed: status_of('{"model_name": "NAME", "display_name": "\\ud800"}'),
    requests.EmptyReferencesAllowed: status(base_model_name=""),
    requests.BodiesUpTo8KiB: status(display_name="x" * 10_000),
    requests.LongPathsRejected: lambda api: api.read("x" * 2000).status_code,
    requests.ChunkedBodiesRejected: status_of('{"model_name": "NAME"}', **{"Transfer-Encoding": "chunked"}),
    core.SixteenEntries: status(supported_params_override={f"p{number}": {} for number in range(17)}),
    core.EmptyReferenceReturns400: status(base_model_name=""),
    state.WithoutReads: status_of_a_read,
    state.OverrideReplaced: returned_again(
        "supported_params", {"supported_params_override": {"a": 1}}, {"supported_params_override": {"b": 2}}
    ),
    state.RepeatsChangeUpdatedAt: returned_again("updated_at", {}, {}),
    state.ClockOfSeconds: digits_of_the_time,
    state.ClockOfMinutes: seconds_of_the_time,
    state.ClockOfHours: hour_of_the_time,
    inheritance.InheritsAtWrite: inherited_from_a_changed_base,
    inheritance.CyclesRejected: status_of_a_cycle,
    inheritance.DisplayNameInherited: inherited("display_name", display_name="Base"),
    inheritance.ProviderInherited: inherited("provider", provider_id=PROVIDER),
    inheritance.DefaultParams: returned("supported_params"),
    inheritance.DefaultParamsMerged: returned("supported_params"),
    inheritance.DefaultParamsWithNull: returned("supported_params"),
    inheritance.CycleDropsBase: base_of_a_cycle,
    responses.DefaultValuesReturned: returned("input_cost"),
    responses.ConstantsAbsent: returned("source"),
    responses.ReadsOmitParameters: read_again("supported_params"),
    responses.EmptyParametersAbsent: returned("supported_params"),
    responses.DisplayNameFromName: lambda api: "display_name" in api.created(model_name=api.name()),
    responses.ProviderDecides: returned("is_called_by_custom_name", provider_id=PROVIDER),
    responses.ProviderAbsent: returned("provider", provider_id=PROVIDER),
    responses.TimesAbsent: lambda api: "created_at" in api.created(model_name=api.name()),
    responses.TimesNull: lambda api: api.created(model_name=api.name())["created_at"] is None,
    responses.TimesInSeconds: digits_of_the_time,
    responses.TimesInOtherZone: lambda api: api.created(model_name=api.name())["created_at"][-1],
    responses.CostsAsFloats: returned("input_cost", input_cost=2),
    responses.ThroughputChangesBetweenReads: returned("throughput"),
    responses.MoreFieldsReturned: returned("tags"),
    responses.ProblemDetails: lambda api: api.read(api.name()).headers["Content-Type"],
    responses.Gzipped: header("Content-Encoding"),
    responses.RateLimited: statuses_of_five,
    http.HeadOffered: lambda api: api.send("HEAD", path_of(api.created(model_name=api.name())["id"])).status_code,
    http.StrongETags: header_of_a_read("ETag"),
    http.WeakETags: header_of_a_read("ETag"),
    http.RelativeLocation: header("Location"),
    http.LocationAtOtherHost: header("Location"),
    http.LocationRedirects: header("Location"),
    http.CharsetInJsonType: header("Content-Type"),
    http.MoreHeaders: header("Cache-Control"),
    credentials.UnknownFieldsBeforeCredentials: lambda api: (
        api.send("POST", MODELS, None, json={"model_name": api.name(), "colour": "red"}).status_code
    ),
    requests.BodiesUpTo3000Bytes: status(display_name="x" * 3000),
    fronts.FrontErrorsWithoutBody: lambda api: api.post(b"{}", "text/plain").content == b"",
    fronts.FrontErrorsAreHtml: lambda api: api.post(b"{}", "text/plain").headers["Content-Type"],
    fronts.ChunksUnknown: status_of('{"model_name": "NAME"}', **{"Transfer-Encoding": "chunked"}),
    fronts.FirewallInFront: status(display_name="<script>"),
    fronts.AllowOfOneRoute: lambda api: api.send("PUT", f"{MODELS}a/").headers["Allow"],
    fronts.OptionsAllowed: lambda api: api.send("GET", MODELS).headers["Allow"],
    fronts.CharsetNamed: header("Content-Type"),
    fronts.ErrorsAreEmptyObjects: lambda api: api.read(api.name()).json(),
    fronts.ErrorsInList: lambda api: api.read(api.name()).json(),
}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
def test_the_variant_passes_the_battery(variant: type[PlainServer]) -> None:
    with client_of(variant) as client:
        for test in BATTERY:
            if passes(variant, test):
                test(Api(client))


@pytest.mark.parametrize("variant", PROBES, ids=lambda variant: variant.__name__)
def test_the_variant_differs_from_the_plain_server(variant: type[PlainServer]) -> None:
    probe = PROBES[variant]
    with client_of(variant) as client, client_of(PlainServer) as plain_client:
        assert probe(Api(client)) != probe(Api(plain_client))


def test_every_variant_deviates_or_is_probed() -> None:
    undeclared = {variant for variant in VARIANTS if not variant.deviates}
    missing = sorted(variant.__name__ for variant in undeclared - set(PROBES))
    assert not missing, f"{', '.join(missing)}: add to PROBES what shows the difference, or the variant to APART"
    needless = sorted(variant.__name__ for variant in set(PROBES) - undeclared)
    assert not needless, f"{', '.join(needless)}: remove from PROBES; it deviates, or is in APART"
