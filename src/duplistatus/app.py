"""The composition root: settings become database, writer and application. In: settings and a clock; out: an ASGI application whose
start opens the store and whose end stores what waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI

from duplistatus import __version__
from duplistatus.background.collecting import TimedCollecting
from duplistatus.background.scheduler import Scheduler
from duplistatus.background.tasks import Parts as TaskParts
from duplistatus.background.watching_servers import Parts as WatchingParts
from duplistatus.background.watching_servers import Watching
from duplistatus.clock import Clock, SystemClock
from duplistatus.evaluate.task_times import SERVER_COLLECTION
from duplistatus.ingest.duplicati.collecting import Parts as CollectingParts
from duplistatus.ingest.duplicati.collections import Collections
from duplistatus.ingest.duplicati.turns import Turns, process_name
from duplistatus.notify.dispatcher import Dispatcher
from duplistatus.notify.first_topic import ensure_topic
from duplistatus.notify.heartbeat import Pulse
from duplistatus.notify.rendering import Renderer
from duplistatus.security.first_account import FirstAccount, ensure_first_account
from duplistatus.security.key_check import check_key
from duplistatus.security.secrets import Secrets
from duplistatus.settings import Settings
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer
from duplistatus.store.zones import set_own_zone
from duplistatus.web import errors
from duplistatus.web.context import Context
from duplistatus.web.doors import Doors
from duplistatus.web.fast_lane import FastLane
from duplistatus.web.keys import KeyInQuery, KeyUses
from duplistatus.web.pages.refusals import error_page
from duplistatus.web.request_limits import RequestLimits
from duplistatus.web.routes import add_routes, hot_routes
from duplistatus.web.security_headers import SecurityHeaders
from duplistatus.web.sub_path import SubPath
from duplistatus.web.throttle import UploadThrottle

if TYPE_CHECKING:
    from duplistatus.ingest.demo.seeding import Feed

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Work:
    """What goes on beside the requests."""

    scheduler: Scheduler
    dispatcher: Dispatcher
    pulse: Pulse
    watching: Watching
    collections: Collections
    timed: TimedCollecting

    def begin(self) -> list[asyncio.Task[None]]:
        """The loops that run until they are cancelled."""
        loops = (self.scheduler.follow(), self.dispatcher.follow(), self.collections.follow(), self.watching.follow())
        return [asyncio.create_task(each) for each in loops]

    async def close(self) -> None:
        """Ends what they have begun."""
        each = (self.scheduler, self.dispatcher, self.pulse, self.watching, self.collections, self.timed)
        await asyncio.gather(*(one.close() for one in each))


def _work_beside(parts: Context) -> _Work:
    database, writer, clock, secrets = parts.database, parts.writer, parts.clock, parts.secrets
    settings = parts.settings
    pulse = Pulse(database, writer, clock, secrets)
    asking = CollectingParts(database, writer, clock)
    turns = Turns(asking, process_name(), at_once=settings.collect_parallel)
    timed = TimedCollecting(asking, secrets, turns)
    by_time = TaskParts(database, writer, clock, settings.time_zone, settings.releases_url)
    scheduler = Scheduler.of(by_time, pulse.checked, {SERVER_COLLECTION: timed.begin})
    watching = Watching(WatchingParts(database, writer, clock, secrets, lambda: scheduler.leads))
    dispatcher = Dispatcher(database, writer, clock, secrets, Renderer(settings, clock))
    return _Work(scheduler, dispatcher, pulse, watching, Collections(asking, secrets, turns), timed)


def build(
    settings: Settings,
    clock: Clock | None = None,
    announce: Callable[[FirstAccount | None], None] | None = None,
    feed: Feed | None = None,
) -> FastAPI:
    """The application. The database is opened when it starts; then `announce` is told of the first account, if one was made. `feed`
    goes on telling the demo's story."""
    database = Database(settings.database_file, settings.database_url)
    writer = Writer(database)
    parts = Context(settings, clock or SystemClock(), database, writer, Secrets(settings.key_file))
    work = _work_beside(parts)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        migrate(database)
        application.state.doors.read()
        writer.start()
        running: list[asyncio.Task[None]] = []
        try:
            first = await writer.write(lambda connection: ensure_first_account(connection, settings, parts.clock))
            await writer.write(lambda connection: set_own_zone(connection, settings.time_zone, parts.clock.now()))
            await writer.write(lambda connection: ensure_topic(connection, parts.clock.now()))
            trouble = await writer.write(lambda connection: check_key(connection, parts.secrets))
            if trouble:
                _log.error("stored secrets cannot be read", reason=trouble)
            if announce is not None:
                announce(first)
            running += work.begin()
            if feed is not None:
                from duplistatus.ingest.demo.seeding import follow

                running.append(asyncio.create_task(follow(feed, writer, parts.clock)))
            yield
        finally:
            for task in running:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await work.close()
            application.state.key_uses.write_down()
            writer.close()
            database.close()

    application = FastAPI(
        title="duplistatus", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan
    )
    application.state.context = parts
    _equip(application, parts)
    application.state.scheduler = work.scheduler
    application.state.dispatcher = work.dispatcher
    application.state.pulse = work.pulse
    application.state.collections = work.collections
    errors.install(application, error_page)
    _add_middleware(application, settings)
    add_routes(application)
    return application


def _equip(application: FastAPI, parts: Context) -> None:
    """What guards and handlers keep in memory."""
    application.state.doors = Doors(parts)
    application.state.key_uses = KeyUses(parts)
    application.state.upload_throttle = UploadThrottle(parts.settings.upload_rate, parts.clock)
    application.state.stopping = threading.Event()


def _add_middleware(application: FastAPI, settings: Settings) -> None:
    """What stands around the routes, the innermost first."""
    if settings.root_path:
        application.add_middleware(SubPath, root=settings.root_path)
    own_limits = ("/api/upload", "/api/upload/", "/api/configuration/backup-settings")
    application.add_middleware(RequestLimits, root=settings.root_path, without=own_limits)
    application.add_middleware(FastLane, routes=hot_routes())
    application.add_middleware(SecurityHeaders)
    application.add_middleware(KeyInQuery)


def seed_demo(settings: Settings, clock: Clock) -> Feed:
    """Fills the empty data folder of `settings` with the demo's history; the feed goes on from there. Raises ValueError where
    there is a database already."""
    from duplistatus.ingest.demo.seeding import seed

    if settings.database_file.exists():
        raise ValueError(f"{settings.data_dir} already holds a database; the demo wants a folder of its own")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_file)
    migrate(database)
    writer = Writer(database)
    writer.start()
    try:
        return seed(writer, clock)
    finally:
        writer.close()
        database.close()
