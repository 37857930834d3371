"""Measures the reproductions of all mutants: `python -m tests.conformance.reproduction [NAME ...] [--every N]`."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

from tests.conformance.reproduction.pasting import Pasted, judged, pasted
from tests.mutants.catalogue import MUTANTS


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--from", dest="start", type=int, default=0)
    given = parser.parse_args()
    chosen = [m for m in MUTANTS if not given.names or m.__name__ in given.names][given.start :: given.every]
    found: list[Pasted] = []
    most = 0
    for mutant in chosen:
        with judged(mutant) as (url, report):
            found += (some := list(pasted(mutant, url, report)))
        most = max(most, report["run"]["requests"])
        for one in some:
            if one.missed or (one.first and not one.printed):
                print(one if one.missed else f"{one} {one.finding.get('not_reproduced')}", flush=True)
        print(f"{mutant.__name__}: {len(some)} findings, {report['run']['requests']} requests", flush=True)
    print(f"{len(chosen)} mutants, at most {most} requests a run")
    print_measures("reported in full", [one for one in found if one.first])
    print_measures("all findings", found)


def print_measures(title: str, found: Sequence[Pasted]) -> None:
    """Print what the measures are."""
    printed = [one for one in found if one.printed]
    shown = [one for one in printed if one.missed is None]
    counts = [one.requests for one in printed] or [0]
    print(
        f"{title}: {len(found)}; printed {len(printed)} ({100 * len(printed) / max(1, len(found)):.1f} %), of which "
        f"{len(shown)} fail as they say ({100 * len(shown) / max(1, len(printed)):.1f} %); "
        f"requests: median {statistics.median(counts)}, most {max(counts)}"
    )


if __name__ == "__main__":
    main()
