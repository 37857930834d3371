"""Starts the server: `python -m tests.servers.aiohttp_server [--port N] [--fault NAME]`."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket

from aiohttp import web

from tests.servers.aiohttp_server.faults import inject, listed
from tests.servers.aiohttp_server.web_app import Api
from tests.servers.serving import base_url, options

LONGEST_LINE = 64 * 1024


async def serve(listener: socket.socket) -> None:
    """Serve until the process is terminated."""
    runner = web.AppRunner(
        Api().app(), access_log=None, max_line_size=LONGEST_LINE, max_field_size=LONGEST_LINE, shutdown_timeout=1
    )
    await runner.setup()
    await web.SockSite(runner, listener).start()
    print(base_url(listener), flush=True)  # noqa: T201  the output that the process that started this one waits for
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await runner.cleanup()


def main() -> None:
    """Serve, with a fault if the command line names one."""
    logging.basicConfig(level=logging.WARNING)
    parser = options()
    parser.add_argument("--fault", metavar="NAME", help="the bug to have")
    parser.add_argument("--list-faults", action="store_true", help="print the faults as JSON and end")
    chosen = parser.parse_args()
    if chosen.list_faults:
        print(json.dumps(listed(), indent=1))  # noqa: T201
        return
    if chosen.fault:
        inject(chosen.fault)
    with socket.create_server(("127.0.0.1", chosen.port), backlog=128) as listener:
        asyncio.run(serve(listener))


if __name__ == "__main__":
    main()
