"""Correct servers in surroundings that change, fail or interfere, and what a run has to say of each.

None of these servers is at fault. A run is not conformant only where something in front of the server breaks the
contract in the same way each time, for then nobody who sees only the responses can tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.results.verdict import RunVerdict
from tests.conformance.surroundings import scripts as on
from tests.conformance.surroundings.proxy import Script
from tests.conformance.surroundings.scripts import (
    after_uses,
    all_of,
    at,
    detail,
    edited,
    ever_after,
    every,
    for_seconds,
    holding,
    page,
    reading,
    responding,
    since,
    when,
    with_key,
    writing,
)
from tests.conformance.surroundings.servers import FarReplica, NearReplica, OwnNames, limited, limited_for_ever
from tests.servers.fixtures import OTHER_ORGANIZATION_KEY as OTHER
from tests.servers.fixtures import READ_ONLY_KEY as READER
from tests.servers.fixtures import READ_WRITE_KEY as OWNER
from tests.servers.plain import PlainServer

CONFORMANT, NOT_CONFORMANT = RunVerdict.CONFORMANT, RunVerdict.NON_CONFORMANT
INCONCLUSIVE, GONE, WRONG_USE = RunVerdict.INCONCLUSIVE, RunVerdict.UNREACHABLE, RunVerdict.WRONG_USE

QUICK = ("--profile", "quick")
IMPATIENT = (*QUICK, "--timeout", "1")
BOUNDED = (*QUICK, "--time-budget", "6")
SHORT = ("--only", "SCH,AUT")
ALL = ("acme", "globex")
OTHER_KEY = r"RESPAN_OTHER_ORG_KEY|--other-org-key|other organization|second organization"
READER_KEY = r"RESPAN_READ_ONLY_KEY|--read-only-key|read-only"
IN_FRONT = r"in front"
SINCE = r"\bsince\b"
BROKEN = r"\b\d+ (of [\d,]+ )?requests?\b"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A server, what stands before it, and what a run of the command comes to."""

    name: str
    script: Callable[[], Script]
    """Makes what stands before the server; a fresh one for each run, for most remember something."""
    verdicts: tuple[RunVerdict, ...]
    """The verdict. More than one only where it depends on how sparing the run is with models or time."""
    says: tuple[str, ...] = ()
    """Regular expressions, without regard to case: each is found in what the run prints, and in each report."""
    options: tuple[str, ...] = QUICK
    server: Callable[[], PlainServer] = PlainServer
    fails: frozenset[str] | None = frozenset()
    """The requirements that fail, exactly; None where what the surroundings break decides which they are."""
    emptied: tuple[str, ...] = ()
    """Organizations in which nothing is left, because the target takes deletes until the end."""
    waived: tuple[str, ...] = ()
    """Requirements with a waiver."""
    stale: bool = False
    """Whether reads lag, so that what only a read could show cannot be judged."""
    seconds: float = 40.0
    """A bound of the run, generous on a busy machine."""


