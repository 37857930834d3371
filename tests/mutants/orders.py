"""Bugs that depend on the order of the members of a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS, KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class MemberBeforeNameLost(Mutant):
    """The member just before `model_name` is lost."""

    kills = frozenset({"IDM-08"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        order = list(fields)
        lost = order[order.index(KEY) - 1 : order.index(KEY)] if KEY in fields and order[0] != KEY else []
        return {name: value for name, value in fields.items() if name not in lost}


class MembersBeforeMiddleNameLost(Mutant):
    """If `model_name` is neither first nor last, the members before it are lost."""

    kills = frozenset({"IDM-08"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        order = list(fields)
        within = KEY in fields and order[-1] != KEY
        return {name: fields[name] for name in order[order.index(KEY) :]} if within else fields


class BaseAfterCostsWins(Mutant):
    """Members are applied in order, a base model with its costs: own costs sent before it are lost."""

    kills = frozenset({"SEM-02", "SEM-11", "SEM-21"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        order = list(values)
        before = order[: order.index(BASE)] if BASE in values else []
        return {name: value for name, value in values.items() if name not in before or name not in COSTS}


class CostsReadByPosition(Mutant):
    """Costs are read by their position: two that are sent in another order are swapped."""

    kills = frozenset({"IDM-08", "SEM-02"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        sent = [name for name in values if name in COSTS]
        placed = dict(zip(sorted(sent, key=COSTS.index), (values[name] for name in sent), strict=True))
        return {**values, **placed}


class NameLastSkipsUpdate(Mutant):
    """An update whose `model_name` comes last is not applied."""

    kills = frozenset({"IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        late = len(values) > 1 and list(values)[-1] == KEY
        return dict(earlier.values) if late else super().merge(earlier, values)
