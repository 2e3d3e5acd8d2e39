"""Serving an application over HTTP. In: the application and settings; out: a process that stops on SIGTERM or SIGINT: it accepts no more,
finishes what it has, and returns within ten seconds; or `CannotServe` with a sentence for the person who started it. Logs are one
structured line an event."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duplistatus.settings import Settings
from duplistatus.web.connection import Connection

_GRACE = 5
"""Seconds that requests under way have to finish; storing what waits has another 4, and all of it must take less than ten."""

_BACKLOG = 2048
"""Connections that may wait to be taken."""


class CannotServe(Exception):
    """The address or the certificate cannot be used."""


class _LogFile(RotatingFileHandler):
    """Loses lines where the file cannot be written, for instance because the disk is full: standard error has them too, and gets no
    traceback for each."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of the standard library
        pass


def configure_logs(folder: Path | None = None) -> None:
    """Structured lines on standard error, and in `folder`/application.log, rotated at 5 MB."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(_LogFile(folder / "application.log", maxBytes=5_000_000, backupCount=5, encoding="utf-8", delay=True))
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


class _Started:
    """The application, whose start may fail: keeps the exception, which uvicorn would only write into the log."""

    def __init__(self, application: FastAPI) -> None:
        self.application = application
        self.trouble: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return

        async def send_without_traceback(message: Message) -> None:
            await send({"type": message["type"]})

        try:
            await self.application(scope, receive, send_without_traceback)
        except Exception as error:
            self.trouble = error
            raise


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
        if isinstance(application, _Started):
            application = application.application
        if isinstance(application, FastAPI):
            application.state.stopping.set()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def configured(application: ASGIApp, certificate: Path | None = None, key: Path | None = None, port: int = 0) -> uvicorn.Config:
    """How the application is served: no name of a server in answers, no forwarding header believed, no head of a request without end.
    `port` counts where no socket is given: one of 127.0.0.1, 0 any free one."""
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=_GRACE,
        port=port,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(key) if key else None,
    )


def run(application: FastAPI, settings: Settings) -> None:
    """Serves until a signal comes. Raises CannotServe, or what the start of the application raised."""
    started = _Started(application)
    config = configured(started, settings.tls_cert_file, settings.tls_key_file)
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise CannotServe(f"TLS_CERT_FILE and TLS_KEY_FILE cannot be used: {error.strerror or error}") from error
    sockets = _sockets(settings.host, settings.port)
    try:
        Server(config).run(sockets)
    except SystemExit:
        if started.trouble is not None:
            raise started.trouble from None
        raise


def _sockets(host: str, port: int) -> list[socket.socket]:
    """A bound socket for each address of the host."""
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                bound.append(_bind(family, address))
            except OSError as error:
                # A name such as localhost may have an IPv6 address on a machine without IPv6.
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} or len(found) == 1:
                    raise
        if not bound:
            raise OSError(errno.EADDRNOTAVAIL, "none of its addresses is one of this machine")
    except OSError as error:
        for each in bound:
            each.close()
        raise CannotServe(_why_not(host, port, error)) from error
    return bound


def _bind(family: socket.AddressFamily, address: object) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port whose last connections have just been closed is free.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)  # type: ignore[arg-type]
        # At once, so that nobody else can have the port while the application starts.
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is used by another program already; choose another with --port or PORT"
    if error.errno == errno.EACCES:
        return f"port {port} is only for root; choose one above 1023 with --port or PORT"
    return f"{host} port {port} cannot be listened on: {error.strerror}"
