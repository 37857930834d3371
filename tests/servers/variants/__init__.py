"""Lawful variants of the plain server: each differs in one fact that the contract assumes or leaves open.

A default run has to find all of them conformant. In a strict run each deviates in the requirements that it declares
and in no other; where the fact is open, in none. Requirements that judge whatever was generated are not declared.
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
    """Those of a module. Names with an underscore are what several of them share, or serve them."""
    things = (thing for name, thing in vars(module).items() if not name.startswith("_"))
    return [thing for thing in things if isinstance(thing, type) and thing.__module__ == module.__name__]


APART = (
    requests.TextBehindTheObjectIgnored,
    core.PlainCoreOnly,
    core.PlainUpdatesOnly,
    core.PlainCreatesOnly,
    core.NullEntriesRefused,
    core.SignOfZeroLost,
    state.BusyAfterTheWork,
    state.ClockStepsBack,
    state.OverrideMergedDeep,
    state.UpdatedByUpdatesOnly,
    state.ModelsOfOddNames,
    inheritance.ChainsRefused,
    inheritance.BasesAreKept,
    inheritance.CyclesForbidden,
    responses.ProviderMoves,
    responses.ReadsLeaveMoreOut,
    responses.ParametersAbsent,
    responses.TimesOfTwoGrains,
    responses.LongIntegers,
    http.ChunkedAnswers,
    http.ClosesAfterEveryAnswer,
    http.SecretsAreMasked,
    *_variants_in(connections),
    *_variants_in(contention),
    credentials.ReadOnlyKeyGets401,
    credentials.ReadOnlyKeyMayNotReadModels,
    credentials.BuiltInNamesAre401,
    credentials.MalformedCredentialsAre400,
    requests.ReferencesBeforeSpellings,
    fronts.OddPathsEndTheConnection,
    fronts.ListsNeedADashboardToken,
    fronts.QueriesRefused,
)
"""Those that the suite alone is tried on: the requests of the battery ask too much of them, or do not tell them."""
CONFORMING = tuple(
    variant
    for module in (credentials, requests, core, state, inheritance, responses, fronts, http, connections, contention)
    for variant in _variants_in(module)
)
VARIANTS = tuple(variant for variant in CONFORMING if variant not in APART)
