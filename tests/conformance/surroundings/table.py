"""All surroundings that the suite is tried in.

None of the servers is at fault. A run is not conformant only where something in front of the server breaks the
contract in the same way each time, for then nobody who sees only the responses can tell the two apart.
"""

from __future__ import annotations

from tests.conformance.surroundings.changing import CHANGING
from tests.conformance.surroundings.interfering import INTERFERING
from tests.conformance.surroundings.row import ALL, CONFORMANT, GONE, QUICK, SINCE, Surroundings
from tests.conformance.surroundings.scripts import forwarded

QUIET = tuple(
    Surroundings(f"nothing-happens-{name}", lambda: forwarded, (CONFORMANT,), options=options, emptied=ALL)
    for name, options in {"quick": QUICK, "default": (), "strict": ("--strict",)}.items()
)
"""A proxy that only forwards."""
MORTAL = Surroundings("process-ends", lambda: forwarded, (GONE,), (SINCE,))
"""No proxy: the process of the server itself ends."""
ROWS = (*CHANGING, *INTERFERING)
