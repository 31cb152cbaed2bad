"""Runs the terminal's program: logs as JSON lines, uvicorn on loopback, a clean end on SIGTERM."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
from types import FrameType

import structlog
import uvicorn

from budayang.terminal.app import Terminal, create_app
from budayang.terminal.errors import BadSetting
from budayang.terminal.logtail import TAIL
from budayang.terminal.memory import stay_small
from budayang.terminal.settings import Settings, load

GRACE_S = 2


class _Server(uvicorn.Server):
    """Lets the held requests of the screens go when the program is to end."""

    def __init__(self, terminal: Terminal, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._terminal = terminal
        self.exit_code = 0
        terminal.orders.on_end = self._end

    def _end(self, code: int) -> None:
        """The program ends itself: 75 asks its supervisor to start it again."""
        self.exit_code = code
        self._terminal.attendant.ending = True
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._terminal.attendant.ending = True
        # Not uvicorn's own: it raises the signal again after the end, and a clean end is to be 0.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run(settings: Settings) -> int:
    """Serve until stopped; 0 after a clean end, 1 when the port is taken or the start failed."""
    _log()
    # Everything that this process writes is for its own user only, and a crash writes none of its memory.
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stay_small()
    app = create_app(settings)
    server = _Server(
        app.state.terminal,
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        ),
    )
    try:
        server.run()
    except KeyboardInterrupt:
        return 0
    return server.exit_code if server.started else 1


def _log() -> None:
    """JSON lines on standard error. No access log: addresses may hold what a person searched for."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            TAIL.gate,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
            TAIL.keep,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


if __name__ == "__main__":
    try:
        sys.exit(run(load(os.environ)))
    except BadSetting as problem:
        sys.exit(f"terminal not started: {problem}")
