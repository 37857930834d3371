"""`respan-conformance serve MODULE:APP`: serves an application in the background, as ssh-agent runs.

`eval "$(respan-conformance serve MODULE:APP)"` sets RESPAN_URL to the address of the application, and RESPAN_SERVER to
the process that serves it; `kill $RESPAN_SERVER` ends it. Reproductions for applications without a socket use this.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import Any

from conformance.settings import UsageError
from conformance.target.application import App, NoTarget, load_app
from conformance.wire.in_process import is_asgi

READY = "ready"
WORKERS = 16
"""Maximum concurrent requests of a WSGI application."""
SECONDS = 60.0
"""Maximum seconds for the import of an application."""


def serve(path: str) -> str:
    """Start the application at `module:name`, wait until it accepts requests, and return shell code to evaluate.

    Raises UsageError if it does not start; the reason is on standard error.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with listener:
        process = subprocess.Popen(  # noqa: S603 - a command of ours
            [sys.executable, "-m", "conformance.command.serve", path, str(listener.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
        host, port = listener.getsockname()
    timer = Timer(SECONDS, process.kill)
    timer.start()
    output = process.stdout.readline().strip() if process.stdout else ""
    timer.cancel()
    if output != READY:
        process.kill()
        process.communicate()
        raise UsageError(f"serve {path}: the application did not start")
    return f"RESPAN_URL=http://{host}:{port}; RESPAN_SERVER={process.pid}; export RESPAN_URL RESPAN_SERVER"


def main(path: str, listening: int) -> None:
    """Serve the application on a listening socket until the process is killed."""
    import uvicorn

    try:
        app = load_app(path)
    except NoTarget as error:
        print(f"respan-conformance: {error}", file=sys.stderr)
        sys.exit(2)
    server = uvicorn.Server(uvicorn.Config(_as_asgi(app), log_level="critical", access_log=False))
    print(READY, flush=True)
    with Path(os.devnull).open("w") as nowhere:  # the shell that evaluates the command waits for the end of its output
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    server.run([socket.socket(fileno=listening)])


def _as_asgi(app: App) -> Any:
    if is_asgi(app):
        return app
    from a2wsgi import WSGIMiddleware

    return WSGIMiddleware(app, workers=WORKERS)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
