"""Bugs in the keys and entries of overrides, and in merging them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from unicodedata import normalize

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, OVERRIDE

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class ParametersCaseInsensitive(Mutant):
    """An entry of the override replaces the base model's parameter of that name in any case."""

    kills = frozenset({"SEM-06"})

    def apply_override(self, params: Values, override: Values) -> Values:
        named = {name.casefold() for name in override}
        others = {name: entry for name, entry in params.items() if name.casefold() not in named}
        return super().apply_override(others, override)


class ParameterNamesCutAt40Characters(Mutant):
    """The names of parameters are silently cut after 40 characters."""

    kills = frozenset({"SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {entry[:40]: inner for entry, inner in super().mapping(name, value).items()}


class OverrideListsMergedByIndex(Mutant):
    """A list in an override is merged into the earlier one by index: a longer one keeps its tail."""

    kills = frozenset({"SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        longer = {
            name: entry + earlier[name][len(entry) :]
            for name, entry in override.items()
            if isinstance(entry, list) and isinstance(earlier.get(name), list)
        }
        return {**earlier, **override, **longer}


class RemovalNotInherited(Mutant):
    """A parameter that a base model's override removes is back in its derived models."""

    kills = frozenset({"SEM-07"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        own, *bases = lineage
        return super().supported_params([own, *(self.removing_nothing(base) for base in bases)])

    def removing_nothing(self, stored: Stored) -> Stored:
        """Return the model with an override that only adds and replaces."""
        override = {name: entry for name, entry in stored.values.get(OVERRIDE, {}).items() if entry is not None}
        return replace(stored, values={**stored.values, OVERRIDE: override})


class ComputedParametersStored(Mutant):
    """The base model's parameters are stored with the override and outlive a change of base model."""

    kills = frozenset({"SEM-21"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        with self.exclusive(organization, name):
            status, stored = super().write(organization, name, values)
            if OVERRIDE in values:
                params = self.supported_params(list(self.lineage(organization, stored)))
                override = {**stored.values[OVERRIDE], **params}
                stored = replace(stored, values={**stored.values, OVERRIDE: override})
                self.save(organization, stored)
            return status, stored


class RemovalCannotBeOverridden(Mutant):
    """A parameter that a base model removes stays removed, although the model's own override sets it."""

    kills = frozenset({"SEM-07"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        removed = {
            name for model in lineage[1:] for name, entry in model.values.get(OVERRIDE, {}).items() if entry is None
        }
        return {name: entry for name, entry in super().supported_params(lineage).items() if name not in removed}


class _Entries(Mutant):
    """The entries of an override are changed before they are stored."""

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        entries = super().mapping(name, value)
        return {self.named(entry): self.changed(inner) for entry, inner in entries.items()}

    def named(self, name: str) -> str:
        """Return the name of a parameter as it is stored."""
        return name

    def changed(self, inner: Json) -> Json:
        """Return an entry as it is stored."""
        return inner if not isinstance(inner, dict) else {n: value for n, value in inner.items() if self.keeps(value)}

    def keeps(self, value: Json) -> bool:
        """Return whether a member of an entry is stored."""
        return True


class ParameterNamesUnderscored(_Entries):
    """Hyphens in the names of parameters become underscores."""

    kills = frozenset({"SEM-05"})

    def named(self, name: str) -> str:
        return name.replace("-", "_")


class MembersOfEntriesInSnakeCase(_Entries):
    """Names inside the entries of an override are converted to snake case."""

    kills = frozenset({"SEM-05", "SEM-20"})

    def changed(self, inner: Json) -> Json:
        if not isinstance(inner, dict):
            return inner
        return {re.sub("(?<=[a-z])[A-Z]", lambda found: f"_{found[0].lower()}", name): v for name, v in inner.items()}


class NegativeLimitsDropped(_Entries):
    """Negative numbers in the entries of an override are dropped."""

    kills = frozenset({"IDM-18", "SEM-05", "SEM-20"})

    def keeps(self, value: Json) -> bool:
        return not (isinstance(value, int | float) and value < 0)


class EmptyListsInEntriesDropped(_Entries):
    """Empty lists in the entries of an override are dropped."""

    kills = frozenset({"SEM-20"})

    def keeps(self, value: Json) -> bool:
        return not isinstance(value, list) or bool(value)


class TextsInEntriesNormalizedToNfc(_Entries):
    """Texts in the entries of an override are converted to Unicode normalization form C."""

    kills = frozenset({"IDM-18", "SEM-05"})

    def changed(self, inner: Json) -> Json:
        if not isinstance(inner, dict):
            return inner
        return {n: normalize("NFC", value) if isinstance(value, str) else value for n, value in inner.items()}


class EmojiInEntriesDropped(_Entries):
    """Characters of four bytes in UTF-8 are dropped from the entries of an override."""

    kills = frozenset({"IDM-18", "SEM-05"})

    def changed(self, inner: Json) -> Json:
        if not isinstance(inner, dict):
            return inner
        return {n: re.sub("[^\0-\uffff]", "", v) if isinstance(v, str) else v for n, v in inner.items()}


class LimitsCappedByBase(Mutant):
    """The maximum in an entry cannot exceed that of the base model's parameter."""

    kills = frozenset({"SEM-05"})

    def apply_override(self, params: Values, override: Values) -> Values:
        return super().apply_override(params, {name: self.capped(params.get(name), v) for name, v in override.items()})

    def capped(self, theirs: Json, own: Json) -> Json:
        """Return an entry after the comparison."""
        if not (isinstance(theirs, dict) and isinstance(own, dict) and "max" in theirs and "max" in own):
            return own
        return {**own, "max": min(own["max"], theirs["max"])}


class BaseKeepsOverride(Mutant):
    """An update that sends a base model ignores the override."""

    kills = frozenset({"IDM-18"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        both = OVERRIDE in earlier.values and BASE in values
        return super().merge(earlier, {name: v for name, v in values.items() if name != OVERRIDE or not both})
