"""The composition root: settings become database, writer and application. In: settings and a clock; out: an ASGI application whose
start opens the store and whose end stores what waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute

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
from duplistatus.web import assets, collection_events, errors, events
from duplistatus.web.api import (
    access,
    audit_log,
    auth,
    channel_alerts,
    channels,
    chart_data,
    charts,
    collect,
    collections,
    configuration,
    cron,
    dashboard,
    deletion,
    detail,
    email,
    explain,
    health,
    jobs,
    keys,
    last_timestamps,
    lastbackup,
    live,
    maintenance,
    messages,
    metrics,
    notifications_test,
    ntfy,
    openapi,
    ping,
    rejected,
    runs,
    secrets,
    server_settings,
    servers,
    sessions,
    snoozes,
    summaries,
    summary,
    tags,
    tasks,
    telling,
    templates,
    upload,
    users,
    versions,
    watching,
)
from duplistatus.web.context import Context
from duplistatus.web.doors import Doors
from duplistatus.web.fast_lane import FastLane
from duplistatus.web.keys import KeyInQuery, KeyUses
from duplistatus.web.pages import access as access_page
from duplistatus.web.pages import account, api_docs, login, monitoring, monitoring_zone, refusals, start
from duplistatus.web.pages import audit as audit_page
from duplistatus.web.pages import channels as channels_page
from duplistatus.web.pages import collect as collect_page
from duplistatus.web.pages import control as control_page
from duplistatus.web.pages import dashboard as dashboard_page
from duplistatus.web.pages import duplicati_versions as versions_page
from duplistatus.web.pages import email as email_page
from duplistatus.web.pages import explain as explain_page
from duplistatus.web.pages import keys as keys_page
from duplistatus.web.pages import maintenance as maintenance_page
from duplistatus.web.pages import messages as messages_page
from duplistatus.web.pages import notifications as notifications_page
from duplistatus.web.pages import ntfy as ntfy_page
from duplistatus.web.pages import rejected as rejected_page
from duplistatus.web.pages import run as run_page
from duplistatus.web.pages import secrets as secrets_page
from duplistatus.web.pages import server as server_page
from duplistatus.web.pages import server_options as server_options_page
from duplistatus.web.pages import server_settings as server_settings_page
from duplistatus.web.pages import servers as servers_page
from duplistatus.web.pages import sessions as sessions_page
from duplistatus.web.pages import silence as silence_page
from duplistatus.web.pages import subscribing as subscribing_page
from duplistatus.web.pages import summaries as summaries_page
from duplistatus.web.pages import tags as tags_page
from duplistatus.web.pages import tasks as tasks_page
from duplistatus.web.pages import templates as templates_page
from duplistatus.web.pages import users as users_page
from duplistatus.web.request_limits import RequestLimits
from duplistatus.web.security_headers import SecurityHeaders
from duplistatus.web.sub_path import SubPath
from duplistatus.web.throttle import UploadThrottle

if TYPE_CHECKING:
    from duplistatus.ingest.demo.seeding import Feed

_log = structlog.get_logger()

# Looked at first: what Duplicati servers and other programs ask most.
_HOT = (upload, summary, lastbackup)
_API = (
    access,
    audit_log,
    auth,
    channel_alerts,
    channels,
    chart_data,
    charts,
    collect,
    collections,
    collection_events,
    configuration,
    cron,
    dashboard,
    deletion,
    detail,
    email,
    explain,
    health,
    jobs,
    keys,
    last_timestamps,
    maintenance,
    messages,
    metrics,
    notifications_test,
    ntfy,
    openapi,
    ping,
    rejected,
    runs,
    secrets,
    sessions,
    snoozes,
    summaries,
    tags,
    tasks,
    telling,
    templates,
    users,
    versions,
    watching,
    events,
    live,
    # last, as a server's key may hold slashes: its routes answer for whatever is below them
    server_settings,
    servers,
)
# The address of a run begins as that of its server, whose key may hold slashes: the run is looked for first.
_PAGES = (
    dashboard_page,
    run_page,
    server_page,
    explain_page,
    control_page,
    login,
    account,
    start,
    rejected_page,
    keys_page,
    access_page,
    secrets_page,
    servers_page,
    server_settings_page,
    server_options_page,
    tasks_page,
    audit_page,
    monitoring,
    monitoring_zone,
    notifications_page,
    subscribing_page,
    maintenance_page,
    messages_page,
    silence_page,
    summaries_page,
    tags_page,
    ntfy_page,
    email_page,
    channels_page,
    collect_page,
    templates_page,
    users_page,
    versions_page,
    sessions_page,
    api_docs,
    assets,
    refusals,
)


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
    errors.install(application, refusals.error_page)
    _add_middleware(application, settings)
    _add_routes(application)
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
    application.add_middleware(FastLane, routes=[route for module in _HOT for route in _routes(module) if "{" not in route.path])
    application.add_middleware(SecurityHeaders)
    application.add_middleware(KeyInQuery)


def _routes(module: ModuleType) -> list[APIRoute]:
    return [route for route in module.router.routes if isinstance(route, APIRoute)]


def _add_routes(application: FastAPI) -> None:
    """All routes, one after the other: with a router in a router each request would walk the tree of them."""
    for module in (*_HOT, *_API, *_PAGES):
        for route in _routes(module):
            if module in _PAGES or not module.router.include_in_schema:
                route.include_in_schema = False
            application.router.routes.append(route)


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
