"""The copy of the mock's data that the page stores, with a fake clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.mock_server.console.conftest import WIDE, Open
from tests.mock_server.process import MockProcess

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
REPLICA = """async () => {
    const { Replica } = await import("/_mock/console/replica.js");
    window.loads = 0;
    window.loading = 0;
    const load = async () => {
        window.loads += 1;
        if (window.loading) await new Promise((loaded) => setTimeout(loaded, window.loading));
    };
    window.replica = new Replica(load, () => {}, () => {}, () => {});
}"""


def test_a_change_during_a_load_is_loaded_again(mock: MockProcess, open_console: Open) -> None:
    page = open_console(mock.url, viewport=WIDE)  # a context of its own: the clock is that of a context
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + timedelta(hours=1))
    page.evaluate(REPLICA)

    def loads_after(milliseconds: int) -> int:
        page.clock.run_for(milliseconds)
        return int(page.evaluate("window.loads"))

    page.evaluate("for (let events = 0; events < 3; events += 1) replica.reloadSoon()")
    assert loads_after(900) == 0
    assert loads_after(200) == 1
    assert loads_after(1_000) == 2
    assert loads_after(60_000) == 2
    page.evaluate("window.loading = 3_000; replica.reloadSoon()")
    assert loads_after(5_000) == 3
    page.evaluate("replica.reloadSoon()")
    assert loads_after(8_000) == 3
    assert loads_after(2_000) == 4


def test_events_after_a_restart_wait_for_the_load(mock: MockProcess, open_console: Open) -> None:
    shown = open_console(mock.url).evaluate("""async () => {
        const { Replica } = await import("/_mock/console/replica.js");
        const shown = ["before"];
        const put = (whole) => shown.splice(0, shown.length, ...whole);
        const replica = new Replica(async () => ["loaded"], put, (event) => shown.push(event), () => {});
        const seen = [];
        replica.hold();
        replica.take("after");
        seen.push(shown.join());
        await replica.reload();
        seen.push(shown.join());
        replica.hold();
        replica.take("later");
        seen.push(shown.join());
        replica.release();
        seen.push(shown.join());
        return seen;
    }""")
    assert shown == ["before", "loaded,after", "loaded,after", "loaded,after,later"]
