"""Bugs in detecting unchanged and repeated requests."""

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
    """An update that seems to change nothing is not stored."""

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return dict(earlier.values) if self.seems_unchanged(earlier.values, merged) else merged

    def seems_unchanged(self, before: Mapping[str, Json], after: Values) -> bool:
        """Return whether there is nothing to write."""
        raise NotImplementedError


class FlagOnlyUpdateSkipped(_Unchanged):
    """Flags are not compared to detect changes: an update of flags alone is not stored."""

    kills = frozenset({"IDM-02", "IDM-06", "IDM-08", "IDM-16", "IDM-18"})

    def seems_unchanged(self, before: Mapping[str, Json], after: Values) -> bool:
        return {n: v for n, v in before.items() if n not in FLAGS} == {n: v for n, v in after.items() if n not in FLAGS}


class OverridesComparedByKeys(Mutant):
    """Overrides are compared by the names of their parameters: changed values are not stored."""

    kills = frozenset({"IDM-16", "IDM-18", "IDM-24", "SEM-07", "SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return earlier if override.keys() <= earlier.keys() else super().merge_override(earlier, override)


class RecentBodyIgnored(Mutant):
    """A body with a display name is not applied if it equals one of the model's last eight bodies."""

    kills = frozenset({"IDM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.latest: dict[str, list[str]] = {}

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        seen, body = self.latest.setdefault(name, []), json.dumps(values)
        twice = "display_name" in values and body in seen[-8:]
        seen.append(body)
        return earlier if twice and earlier else super().upserted(earlier, name, values)


class EarlierOverrideIgnored(Mutant):
    """An override that the model had before is ignored as a late request."""

    kills = frozenset({"IDM-18", "SEM-07"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.had: dict[str, list[Values]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        had = self.had.setdefault(earlier.name, [earlier.values.get(OVERRIDE, {})])
        late = values.get(OVERRIDE) in had
        had.append(values.get(OVERRIDE, {}))
        return super().merge(earlier, {n: v for n, v in values.items() if n != OVERRIDE or not late})


class OverrideReplacedUnlessEmpty(Mutant):
    """An override replaces the stored one, unless it is empty."""

    kills = frozenset({"SEM-23"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return override or earlier


class _Drafts(Mutant):
    """The costs of a request with an unknown reference stay behind for the next accepted one."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.drafts: dict[str, Values] = {}

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.drafts[values[KEY]] = {name: value for name, value in values.items() if name in COSTS}
            raise


class RejectedValuesWrittenByNextUpdate(_Drafts):
    """The values of a rejected update are written by the model's next update."""

    kills = frozenset({"IDM-30"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {**self.drafts.pop(earlier.name, {}), **values})


class RejectedCreateFillsNextCreate(_Drafts):
    """The values of a rejected create are used by the next create of that name."""

    kills = frozenset({"IDM-13"})

    def initial_values(self, values: Values) -> Values:
        return {**self.drafts.pop(values[KEY], {}), **super().initial_values(values)}
