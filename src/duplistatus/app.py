"""The composition root: settings become database, writer and application. In: settings and a clock; out: an ASGI application whose
start opens the store and whose end stores what waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from duplistatus import __version__
from duplistatus.background.due import watch
from duplistatus.clock import Clock, SystemClock
from duplistatus.security.first_account import ensure_first_account
from duplistatus.settings import Settings
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer
from duplistatus.web import errors
from duplistatus.web.api import (
    auth,
    chart_data,
    dashboard,
    deletion,
    detail,
    health,
    jobs,
    last_timestamps,
    lastbackup,
    metrics,
    openapi,
    ping,
    rejected,
    runs,
    servers,
    summary,
    upload,
    users,
)
from duplistatus.web.context import Context
from duplistatus.web.security_headers import SecurityHeaders
from duplistatus.web.throttle import UploadThrottle

# Looked at first: what Duplicati servers and other programs ask most.
_HOT = (upload, summary, lastbackup)
_API = (
    auth,
    chart_data,
    dashboard,
    deletion,
    detail,
    health,
    jobs,
    last_timestamps,
    metrics,
    openapi,
    ping,
    rejected,
    runs,
    servers,
    users,
)


def build(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The application. The database is opened when it starts."""
    database = Database(settings.database_file, settings.database_url)
    writer = Writer(database)
    parts = Context(settings, clock or SystemClock(), database, writer)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        migrate(database)
        writer.start()
        watching: asyncio.Task[None] | None = None
        try:
            first = await writer.write(lambda connection: ensure_first_account(connection, settings, parts.clock))
            application.state.first_account = first
            watching = asyncio.create_task(watch(database, writer, parts.clock))
            yield
        finally:
            if watching is not None:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching
            writer.close()
            database.close()

    application = FastAPI(
        title="duplistatus", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan
    )
    application.state.context = parts
    application.state.upload_throttle = UploadThrottle(settings.upload_rate, parts.clock)
    application.state.stopping = threading.Event()
    errors.install(application)
    application.add_middleware(SecurityHeaders)
    for module in (*_HOT, *_API):
        # The routes themselves, not their routers: each request would otherwise walk a tree of routers.
        application.router.routes.extend(module.router.routes)
    return application
