"""Which routes there are, and in which order they are looked at. In: an application; out: the same with its routes."""

from __future__ import annotations

from types import ModuleType

from fastapi import FastAPI
from fastapi.routing import APIRoute

from duplistatus.web import assets, collection_events, events
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


def add_routes(application: FastAPI) -> None:
    """All routes, one after the other: with a router in a router each request would walk the tree of them."""
    for module in (*_HOT, *_API, *_PAGES):
        for route in _routes(module):
            if module in _PAGES or not module.router.include_in_schema:
                route.include_in_schema = False
            application.router.routes.append(route)


def hot_routes() -> list[APIRoute]:
    """Those of one address each among what is asked most."""
    return [route for module in _HOT for route in _routes(module) if "{" not in route.path]


def _routes(module: ModuleType) -> list[APIRoute]:
    return [route for route in module.router.routes if isinstance(route, APIRoute)]
