"""Bugs in what an update does to what was stored."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS, FLAGS, KEY, OVERRIDE, PROVIDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class ZeroMeansUnset(Mutant):
    """A truth test where a presence test belongs: 0, "" and {} are taken for absent."""

    kills = frozenset(
        {"IDM-01", "IDM-02", "IDM-06", "IDM-08", "IDM-09", "IDM-16", "SEM-01", "SEM-02", "SEM-03", "STA-10", "STA-11"}
    )

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value or name == KEY}


class ZeroKeepsTheOldCost(Mutant):
    """An update takes `new or old` for a cost: a model cannot be made free."""

    kills = frozenset({"IDM-02", "SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        kept = {name: value for name, value in values.items() if value or name not in COSTS}
        return super().merge(earlier, kept)


class FlagsAreOnlySet(Mutant):
    """An update switches a flag on, and never off."""

    kills = frozenset({"IDM-02", "IDM-05", "IDM-06", "IDM-08", "IDM-16", "SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if value or name not in FLAGS})


class EmptyOverrideSkipped(Mutant):
    """An update with an empty override counts as empty, and is skipped as a whole."""

    kills = frozenset({"IDM-02", "SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return dict(earlier.values) if values.get(OVERRIDE) == {} else super().merge(earlier, values)


class OmittedFieldsReset(Mutant):
    """An update replaces the model: what it leaves out is gone."""

    kills = frozenset({"IDM-06", "IDM-21", "IDM-22"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {}


class OmittedNameReset(Mutant):
    """An update that leaves the display name out clears it."""

    kills = frozenset({"IDM-06"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != "display_name"}


class OmittedBaseReset(Mutant):
    """An update that leaves the base out takes it away."""

    kills = frozenset({"IDM-06", "IDM-28"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != BASE}


class OmittedFlagsOff(Mutant):
    """A form's checkbox that is not sent counts as switched off."""

    kills = frozenset({"IDM-06"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: 0 if name in FLAGS else value for name, value in earlier.values.items()}


class OmittedOverrideReset(Mutant):
    """An update that leaves the override out clears it."""

    kills = frozenset({"IDM-21", "IDM-28"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != OVERRIDE}


class OmittedProviderReset(Mutant):
    """An update that leaves the provider out detaches it."""

    kills = frozenset({"IDM-22", "IDM-28"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != PROVIDER}


class SecondOmissionResets(Mutant):
    """What two updates in a row leave out is taken for stale, and dropped."""

    kills = frozenset({"CON-05", "CON-07", "IDM-06", "IDM-21", "IDM-28"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.before: dict[str, set[str]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        sent = self.before.get(earlier.name, set(earlier.values)) | set(values)
        self.before[earlier.name] = set(values)
        return {name: value for name, value in super().merge(earlier, values).items() if name in sent}


class ImagesSwitchFunctionsOff(Mutant):
    """A model that sees images was one that calls no functions: setting the one flag alone takes the other away."""

    kills = frozenset({"IDM-06"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        if "image_support" in values and "function_call" not in values:
            merged.pop("function_call", None)
        return merged


class UpdatesIgnored(Mutant):
    """The first write wins: `get_or_create` with the values as defaults."""

    kills = frozenset(
        {
            "IDM-02",
            "IDM-06",
            "IDM-08",
            "IDM-16",
            "IDM-18",
            "IDM-24",
            "SEM-01",
            "SEM-02",
            "SEM-07",
            "SEM-08",
            "SEM-09",
            "SEM-20",
            "SEM-22",
        }
    )

    def merge(self, earlier: Stored, values: Values) -> Values:
        return dict(earlier.values)


class OldValuesIgnored(Mutant):
    """A display name that the model had before is taken for a request that comes late, and is ignored."""

    kills = frozenset({"IDM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.had: dict[str, set[str]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        name = "display_name"
        had = self.had.setdefault(earlier.name, {earlier.values.get(name, "")})
        stale = values.get(name) in had
        had.add(values.get(name, ""))
        kept = {field: value for field, value in values.items() if not (stale and field == name)}
        return super().merge(earlier, kept)


class RepeatsAnsweredFromCache(Mutant):
    """An update whose body was seen before is answered as it was then, and not applied again."""

    kills = frozenset({"IDM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.answers: dict[str, Stored] = {}

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        body = repr((organization, values))
        if body in self.answers and len(values) > 1 and self.find(organization, name):
            return 200, self.answers[body]
        status, self.answers[body] = super().write(organization, name, values)
        return status, self.answers[body]


class RepeatsAddUp(Mutant):
    """A repeated cost is added to the old one: the column is counted up."""

    kills = frozenset({"IDM-03", "IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        same = {
            name: value * 2 for name, value in values.items() if name in COSTS and value == earlier.values.get(name)
        }
        return super().merge(earlier, {**values, **same})


class RepeatsSwitchFlags(Mutant):
    """A flag that is sent again as it was is switched: the handler toggles."""

    kills = frozenset({"IDM-02", "IDM-03", "IDM-06", "IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        same = {
            name: 1 - value for name, value in values.items() if name in FLAGS and value == earlier.values.get(name)
        }
        return super().merge(earlier, {**values, **same})


class SixthUpdateStartsEmpty(Mutant):
    """A model keeps its last five versions, and the sixth update of it finds none to start from."""

    kills = frozenset({"IDM-06"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.writes: Counter[str] = Counter()

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        self.writes[earlier.name] += 1
        return {KEY: earlier.name} if self.writes[earlier.name] == 6 else super().retained_values(earlier)


class CostsSwapped(Mutant):
    """Where both are sent, the input cost lands in the output cost's column, and the other way round."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-06", "IDM-08", "SEM-01", "SEM-02", "SEM-03"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        if "input_cost" in slots and "output_cost" in slots:
            slots = {**slots, "input_cost": slots["output_cost"], "output_cost": slots["input_cost"]}
        return slots


class FieldsBeforeTheNameLost(Mutant):
    """The body is read as a stream: what stands before the name has no model yet to be stored in."""

    kills = frozenset({"IDM-08", "SEM-02"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        order = list(fields)
        return {name: fields[name] for name in order[order.index(KEY) :]} if KEY in fields else fields


class FirstOverrideSticks(Mutant):
    """An override that is sent again adds parameters, and changes none."""

    kills = frozenset({"IDM-16", "IDM-18", "IDM-24", "SEM-07", "SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return {**override, **earlier}


class ListsInOverrideGrow(Mutant):
    """A list in an override that is sent again grows by its own members."""

    kills = frozenset({"IDM-03", "SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        grown = {
            name: earlier[name] + entry
            for name, entry in override.items()
            if isinstance(entry, list) and isinstance(earlier.get(name), list)
        }
        return {**earlier, **override, **grown}


class NewBaseDropsTheOverride(Mutant):
    """An update that names a base model starts from that one's parameters: the override sent earlier is gone."""

    kills = frozenset({"IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {name: v for name, v in merged.items() if name != OVERRIDE or BASE not in values or name in values}


class ProviderInPlaceOfTheBase(Mutant):
    """An update that names a provider takes the model off its base model."""

    kills = frozenset({"IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {name: v for name, v in merged.items() if name != BASE or PROVIDER not in values or name in values}


class ProviderForGood(Mutant):
    """Once a model is attached to a provider, another one that is sent is ignored."""

    kills = frozenset({"SEM-09", "SEM-22"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        provider = {PROVIDER: earlier.values[PROVIDER]} if PROVIDER in earlier.values else {}
        return {**super().merge(earlier, values), **provider}


class OneFlagForTwo(Mutant):
    """Where two flags are sent together, the second is stored for both."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-08"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        both = {"function_call", "streaming_support"} <= values.keys()
        return {**values, "function_call": values["streaming_support"]} if both else values


class EmptyTextKeepsTheOld(Mutant):
    """An empty text in an update means that the old one stays."""

    kills = frozenset({"IDM-09"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if value != ""})


class SmallChangesIgnored(Mutant):
    """Costs are compared with a tolerance: an update that moves one by less than 0.0005 changes nothing."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        near = {name for name in COSTS if name in values and abs(values[name] - earlier.values.get(name, inf)) < 0.0005}
        return super().merge(earlier, {name: value for name, value in values.items() if name not in near})
