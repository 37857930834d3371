"""Surroundings that interfere: with connections, with time, with what is read, with what is said."""

from __future__ import annotations

from tests.conformance.surroundings import scripts as on
from tests.conformance.surroundings.row import (
    ALL,
    BOUNDED,
    BROKEN,
    CONFORMANT,
    GONE,
    IMPATIENT,
    IN_FRONT,
    INCONCLUSIVE,
    NOT_CONFORMANT,
    QUICK,
    SHORT,
    SINCE,
    WRONG_USE,
    Surroundings,
)
from tests.conformance.surroundings.scripts import (
    all_of,
    edited,
    every,
    holding,
    once,
    page,
    reading,
    since,
    upserting,
    when,
)
from tests.conformance.surroundings.servers import FarReplica, NearReplica, OwnNames

INTERFERING: tuple[Surroundings, ...] = (
    # -- flaky connections -------------------------------------------------------------------------------------------
    # 3 % of the requests are lost before they reach the server.
    Surroundings(
        "reset-before-the-server",
        lambda: when(every(33), on.resetting),
        (INCONCLUSIVE,),
        ("flaky", BROKEN),
        emptied=ALL,
    ),
    # 3 % are done, and their responses are lost.
    Surroundings(
        "reset-after-the-server",
        lambda: when(every(33), on.resetting_after),
        (INCONCLUSIVE,),
        ("flaky", BROKEN),
        emptied=ALL,
    ),
    # 3 % of the responses break off.
    Surroundings(
        "reset-within-the-response",
        lambda: when(every(33), on.resetting_within),
        (INCONCLUSIVE,),
        ("flaky", BROKEN),
        emptied=ALL,
    ),
    # 3 % are lost while requests race.
    Surroundings(
        "reset-during-races",
        lambda: when(every(33), on.resetting_within),
        (INCONCLUSIVE,),
        ("flaky", BROKEN),
        options=("--only", "CON"),
        emptied=ALL,
    ),
    # Some bodies are shorter than their length says.
    Surroundings(
        "truncated-body", lambda: when(every(60), on.truncated), (INCONCLUSIVE,), ("flaky", BROKEN), emptied=ALL
    ),
    # Some bodies are cut, and their length fits what is left.
    Surroundings(
        "cut-body",
        lambda: when(every(60), edited(on.cut)),
        (INCONCLUSIVE,),
        ("flaky|once and then passed",),
        emptied=ALL,
    ),
    # Some responses are an empty 200.
    Surroundings(
        "empty-200",
        lambda: when(every(60), edited(on.emptied)),
        (INCONCLUSIVE,),
        ("flaky|once and then passed",),
        emptied=ALL,
    ),
    # Some responses are those to the request before.
    Surroundings(
        "swapped-responses",
        lambda: on.swapping(every(60)),
        (INCONCLUSIVE,),
        ("flaky|once and then passed",),
        emptied=ALL,
    ),
    # One response lacks its last byte, for ever.
    Surroundings(
        "one-response-never-ends",
        lambda: when(once(all_of(since(100), upserting)), on.unfinished),
        (INCONCLUSIVE,),
        ("time limit", "flaky"),
        options=IMPATIENT,
        emptied=ALL,
    ),
    # -- slow surroundings -------------------------------------------------------------------------------------------
    # Two seconds a response: no quick run ends within its budget.
    Surroundings(
        "two-seconds-a-response",
        lambda: on.late(lambda _: 2.0),
        (INCONCLUSIVE,),
        ("--time-budget",),
        options=BOUNDED,
    ),
    # Each response takes longer than the one before.
    Surroundings(
        "ever-slower",
        lambda: on.late(lambda number: 0.003 * number),
        (INCONCLUSIVE,),
        ("--time-budget",),
        options=BOUNDED,
    ),
    # Each response comes in pieces.
    Surroundings("responses-in-pieces", lambda: on.dripping(5, 0.004), (CONFORMANT,), options=SHORT, emptied=ALL),
    # From some request on they come so slowly that none is whole in time.
    Surroundings(
        "responses-drip",
        lambda: when(since(100), on.dripping(200, 0.05)),
        (GONE,),
        ("time limit", SINCE),
        options=IMPATIENT,
    ),
    # Each model has half a megabyte of further members: allowed, and more than a run reads.
    Surroundings(
        "half-a-megabyte",
        lambda: edited(on.swollen(450_000)),
        (INCONCLUSIVE, CONFORMANT),
        ("MiB|--time-budget",),
        options=(*QUICK, "--time-budget", "20"),
    ),
    # -- stale reads -------------------------------------------------------------------------------------------------
    # Reads come from a replica: allowed, for that a write is seen at once is assumed.
    Surroundings(
        "replica-50-ms-behind", lambda: on.forwarded, (CONFORMANT,), server=NearReplica, emptied=ALL, blind=True
    ),
    Surroundings("replica-3-s-behind", lambda: on.forwarded, (CONFORMANT,), server=FarReplica, emptied=ALL, blind=True),
    # A cache keeps what was read for two seconds, and does not say so.
    Surroundings("cached-reads", lambda: on.remembering(2.0), (CONFORMANT,), emptied=ALL, blind=True),
    # A cache that does not look at the key: one organization is shown what another read (RFC 9111, section 3.5).
    Surroundings(
        "cache-shared-by-keys",
        lambda: on.remembering(2.0, by_key=False),
        (NOT_CONFORMANT,),
        fails=frozenset({"TEN-03"}),
        others_fail=True,
        emptied=ALL,
    ),
    # -- gateways that edit ------------------------------------------------------------------------------------------
    # All that HTTP lets a gateway do.
    Surroundings("compressed", lambda: edited(on.compressed), (CONFORMANT,), emptied=ALL),
    Surroundings(
        "more-headers",
        lambda: edited(
            on.with_headers(("Via", "1.1 edge"), ("X-Request-Id", "7"), ("Set-Cookie", "a=b"), ("Age", "0"))
        ),
        (CONFORMANT,),
        emptied=ALL,
    ),
    Surroundings("lower-case-headers", lambda: edited(on.spelled(str.lower)), (CONFORMANT,), emptied=ALL),
    Surroundings("upper-case-headers", lambda: edited(on.spelled(str.upper)), (CONFORMANT,), emptied=ALL),
    # A gateway that lets no reads, or no deletes, through: a server without them is allowed.
    Surroundings(
        "no-reads",
        lambda: when(reading, page(405, "Method Not Allowed", {"Allow": "POST, DELETE"})),
        (CONFORMANT,),
        emptied=ALL,
        blind=True,
    ),
    Surroundings(
        "no-deletes",
        lambda: when(on.deleting, page(405, "Method Not Allowed", {"Allow": "GET, POST"})),
        (CONFORMANT,),
        blind=True,
    ),
    # What a client of the gateway sees breaks the contract each time: it is a failure, no matter what causes it.
    Surroundings(
        "404-as-a-page",
        lambda: edited(on.in_html(404)),
        (NOT_CONFORMANT,),
        (IN_FRONT,),
        fails=frozenset({"SCH-01", "SCH-02"}),
        emptied=ALL,
    ),
    Surroundings(
        "without-www-authenticate",
        lambda: edited(on.without("WWW-Authenticate")),
        (NOT_CONFORMANT,),
        fails=frozenset({"AUT-04"}),
        emptied=ALL,
    ),
    Surroundings(
        "without-allow",
        lambda: edited(on.without("Allow")),
        (NOT_CONFORMANT,),
        options=("--only", "STA-01,STA-02,STA-15"),
        fails=frozenset({"STA-15"}),
        emptied=ALL,
    ),
    # The same, and somebody responds for it: nothing else becomes doubtful.
    Surroundings(
        "without-www-authenticate-waived",
        lambda: edited(on.without("WWW-Authenticate")),
        (CONFORMANT,),
        emptied=ALL,
        waived=("AUT-04",),
    ),
    # A firewall refuses particular bodies each time.
    Surroundings(
        "firewall-refuses-bodies-by-403",
        lambda: when(holding(b"supported_params_override"), page(403, "Access denied")),
        (NOT_CONFORMANT,),
        (IN_FRONT,),
        fails=frozenset({"SCH-01", "SCH-02"}),
        others_fail=True,
        emptied=ALL,
    ),
    Surroundings(
        "firewall-resets-on-bodies",
        lambda: when(holding(b"supported_params_override"), on.resetting),
        (NOT_CONFORMANT,),
        fails=frozenset({"STA-03"}),
        others_fail=True,
        emptied=ALL,
    ),
    # -- portals -----------------------------------------------------------------------------------------------------
    # From some request on a portal responds to all with its page.
    Surroundings(
        "portal-page",
        lambda: when(since(100), page(200, "Welcome to our network")),
        (INCONCLUSIVE,),
        ("Welcome to our network", SINCE),
    ),
    # The same by a redirect to a login page.
    Surroundings(
        "portal-redirect",
        lambda: when(since(100), page(302, "Log in", {"Location": "https://login.example/?next=%2F"})),
        (INCONCLUSIVE,),
        ("302", SINCE),
    ),
    # The session lasts a while, and then reads are redirected, and writes refused.
    Surroundings(
        "portal-redirect-of-reads",
        lambda: when(
            all_of(since(100), reading),
            page(302, "Log in", {"Location": "/login"}),
            when(since(100), page(403, "Forbidden")),
        ),
        (INCONCLUSIVE,),
        ("302|403", SINCE),
    ),
    # They are there from the start.
    Surroundings("portal-page-from-the-start", lambda: page(200, "Welcome"), (GONE,), ("HTML",)),
    Surroundings(
        "portal-redirect-from-the-start", lambda: page(302, "Log in", {"Location": "/login"}), (GONE,), ("redirect",)
    ),
    # A firewall refuses all from the start: that it is the key is not known.
    Surroundings("403-page-from-the-start", lambda: page(403, "Access denied"), (WRONG_USE, GONE), ("403",)),
    # Only names of a pattern are taken: the first look shows the response, and the option that helps.
    Surroundings(
        "names-of-a-pattern",
        lambda: on.forwarded,
        (WRONG_USE,),
        ("400", "A name matches acme-", "--name-pattern"),
        server=OwnNames,
    ),
)
