"""What is printed fails as it says when it is pasted into a shell, against a server that nothing was sent to before.

The environment `reproduction` of tox tries every mutant; by default it is some of different kinds.
"""

from __future__ import annotations

import os
import re
import shutil

import pytest

from tests.conformance.reproduction.pasting import judged, missed_at, pasted
from tests.mutants.catalogue import MUTANTS
from tests.mutants.http import LocationOfPreviousModel, LocationWithRowNumber
from tests.mutants.mutant import Mutant
from tests.servers.serving import served
from tests.servers.variants.http import RelativeLocation

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
SOME = frozenset({
    "AlwaysCreated", "BodyAfterUpgradeParsedAsRequest", "BodyUnreadAfterSyntaxError", "CostsSwapped", "FlagsAsBooleans",
    "KeysCaseInsensitive", "NamesUniqueAcrossOrganizations", "OverrideNotApplied", "NamePrefixDropped",
    "PathDecodedTwice", "RejectionRevivesDeletedName",
    "SecondRejectionResetsModel", "TornReads", "TrailersReplaceHeaders", "UnknownBaseReturns200", "ZeroMeansUnset",
})  # fmt: skip
CHANCE = re.compile("CON|MOD|STA-(?:2[6-9]|30)")
"""Requirements whose findings depend on who wins a race, or on what is drawn."""
KEPT = {("FoundByDisplayName", "STA-13")}
"""What rests on a model that the run keeps to its end for other checks, where no response tells of that model."""
GROWING = {"ParametersOfOtherModelsInherited"}
"""What these wrongly show grows with every request, so that it is another value when the requests are pasted."""
WHOLE = os.environ.get("REPRODUCTIONS") == "all"
REASONS = re.compile(
    "some of the requests were sent concurrently|the requests alone do not show|it takes more requests|the requests "
    "were not sent again|the last request got no response|it failed once and|other findings of [A-Z]{3}-[0-9]{2} are"
)


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if WHOLE or m.__name__ in SOME], ids=lambda m: m.__name__)
def test_what_is_printed_fails_as_described(mutant: type[Mutant]) -> None:
    with judged(mutant, *(() if WHOLE else sorted(mutant.kills))) as (url, report):
        found = list(pasted(mutant, url, report))
    assert found or mutant.may_also_fail or all(map(CHANCE.match, mutant.kills))
    missed = [str(one) for one in found if one.missed and (one.mutant, one.requirement) not in KEPT]
    assert not missed or mutant.__name__ in GROWING
    for one in found:
        assert one.printed or REASONS.match(one.finding["not_reproduced"]), one
        assert one.finding["rerun"].startswith(f"respan-conformance {url} ")


def test_the_sample_is_there() -> None:
    assert {m.__name__ for m in MUTANTS} >= SOME


def test_all_that_can_be_replayed_is_printed_and_short() -> None:
    mutant = next(m for m in MUTANTS if m.__name__ == "CostsSwapped")
    with judged(mutant, *sorted(mutant.kills)) as (url, report):
        first = [one for one in pasted(mutant, url, report) if one.first]
    assert all(one.printed for one in first)
    assert max(one.requests for one in first) <= 4


@pytest.mark.parametrize("mutant", [LocationOfPreviousModel, LocationWithRowNumber])
def test_what_shows_a_wrong_location_shows_none_on_a_correct_server(mutant: type[Mutant]) -> None:
    with judged(mutant, "SCH-24") as (url, report):
        [one] = pasted(mutant, url, report)
        assert one.printed
        assert one.missed is None
    with served(RelativeLocation()) as correct:
        assert missed_at(correct, url, one.finding) is not None
