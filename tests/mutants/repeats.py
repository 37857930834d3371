"""Bugs of servers that tell whether anything changed, or whether a request was seen before, by too little."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import COSTS, FLAGS, KEY, OVERRIDE
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class _Unchanged(Mutant):
    """An update in which nothing seems to have changed writes nothing."""

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return dict(earlier.values) if self.seems_unchanged(earlier.values, merged) else merged

    def seems_unchanged(self, before: Mapping[str, Json], after: Values) -> bool:
        """Whether there is nothing to write."""
        raise NotImplementedError


class FlagsNotCompared(_Unchanged):
    """Whether an update changes anything is told by all but the flags: one that is sent alone is not written."""

    kills = frozenset({"IDM-02", "IDM-06", "IDM-08", "IDM-16", "IDM-18"})

    def seems_unchanged(self, before: Mapping[str, Json], after: Values) -> bool:
        return {n: v for n, v in before.items() if n not in FLAGS} == {n: v for n, v in after.items() if n not in FLAGS}


class OverridesComparedByName(Mutant):
    """An override that has the parameters of the stored one counts as the same, whatever it says of them."""

    kills = frozenset({"IDM-16", "IDM-18", "IDM-24", "SEM-07", "SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return earlier if override.keys() <= earlier.keys() else super().merge_override(earlier, override)


class LatestBodiesRemembered(Mutant):
    """A named body among the last eight of its model is taken for a request that was sent twice: it is not applied."""

    kills = frozenset({"IDM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.latest: dict[str, list[str]] = {}

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        seen, body = self.latest.setdefault(name, []), json.dumps(values)
        twice = "display_name" in values and body in seen[-8:]
        seen.append(body)
        return earlier if twice and earlier else super().upserted(earlier, name, values)


class OverrideSentBeforeIgnored(Mutant):
    """An override that the model had before is taken for a request that comes late, and is ignored."""

    kills = frozenset({"IDM-18", "SEM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.had: dict[str, list[Values]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        had = self.had.setdefault(earlier.name, [earlier.values.get(OVERRIDE, {})])
        late = values.get(OVERRIDE) in had
        had.append(values.get(OVERRIDE, {}))
        return super().merge(earlier, {n: v for n, v in values.items() if n != OVERRIDE or not late})


class EmptyOverrideIgnored(Mutant):
    """An override takes the place of the one before it, unless it is empty."""

    kills = frozenset({"SEM-23"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return override or earlier


class _Drafts(Mutant):
    """The costs of a request that names what does not exist are left behind for the next one that is taken."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.drafts: dict[str, Values] = {}

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.drafts[values[KEY]] = {name: value for name, value in values.items() if name in COSTS}
            raise


class RefusedValuesFlushedLater(_Drafts):
    """A refused update leaves its values in the object of the session: the next update of the model writes them."""

    kills = frozenset({"IDM-30"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {**self.drafts.pop(earlier.name, {}), **values})


class RefusedCreateFillsTheNext(_Drafts):
    """A refused create leaves its values behind, and the create that is taken of that name begins with them."""

    kills = frozenset({"IDM-13"})

    def initial_values(self, values: Values) -> Values:
        return {**self.drafts.pop(values[KEY], {}), **super().initial_values(values)}
