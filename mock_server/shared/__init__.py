"""State that several mocks share: models, faults, journal, clock and events, in Redis.

**Keys.** All keys of one mock start with `{PREFIX}:`, so that they are in one slot of a cluster, and one script can use
all of them.

| key | what |
|---|---|
| `control` | a hash: the control version, the fault rules, counters, and what the mocks have started from |
| `models` | a hash from scope and name to a model: its version, times, the names it refers to, and its values as JSON |
| `initial` | the same for the models of the start, which a reset copies |
| `journal`, `events` | streams; the ID of an entry is its number and its size in bytes |
| `fired` | a hash: how often each fault rule has acted |

**Atomicity.** Every change is one Lua script, and a script runs alone. It writes everything or nothing: what can fail,
such as a full Redis, fails before the first write. Nothing in Lua knows JSON or the rules of the contract. The upsert
stays a pure function in Python, with an optimistic transaction around it: `look` returns a view of all models that the
request is about, Python decides, and `commit` carries the decision out if each model of the view still has its version
and the clock has not moved. Otherwise it returns a new view, and Python decides again.

**Cost.** A read is one round trip: the script follows the names of base models itself. A write is two. The journal adds
one before the end of the response is sent, so that a client that has its response finds the request at any mock.

**Control version.** It changes with the fault rules, a reset and a restart of Redis. Each `look` brings it along, and a
mock that has another one reads the rules again before it goes on. So a change is in effect for the next request at any
mock when the response of the admin API is sent.

**Consistency.** Models, faults with `count`, the numbers of requests and events, and the steps of a fixed clock are
linearizable. The time without a fixed clock is that of Redis. Each mock has its own connections, limits of clients, and
random choices; with a seed, the choice for the n-th matching request is the same in whatever mock it arrives.

**Failure.** If Redis does not respond, the request gets a 503, and the mock goes on as soon as Redis does. A write is
never sent twice. If Redis comes back empty, the first mock that notices writes what the mocks have started from.
"""
