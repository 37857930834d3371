"""Surroundings that change in the middle of a run: keys, gateways, restarts, rate limits, bans, quotas."""

from __future__ import annotations

from tests.conformance.surroundings import scripts as on
from tests.conformance.surroundings.row import (
    ALL,
    BOUNDED,
    BROKEN,
    CONFORMANT,
    GONE,
    IMPATIENT,
    INCONCLUSIVE,
    OTHER_KEY,
    READER_KEY,
    SHORT,
    SINCE,
    WRONG_USE,
    Surroundings,
)
from tests.conformance.surroundings.scripts import (
    after_uses,
    all_of,
    at,
    detail,
    edited,
    ever_after,
    every,
    for_seconds,
    once,
    page,
    responding,
    since,
    upserting,
    when,
    with_headers,
    with_key,
    writing,
)
from tests.conformance.surroundings.servers import limited, limited_for_ever
from tests.servers.fixtures import OTHER_ORGANIZATION_KEY as OTHER
from tests.servers.fixtures import READ_ONLY_KEY as READER
from tests.servers.fixtures import READ_WRITE_KEY as OWNER

CLOSE = ("Connection", "close")

CHANGING: tuple[Surroundings, ...] = (
    # -- keys --------------------------------------------------------------------------------------------------------
    # From a third of the run on the key is unknown.
    Surroundings(
        "key-expires", lambda: when(all_of(since(100), with_key(OWNER)), on.expired), (INCONCLUSIVE,), ("401", SINCE)
    ),
    # The same in a run of all requirements.
    Surroundings(
        "key-expires-in-a-default-run",
        lambda: when(all_of(since(500), with_key(OWNER)), on.expired),
        (INCONCLUSIVE,),
        ("401", SINCE),
        options=(),
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
    # One request with a valid key gets 401.
    Surroundings(
        "key-unknown-once",
        lambda: when(once(all_of(since(100), upserting)), on.expired),
        (INCONCLUSIVE,),
        ("401",),
        emptied=ALL,
    ),
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
    # The gateway is alone for a second while requests race.
    Surroundings(
        "502-during-races",
        lambda: when(for_seconds(1.0, since(60)), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502", SINCE),
        options=("--only", "CON"),
        emptied=ALL,
    ),
    # What is behind the gateway does not come back: only the gateway still responds.
    Surroundings("502-page-for-good", lambda: when(since(100), page(502, "Bad Gateway")), (GONE,), ("502", SINCE)),
    Surroundings("502-empty-for-good", lambda: when(since(100), responding(502)), (GONE,), ("502", SINCE)),
    Surroundings("504-for-good", lambda: when(since(100), page(504, "Gateway Time-out")), (GONE,), ("504", SINCE)),
    # It was never there.
    Surroundings("502-from-the-start", lambda: page(502, "Bad Gateway"), (GONE,), ("502", "gateway")),
    # One request of the run gets a response of the gateway.
    Surroundings(
        "502-once",
        lambda: when(once(all_of(since(100), upserting)), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502|5xx",),
        emptied=ALL,
    ),
    # One of many backends is out: 1 request in 20 gets a response of the gateway, from the start.
    Surroundings(
        "502-now-and-then",
        lambda: when(every(20), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502|5xx", "flaky"),
        emptied=ALL,
    ),
    # One of two backends goes out in the middle.
    Surroundings(
        "502-every-other-time",
        lambda: when(all_of(since(100), every(2)), page(502, "Bad Gateway")),
        (INCONCLUSIVE,),
        ("502|5xx", "flaky"),
    ),
    # -- restarts and ends -------------------------------------------------------------------------------------------
    # The server restarts between two requests and keeps its models: nothing is lost, and a client waits.
    Surroundings(
        "restart-between-requests", lambda: when(at(100), on.leaving(1.0, first=True)), (CONFORMANT,), emptied=ALL
    ),
    # It restarts while a request is under way. That gets no response, over a connection that was kept: an idle one may
    # be closed at any time (RFC 9112, section 9.3.1), so the request is sent again.
    Surroundings("restart-during-a-request", lambda: when(at(100), on.leaving(2.0)), (CONFORMANT,), emptied=ALL),
    # The same over a new connection: here a request was lost, once.
    Surroundings(
        "restart-during-a-request-on-a-new-connection",
        lambda: edited(with_headers(CLOSE), when(once(all_of(since(100), upserting)), on.leaving(2.0))),
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
    ),
    # One that says: in an hour.
    Surroundings(
        "429-retry-in-an-hour",
        lambda: when(since(100), detail(429, "Too many requests.", {"Retry-After": "3600"})),
        (INCONCLUSIVE,),
        ("429", "throttled"),
        options=BOUNDED,
    ),
    # One from the start: nothing can be judged, whatever that is called.
    Surroundings(
        "429-from-the-start",
        lambda: detail(429, "Too many requests.", {"Retry-After": "3600"}),
        (GONE, INCONCLUSIVE),
        ("429",),
        options=BOUNDED,
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
    # It bans by closing each connection: nothing responds any more.
    Surroundings("ban-by-closing", lambda: when(since(100), on.closing), (GONE,), (SINCE,)),
    # It bans by not responding.
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
        options=(),
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
        options=("--only", "STA,IDM"),
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
    # No place is free from the start: the simplest upsert is rejected, and the report shows the response.
    Surroundings(
        "quota-used-up-before",
        lambda: on.forwarded,
        (WRONG_USE,),
        ("402", "Your plan allows 0 custom models"),
        server=limited(0, 402),
    ),
)
