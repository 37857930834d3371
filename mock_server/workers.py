"""Several processes that serve the same sockets, and the process that starts, replaces and stops them.

Workers are forked when all files are read, so that they start at once and share memory. The supervisor does nothing
but wait for signals: it has neither threads nor an event loop, so it can fork again at any time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

from mock_server.errors import WorkersError

logger = logging.getLogger("mock_server")

_PATIENCE = 5.0
"""Seconds that a worker may take to stop, beyond the time that its requests have to finish."""
_SHORT_LIFE = 0.5
"""Seconds that a worker lives at least if nothing is wrong with it."""
_TURN = 0.2
"""Seconds between two calls of `tick`."""

Work = Callable[[Callable[[], None]], None]
"""What a worker does. It calls its argument when it accepts requests, and returns when a signal has stopped it."""


class Supervisor:
    """Runs `count` workers until a signal comes.

    `grace` is how many seconds their requests have to finish. `tick` is called several times a second; it may raise
    WorkersError.
    """

    def __init__(self, count: int, work: Work, grace: float, tick: Callable[[], None]) -> None:
        self._count = count
        self._work = work
        self._grace = grace
        self._tick = tick
        self._workers: set[int] = set()
        self._started: dict[int, float] = {}
        self._before: set[int] = set()

    def run(self, ready: Callable[[], None]) -> None:
        """Start the workers, call `ready`, and supervise them. Afterwards, the handler of the signal runs.

        Raises WorkersError.
        """
        stopping = {signal.SIGTERM, signal.SIGINT}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it
            stopping.add(signal.SIGHUP)
        watched = {*stopping, signal.SIGCHLD}
        self._before = set(signal.pthread_sigmask(signal.SIG_BLOCK, watched))
        number = None
        try:
            for pipe in [self._start() for _ in range(self._count)]:
                if not os.read(pipe, 1):
                    raise WorkersError("a worker has ended before it was ready; its error is above")
                os.close(pipe)
            ready()
            while number not in stopping:
                found = signal.sigtimedwait(watched, _TURN)
                number = found.si_signo if found else None
                self._replace_dead()
                self._tick()
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._before)
        signal.raise_signal(number)

    def _start(self) -> int:
        """Start a worker. Return a file descriptor that has a byte when it is ready, or ends when it has ended."""
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        parent, process = os.getpid(), os.fork()
        if process == 0:
            os.close(reading)
            self._become_worker(writing, parent)
        os.close(writing)
        self._workers.add(process)
        self._started[process] = time.monotonic()
        return reading

    def _become_worker(self, writing: int, parent: int) -> None:
        """Work, and end this process."""
        code = 1
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._before)
            for each in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(each) is not signal.SIG_IGN:
                    signal.signal(each, lambda *_: sys.exit(0))
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor gets it too, and stops the workers
            if os.getppid() == parent:
                self._work(lambda: self._note_ready(writing))
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        except Exception:
            logger.exception("A worker has failed.")
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.flush()
            os._exit(code)

    @staticmethod
    def _note_ready(writing: int) -> None:
        with contextlib.suppress(OSError):
            os.write(writing, b"1")
        os.close(writing)

    def _replace_dead(self) -> None:
        for process, code in self._reap():
            if time.monotonic() < self._started.pop(process, 0) + _SHORT_LIFE:
                time.sleep(_SHORT_LIFE)  # whatever ends it may end the next one too
            reason = f"by {signal.Signals(-code).name}" if code < 0 else f"with the exit code {code}"
            logger.error("Worker %d has ended %s. Another one takes its place.", process, reason)
            os.close(self._start())

    def _reap(self) -> Sequence[tuple[int, int]]:
        """Return the workers that have ended, with their exit codes."""
        found = []
        for process in tuple(self._workers):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                self._workers.discard(process)
                found.append((process, os.waitstatus_to_exitcode(status)))
        return found

    def _stop(self) -> None:
        """Let the workers finish their requests; kill those that do not end."""
        for number, seconds in ((signal.SIGTERM, self._grace + _PATIENCE), (signal.SIGKILL, _PATIENCE)):
            for process in self._workers:
                os.kill(process, number)
            deadline = time.monotonic() + seconds
            while self._workers and time.monotonic() < deadline:
                signal.sigtimedwait({signal.SIGCHLD}, 0.05)
                self._reap()
