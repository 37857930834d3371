"""Conforming variants of the plain server: each differs in one fact that the contract assumes or leaves open.

A default run must find all of them conformant. In a strict run, each deviates from exactly the requirements that it
declares: none if the fact is open. Requirements that judge generated requests are not declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.variants import (
    connections,
    contention,
    core,
    credentials,
    fronts,
    http,
    inheritance,
    requests,
    responses,
    state,
)

if TYPE_CHECKING:
    from types import ModuleType

    from tests.servers.plain import PlainServer


def _variants_in(module: ModuleType) -> list[type[PlainServer]]:
    """Return the variants of a module. Classes with an underscore are shared helpers."""
    things = (thing for name, thing in vars(module).items() if not name.startswith("_"))
    return [thing for thing in things if isinstance(thing, type) and thing.__module__ == module.__name__]


APART = (
    requests.TextAfterObjectIgnored,
    core.PlainValuesOnly,
    core.PlainUpdatesOnly,
    core.PlainCreatesOnly,
    core.NonObjectEntriesRejected,
    core.SignOfZeroLost,
    state.BusyAfterWrite,
    state.ClockStepsBack,
    state.OverrideMergedDeep,
    state.UpdatedAtNullAfterCreate,
    state.ProbeNamesExist,
    inheritance.ChainsRejected,
    inheritance.BaseModelsCannotBeDeleted,
    inheritance.CyclesForbidden,
    responses.ProviderChangesBetweenReads,
    responses.ReadsOmitMore,
    responses.ReadsReturnNames,
    responses.ParametersAbsent,
    responses.TimesOfTwoPrecisions,
    responses.LongIntegers,
    http.ChunkedResponses,
    http.ClosesAfterEveryResponse,
    http.SecretsMasked,
    *_variants_in(connections),
    *_variants_in(contention),
    credentials.ReadOnlyKeyGets401,
    credentials.ReadOnlyKeyCannotReadModels,
    credentials.BuiltInNamesReturn401,
    credentials.MalformedCredentialsReturn400,
    requests.ReferencesCheckedBeforeSpellings,
    fronts.OddPathsCloseConnection,
    fronts.PercentInPathRejected,
    fronts.ListNeedsDashboardToken,
    fronts.QueryRejected,
)
"""Variants that only the suite is run on: the battery asks too much of them, or cannot tell them apart."""
CONFORMING = tuple(
    variant
    for module in (credentials, requests, core, state, inheritance, responses, fronts, http, connections, contention)
    for variant in _variants_in(module)
)
VARIANTS = tuple(variant for variant in CONFORMING if variant not in APART)
