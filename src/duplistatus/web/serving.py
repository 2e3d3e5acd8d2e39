"""Serving an application over HTTP. In: the application and settings; out: a process that stops on SIGTERM or SIGINT: it accepts no more,
finishes what it has, and returns within ten seconds. Logs are one structured line an event."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from duplistatus.settings import Settings

_GRACE = 7
"""Seconds that requests under way have to finish."""


def configure_logs(folder: Path | None = None) -> None:
    """Structured lines on standard error, and in `folder`/application.log, rotated at 5 MB."""
    from logging.handlers import RotatingFileHandler

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(folder / "application.log", maxBytes=5_000_000, backupCount=5, encoding="utf-8", delay=True))
    line = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
    )
    for handler in handlers:
        handler.setFormatter(line)
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(logging.INFO)
    for noisy in ("uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


class Server(uvicorn.Server):
    """Ends with exit code 0 after a signal, where uvicorn would die of it again; tells the application first, so that endless
    answers (event streams) end too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: object) -> None:
        application = self.config.app
        if isinstance(application, FastAPI):
            application.state.stopping.set()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def run(application: FastAPI, settings: Settings) -> None:
    """Serves until a signal comes."""
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=str(settings.tls_cert_file) if settings.tls_cert_file else None,
        ssl_keyfile=str(settings.tls_key_file) if settings.tls_key_file else None,
    )
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(1)