ROWS: tuple[Surroundings, ...] = (
    # -- keys --------------------------------------------------------------------------------------------------------
    # From a third of the run on the key is unknown.
    Surroundings(
        "key-expires", lambda: when(all_of(since(100), with_key(OWNER)), on.expired), (INCONCLUSIVE,), ("401", SINCE)
    ),
    # The same, said with 403 as some gateways do.
    Surroundings(
        "key-is-revoked",
        lambda: when(all_of(since(100), with_key(OWNER)), detail(403, "This key was revoked.")),
        (INCONCLUSIVE,),
        ("403", SINCE),
    ),
    # The key still reads, and no longer writes or deletes.
    Surroundings(
        "key-loses-the-right-to-write",
        lambda: when(all_of(since(100), with_key(OWNER), writing), detail(403, "This key may only read.")),
        (INCONCLUSIVE,),
        ("403", SINCE),
    ),
    # Only the second organization's key expires: what needs it is not judged, and its models cannot be deleted.
    Surroundings(
        "other-key-expires",
        lambda: when(all_of(with_key(OTHER), after_uses(4)), on.expired),
        (INCONCLUSIVE,),
        ("401", OTHER_KEY),
        emptied=("acme",),
    ),
    # Only the read-only key expires; nothing but a SHOULD needs it, which counts in a strict run.
    Surroundings(
        "read-only-key-expires",
        lambda: when(all_of(with_key(READER), after_uses(2)), on.expired),
        (INCONCLUSIVE,),
        ("401", READER_KEY),
        options=("--only", "AUT,STA-01,STA-02", "--strict"),
        emptied=ALL,
    ),
    # The identity provider is out for a second.
    Surroundings(
        "key-unknown-for-a-second",
        lambda: when(for_seconds(1.0, since(100)), on.expired),
        (INCONCLUSIVE,),
        ("401", SINCE),
        emptied=ALL,
    ),
    # One request with a valid key is answered 401.
    Surroundings("key-unknown-once", lambda: when(at(120), on.expired), (INCONCLUSIVE,), ("401",), emptied=ALL),
    # The key is not valid from the start: the user has to act.
    Surroundings("key-expired-before", lambda: on.expired, (WRONG_USE,), ("401", "RESPAN_API_KEY")),
    # -- gateways ----------------------------------------------------------------------------------------------------
    # What is behind the gateway is out for three seconds, and the gateway shows its page.
    Surroundings(
        "502-page-for-three-seconds",
        lambda: when(for_seconds(3.0, since(100)), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502", SINCE),
        emptied=ALL,
    ),
    # The same in JSON, for one second.
    Surroundings(
        "502-json-for-a-second",
        lambda: when(for_seconds(1.0, since(100)), detail(502, "upstream connect error")),
        (INCONCLUSIVE,),
        ("502", SINCE),
        emptied=ALL,
    ),
    # The same without a body.
    Surroundings(
        "502-empty-for-a-second",
        lambda: when(for_seconds(1.0, since(100)), responding(502)),
        (INCONCLUSIVE,),
        ("502", SINCE),
        emptied=ALL,
    ),
    # A gateway that gives up waiting.
    Surroundings(
        "504-for-a-second",
        lambda: when(for_seconds(1.0, since(100)), page(504, "Gateway Time-out")),
        (INCONCLUSIVE,),
        ("504", SINCE),
        emptied=ALL,
    ),
    # The database behind the server is out for a second.
    Surroundings(
        "500-for-a-second",
        lambda: when(for_seconds(1.0, since(100)), detail(500, "Internal server error.")),
        (INCONCLUSIVE,),
        ("500", SINCE),
        emptied=ALL,
    ),
    # What is behind the gateway does not come back: nothing answers any more but the gateway.
    Surroundings("502-page-for-good", lambda: when(since(100), page(502, "Bad Gateway")), (GONE,), ("502", SINCE)),
    Surroundings("502-empty-for-good", lambda: when(since(100), responding(502)), (GONE,), ("502", SINCE)),
    Surroundings("504-for-good", lambda: when(since(100), page(504, "Gateway Time-out")), (GONE,), ("504", SINCE)),
    # It was never there.
    Surroundings("502-from-the-start", lambda: page(502, "Bad Gateway"), (GONE,), ("502", "gateway")),
    # One request of the run is answered by the gateway.
    Surroundings("502-once", lambda: when(at(120), page(502, "Bad Gateway")), (INCONCLUSIVE,), ("502",), emptied=ALL),
    # One of many backends is out: 1 request in 20 is answered by the gateway, from the start.
    Surroundings(
        "502-now-and-then",
        lambda: when(every(20), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502", "flaky", BROKEN),
        emptied=ALL,
    ),
    # One of two backends goes out in the middle.
    Surroundings(
        "502-every-other-time",
        lambda: when(all_of(since(100), every(2)), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502",),
    ),
    # -- restarts and ends -------------------------------------------------------------------------------------------
    # The server restarts between two requests and keeps its models: nothing is lost, and a client waits.
    Surroundings(
        "restart-between-requests", lambda: when(at(100), on.leaving(1.0, first=True)), (CONFORMANT,), emptied=ALL
    ),
    # It restarts while a request is under way, which gets no response.
    Surroundings(
        "restart-during-a-request",
        lambda: when(at(100), on.leaving(2.0)),
        (INCONCLUSIVE,),
        (BROKEN,),
        emptied=ALL,
    ),
    # It does not come back.
    Surroundings("connection-refused-for-good", lambda: when(at(100), on.leaving()), (GONE,), (SINCE, "refused")),
    # -- rate limits and bans ----------------------------------------------------------------------------------------
    # A limiter that never lets go, and says that it would at once.
    Surroundings(
        "429-retry-at-once-for-good",
        lambda: when(since(31), detail(429, "Too many requests.", {"Retry-After": "0"})),
        (INCONCLUSIVE,),
        ("429", "throttled"),
    ),
    # One that does not say when.
    Surroundings(
        "429-for-good",
        lambda: when(since(100), detail(429, "Too many requests.")),
        (INCONCLUSIVE,),
        ("429", "throttled"),
        options=BOUNDED,
        seconds=20,
    ),
    # One that says: in an hour.
    Surroundings(
        "429-retry-in-an-hour",
        lambda: when(since(100), detail(429, "Too many requests.", {"Retry-After": "3600"})),
        (INCONCLUSIVE,),
        ("429", "throttled"),
        options=BOUNDED,
        seconds=20,
    ),
    # One from the start: nothing can be judged, whatever that is called.
    Surroundings(
        "429-from-the-start",
        lambda: detail(429, "Too many requests.", {"Retry-After": "3600"}),
        (GONE, INCONCLUSIVE),
        ("429",),
        options=BOUNDED,
        seconds=20,
    ),
    # One that knows the second organization only.
    Surroundings(
        "429-for-the-other-key",
        lambda: when(all_of(with_key(OTHER), after_uses(4)), detail(429, "Too many requests.", {"Retry-After": "0"})),
        (INCONCLUSIVE,),
        ("429", "throttled"),
        emptied=("acme",),
    ),
    # A polite one: each 50th request has to come again a second later.
    Surroundings(
        "429-politely",
        lambda: when(every(50), detail(429, "Too many requests.", {"Retry-After": "1"})),
        (CONFORMANT,),
        options=SHORT,
        emptied=ALL,
    ),
    # Maintenance that says how long it takes, and takes no longer.
    Surroundings(
        "503-for-a-second-politely",
        lambda: when(for_seconds(1.0, since(50)), detail(503, "Maintenance.", {"Retry-After": "1"})),
        (CONFORMANT,),
        options=SHORT,
        emptied=ALL,
    ),
    # Maintenance without an end.
    Surroundings(
        "503-for-good",
        lambda: when(since(31), page(503, "Service Unavailable")),
        (INCONCLUSIVE,),
        ("503",),
        options=BOUNDED,
        seconds=20,
    ),
    # A firewall takes the run for an attack and bans it.
    Surroundings("ban-by-403", lambda: when(since(60), page(403, "Access denied")), (INCONCLUSIVE,), ("403", SINCE)),
    # It does so on account of many bad requests.
    Surroundings(
        "ban-after-bad-requests",
        lambda: when(ever_after(lambda call: call.proxy.statuses[400] >= 10), page(403, "Access denied")),
        (INCONCLUSIVE,),
        ("403", SINCE),
    ),
    # It bans by closing each connection: nothing answers any more.
    Surroundings("ban-by-closing", lambda: when(since(100), on.closing), (GONE,), (SINCE,)),
    # It bans by not answering.
    Surroundings(
        "ban-by-silence", lambda: when(since(100), on.silent), (GONE,), (SINCE, "time limit"), options=IMPATIENT
    ),
    # -- quotas ------------------------------------------------------------------------------------------------------
    # A plan of 50 models, of which deletes free places: a run that deletes in time never meets it.
    Surroundings(
        "quota-of-50-by-403",
        lambda: on.forwarded,
        (CONFORMANT, INCONCLUSIVE),
        ("quota",),
        server=limited(50, 403),
        emptied=ALL,
    ),
    Surroundings(
        "quota-of-50-by-402",
        lambda: on.forwarded,
        (CONFORMANT, INCONCLUSIVE),
        ("quota",),
        server=limited(50, 402),
        emptied=ALL,
    ),
    Surroundings(
        "quota-of-50-by-409",
        lambda: on.forwarded,
        (CONFORMANT, INCONCLUSIVE),
        ("quota",),
        server=limited(50, 409),
        emptied=ALL,
    ),
    Surroundings(
        "quota-of-50-by-429",
        lambda: on.forwarded,
        (CONFORMANT, INCONCLUSIVE),
        ("quota",),
        server=limited(50, 429),
        options=BOUNDED,
        emptied=ALL,
        seconds=20,
    ),
    # A plan of 5 models: 20 side by side cannot be.
    Surroundings(
        "quota-of-5",
        lambda: on.forwarded,
        (INCONCLUSIVE,),
        ("quota", "403"),
        options=("--only", "IDM-17,STA-01,STA-02,IDM-02,IDM-10"),
        server=limited(5, 403),
        emptied=ALL,
    ),
    # A plan that counts creates: deletes free nothing.
    Surroundings(
        "quota-of-creates",
        lambda: on.forwarded,
        (INCONCLUSIVE,),
        ("quota", "403"),
        server=limited_for_ever(60, 403),
        emptied=ALL,
    ),
    # No place is free from the start: the plainest upsert is refused, and the user is shown how.
    Surroundings(
        "quota-used-up-before",
        lambda: on.forwarded,
        (WRONG_USE,),
        ("402", "Your plan allows 0 custom models"),
        server=limited(0, 402),
    ),
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
    # Some bodies are shorter than their length says.
    Surroundings(
        "truncated-body", lambda: when(every(60), on.truncated), (INCONCLUSIVE,), ("flaky", BROKEN), emptied=ALL
    ),
    # Some bodies are cut, and their length fits what is left.
    Surroundings(
        "cut-body", lambda: when(every(60), edited(on.cut)), (INCONCLUSIVE,), ("flaky|not again",), emptied=ALL
    ),
    # Some responses are an empty 200.
    Surroundings(
        "empty-200", lambda: when(every(60), edited(on.emptied)), (INCONCLUSIVE,), ("flaky|not again",), emptied=ALL
    ),
    # Some responses are those to the request before.
    Surroundings(
        "swapped-responses",
        lambda: on.swapping(every(60)),
        (INCONCLUSIVE,),
        ("flaky|not again",),
        emptied=ALL,
    ),
    # One response lacks its last byte, for ever.
    Surroundings(
        "one-response-never-ends",
        lambda: when(at(100), on.unfinished),
        (INCONCLUSIVE,),
        ("time limit", BROKEN),
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
        seconds=20,
    ),
    # Each response takes longer than the one before.
    Surroundings(
        "ever-slower",
        lambda: on.late(lambda number: 0.003 * number),
        (INCONCLUSIVE,),
        ("--time-budget",),
        options=BOUNDED,
        seconds=20,
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
        seconds=40,
    ),
    # -- stale reads -------------------------------------------------------------------------------------------------
    # Reads come from a replica: allowed, for that a write is seen at once is assumed.
    Surroundings(
        "replica-50-ms-behind", lambda: on.forwarded, (CONFORMANT,), server=NearReplica, emptied=ALL, stale=True
    ),
    Surroundings("replica-3-s-behind", lambda: on.forwarded, (CONFORMANT,), server=FarReplica, emptied=ALL, stale=True),
    # A cache keeps what was read for two seconds, and does not say so.
    Surroundings("cached-reads", lambda: on.remembering(2.0), (CONFORMANT,), emptied=ALL, stale=True),
    # A cache that does not look at the key: one organization is shown what another read (RFC 9111, section 3.5).
    Surroundings(
        "cache-shared-by-keys",
        lambda: on.remembering(2.0, by_key=False),
        (NOT_CONFORMANT,),
        ("TEN-03",),
        fails=None,
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
    # What a client of the gateway sees breaks the contract each time: it is a failure, whoever is to blame.
    Surroundings(
        "404-as-a-page",
        lambda: edited(on.in_html(404)),
        (NOT_CONFORMANT,),
        (IN_FRONT,),
        fails=frozenset({"SCH-01", "SCH-02", "SCH-05"}),
        emptied=ALL,
    ),
    Surroundings(
        "without-www-authenticate",
        lambda: edited(on.without("WWW-Authenticate")),
        (NOT_CONFORMANT,),
        ("AUT-04",),
        fails=frozenset({"AUT-04"}),
        emptied=ALL,
    ),
    Surroundings(
        "without-allow",
        lambda: edited(on.without("Allow")),
        (NOT_CONFORMANT,),
        ("STA-15",),
        options=("--only", "STA-01,STA-02,STA-15"),
        fails=frozenset({"STA-15"}),
        emptied=ALL,
    ),
    # The same, and somebody answers for it: nothing else becomes doubtful.
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
        fails=None,
        emptied=ALL,
    ),
    Surroundings(
        "firewall-resets-on-bodies",
        lambda: when(holding(b"supported_params_override"), on.resetting),
        (NOT_CONFORMANT,),
        ("STA-03",),
        fails=None,
        emptied=ALL,
    ),
    # -- portals -----------------------------------------------------------------------------------------------------
    # From some request on a portal responds to all with its page.
    Surroundings(
        "portal-page",
        lambda: when(since(100), page(200, "Welcome to our network")),
        (INCONCLUSIVE,),
        ("HTML", SINCE),
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
