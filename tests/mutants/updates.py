"""Bugs in what an update changes."""

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
    """A truthiness test replaces a presence test: 0, "" and {} count as omitted."""

    kills = frozenset(
        {"IDM-01", "IDM-02", "IDM-06", "IDM-08", "IDM-09", "IDM-16", "SEM-01", "SEM-02", "SEM-03", "STA-10", "STA-11"}
    )

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value or name == KEY}


class ZeroCostKeepsOldCost(Mutant):
    """An update uses `new or old` for a cost: no cost can be set to 0."""

    kills = frozenset({"IDM-02", "SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        kept = {name: value for name, value in values.items() if value or name not in COSTS}
        return super().merge(earlier, kept)


class FlagNeverCleared(Mutant):
    """An update can set a flag but never clear it."""

    kills = frozenset({"IDM-02", "IDM-05", "IDM-06", "IDM-08", "IDM-16", "SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if value or name not in FLAGS})


class EmptyOverrideSkipsUpdate(Mutant):
    """An update with an empty override is skipped as a whole."""

    kills = frozenset({"IDM-02", "SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return dict(earlier.values) if values.get(OVERRIDE) == {} else super().merge(earlier, values)


class OmittedFieldsReset(Mutant):
    """An update resets every omitted field."""

    kills = frozenset({"IDM-06", "IDM-21", "IDM-22"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {}


class OmittedDisplayNameReset(Mutant):
    """An update without a display name clears it."""

    kills = frozenset({"IDM-06"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != "display_name"}


class OmittedBaseReset(Mutant):
    """An update without a base model removes it."""

    kills = frozenset({"IDM-06", "IDM-28"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != BASE}


class OmittedFlagsCleared(Mutant):
    """An omitted flag is cleared, like an unchecked checkbox of a form."""

    kills = frozenset({"IDM-06"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: 0 if name in FLAGS else value for name, value in earlier.values.items()}


class OmittedOverrideReset(Mutant):
    """An update without an override clears it."""

    kills = frozenset({"IDM-21", "IDM-28"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != OVERRIDE}


class OmittedProviderReset(Mutant):
    """An update without a provider detaches it."""

    kills = frozenset({"IDM-22", "IDM-28"})

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {name: value for name, value in earlier.values.items() if name != PROVIDER}


class SecondOmissionResets(Mutant):
    """A field that two updates in a row omit is reset."""

    kills = frozenset({"CON-05", "CON-07", "IDM-06", "IDM-21", "IDM-28"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.before: dict[str, set[str]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        sent = self.before.get(earlier.name, set(earlier.values)) | set(values)
        self.before[earlier.name] = set(values)
        return {name: value for name, value in super().merge(earlier, values).items() if name in sent}


class ImageFlagClearsFunctionFlag(Mutant):
    """Setting `image_support` clears `function_call`."""

    kills = frozenset({"IDM-06"})
    may_also_fail = frozenset({"CON-05", "CON-07"})  # if the update of `image_support` comes last
    flaky = frozenset({"CON-05", "CON-07"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        if "image_support" in values and "function_call" not in values:
            merged.pop("function_call", None)
        return merged


class UpdatesIgnored(Mutant):
    """An update changes nothing: `get_or_create` with the values as defaults."""

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


class EarlierDisplayNameIgnored(Mutant):
    """A display name that the model had before is ignored as a late request."""

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


class RepeatedUpdateNotApplied(Mutant):
    """An update whose body was seen before returns the cached response and is not applied."""

    kills = frozenset({"IDM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.responses: dict[str, Stored] = {}

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        body = repr((organization, values))
        if body in self.responses and len(values) > 1 and self.find(organization, name):
            return 200, self.responses[body]
        status, self.responses[body] = super().write(organization, name, values)
        return status, self.responses[body]


class RepeatedCostAdded(Mutant):
    """Sending the same cost again adds it to the old one."""

    kills = frozenset({"IDM-03", "IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        same = {
            name: value * 2 for name, value in values.items() if name in COSTS and value == earlier.values.get(name)
        }
        return super().merge(earlier, {**values, **same})


class RepeatedFlagToggles(Mutant):
    """Sending the same flag again toggles it."""

    kills = frozenset({"IDM-02", "IDM-03", "IDM-06", "IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        same = {
            name: 1 - value for name, value in values.items() if name in FLAGS and value == earlier.values.get(name)
        }
        return super().merge(earlier, {**values, **same})


class SixthUpdateResets(Mutant):
    """A model keeps five versions, and its sixth update finds none to start from."""

    kills = frozenset({"IDM-06"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.writes: Counter[str] = Counter()

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        self.writes[earlier.name] += 1
        return {KEY: earlier.name} if self.writes[earlier.name] == 6 else super().retained_values(earlier)


class CostsSwapped(Mutant):
    """An update with both input and output cost swaps them."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-06", "IDM-08", "SEM-01", "SEM-02", "SEM-03"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        if "input_cost" in slots and "output_cost" in slots:
            slots = {**slots, "input_cost": slots["output_cost"], "output_cost": slots["input_cost"]}
        return slots


class FieldsBeforeNameLost(Mutant):
    """Fields before `model_name` in the body are lost."""

    kills = frozenset({"IDM-08", "SEM-02"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        order = list(fields)
        return {name: fields[name] for name in order[order.index(KEY) :]} if KEY in fields else fields


class OverrideOnlyAddsParameters(Mutant):
    """A second override adds parameters but changes none."""

    kills = frozenset({"IDM-16", "IDM-18", "IDM-24", "SEM-07", "SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return {**override, **earlier}


class OverrideListAppended(Mutant):
    """A list in an override is appended to the earlier list."""

    kills = frozenset({"IDM-03", "SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        grown = {
            name: earlier[name] + entry
            for name, entry in override.items()
            if isinstance(entry, list) and isinstance(earlier.get(name), list)
        }
        return {**earlier, **override, **grown}


class NewBaseDropsOverride(Mutant):
    """An update with a new base model drops the stored override."""

    kills = frozenset({"IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {name: v for name, v in merged.items() if name != OVERRIDE or BASE not in values or name in values}


class ProviderReplacesBase(Mutant):
    """An update with a provider removes the base model."""

    kills = frozenset({"IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {name: v for name, v in merged.items() if name != BASE or PROVIDER not in values or name in values}


class ProviderNeverChanges(Mutant):
    """A model that has a provider ignores a new one."""

    kills = frozenset({"SEM-09", "SEM-22"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        provider = {PROVIDER: earlier.values[PROVIDER]} if PROVIDER in earlier.values else {}
        return {**super().merge(earlier, values), **provider}


class SecondFlagStoredForBoth(Mutant):
    """If two flags are sent together, the second is stored for both."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-08"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        both = {"function_call", "streaming_support"} <= values.keys()
        return {**values, "function_call": values["streaming_support"]} if both else values


class EmptyStringIgnored(Mutant):
    """An update with an empty string keeps the old value."""

    kills = frozenset({"IDM-09"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if value != ""})


class SmallCostChangeIgnored(Mutant):
    """An update that changes a cost by less than 0.0005 is ignored."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        near = {name for name in COSTS if name in values and abs(values[name] - earlier.values.get(name, inf)) < 0.0005}
        return super().merge(earlier, {name: value for name, value in values.items() if name not in near})


class BaseReplacesOwnCosts(Mutant):
    """An update that sends a base model takes over its costs, even those that it sends itself."""

    kills = frozenset({"SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        lost = COSTS if BASE in values else ()
        return {name: v for name, v in super().merge(earlier, values).items() if name not in lost or name not in values}


class BaseKeepsDisplayName(Mutant):
    """An update that sends a base model does not change the display name."""

    kills = frozenset({"IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        old = {"display_name": earlier.values["display_name"]} if "display_name" in earlier.values else {}
        return {**super().merge(earlier, values), **(old if BASE in values else {})}


class ProviderDropsDisplayNameOfCreate(Mutant):
    """A create with a provider does not store the display name."""

    kills = frozenset({"IDM-08"})

    def initial_values(self, values: Values) -> Values:
        return {name: v for name, v in values.items() if name != "display_name" or PROVIDER not in values}
