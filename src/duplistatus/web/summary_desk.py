"""Summaries, as somebody sets, looks at and sends them. In: a request whose caller was let in; out: what is set and when that comes next,
a preview of the present, what was changed or sent. Each change is one transaction with its entry in the audit log."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.evaluate.summary_setting import Period, SummarySetting, changed, fields_of
from duplistatus.evaluate.task_times import following
from duplistatus.notify.message import Message
from duplistatus.notify.rendering import Renderer
from duplistatus.store import audit
from duplistatus.store.audit import Entry, differences
from duplistatus.store.channels import EMAIL, own_channel
from duplistatus.store.database import Connection
from duplistatus.store.outbox import Delivery
from duplistatus.store.own_address import public_url, save_public_url
from duplistatus.store.summary_settings import TASK_OF, save_summary_setting, summary_setting, summary_settings
from duplistatus.store.summary_telling import summary_details, summary_places, tell_summary
from duplistatus.store.tasks import task_states
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent


@dataclass(frozen=True, slots=True)
class Listed:
    """A summary as it is set. `next_at`: when it comes next, None where it does not; `stopped`: it is on, but its task is not; `places`:
    how many messages it makes."""

    period: Period
    setting: SummarySetting
    next_at: Instant | None
    stopped: bool
    places: int


@dataclass(frozen=True, slots=True)
class Desk:
    """All summaries, and what they depend on. `email`: whether e-mails are sent; `is_fixed`: the address comes from the environment."""

    summaries: tuple[Listed, ...]
    email: bool
    public_url: str
    is_fixed: bool

    def of(self, period: Period) -> Listed:
        return next(each for each in self.summaries if each.period is period)


def desk_of(request: Request) -> Desk:
    """All summaries as they are now."""
    parts = context(request)
    now = parts.clock.now()
    with parts.database.snapshot() as connection:
        found = summary_settings(connection, parts.settings.time_zone)
        states = task_states(connection)
        listed: list[Listed] = []
        for period, setting in found.items():
            state = states.get(TASK_OF[period])
            stopped = setting.enabled and state is not None and not state.enabled
            next_at = following(setting.calendar(period), now) if setting.enabled and not stopped else None
            listed.append(Listed(period, setting, next_at, stopped, len(summary_places(connection, period, setting))))
        email = own_channel(connection, EMAIL).enabled
        return Desk(tuple(listed), email, public_url(connection, parts.settings), parts.settings.public_url is not None)


async def change_summary(request: Request, caller: Caller, period: Period, fields: Mapping[str, object]) -> SummarySetting:
    """Changes what is named of a summary. Raises SummaryError."""
    parts = context(request)

    def work(connection: Connection) -> SummarySetting:
        now = parts.clock.now()
        before = summary_setting(connection, period, parts.settings.time_zone)
        after = changed(before, fields, now)
        if after != before:
            save_summary_setting(connection, period, after)
            details = differences(fields_of(before), fields_of(after))
            audit.record(connection, _entry(request, caller, now, f"{period}_summary_updated", details))
        return after

    return await parts.writer.write(work)


async def send_summary(request: Request, caller: Caller, period: Period) -> int:
    """Sends a summary now, beside those by time; how many messages that makes. Raises Refused where nobody gets it."""
    parts = context(request)

    def work(connection: Connection) -> int:
        now = parts.clock.now()
        setting = summary_setting(connection, period, parts.settings.time_zone)
        sent = tell_summary(connection, period, setting, now, slot=None)
        if sent:
            audit.record(connection, _entry(request, caller, now, f"{period}_summary_sent", {"messages": sent, "by_time": False}))
        return sent

    sent = await parts.writer.write(work)
    if not sent:
        raise Refused(409, "Nobody gets it: e-mail is off, and no other channel wants this summary", "no_recipient")
    return sent


async def change_public_url(request: Request, caller: Caller, text: str) -> None:
    """Keeps the address of this product. Raises ValueError; Refused where the environment says it."""
    parts = context(request)
    if parts.settings.public_url is not None:
        raise Refused(409, "The address is set by DUPLISTATUS_PUBLIC_URL", "set_by_environment")

    def work(connection: Connection) -> None:
        before = public_url(connection, parts.settings)
        save_public_url(connection, text)
        after = public_url(connection, parts.settings)
        if after != before:
            audit.record(
                connection, _entry(request, caller, parts.clock.now(), "public_url_updated", differences({"url": before}, {"url": after}))
            )

    await parts.writer.write(work)


async def preview(request: Request, period: Period) -> Message:
    """The summary of the present, as it would be sent."""
    parts = context(request)

    def render() -> Message:
        now = parts.clock.now()
        with parts.database.snapshot() as connection:
            setting = summary_setting(connection, period, parts.settings.time_zone)
            details = summary_details(period, setting, now, now)
            delivery = Delivery(0, "preview", 0, "", 0, now, 0, period.event, None, None, None, now, details)
            return Renderer(parts.settings, parts.clock).message(connection, delivery)

    return await run_in_threadpool(render)


def html_alone(message: Message) -> str:
    """The HTML of a message with its pictures inside, whose links open elsewhere."""
    html = message.html.replace("<head>", '<head><base target="_blank">', 1)
    for image in message.images:
        html = html.replace(f'"cid:{image.name}"', f'"data:image/png;base64,{base64.b64encode(image.png).decode()}"')
    return html


PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; sandbox allow-popups"
)
"""For a preview: styles of mails stand in the tags, and nothing in it may run."""


def _entry(request: Request, caller: Caller, now: Instant, action: str, details: Mapping[str, object]) -> Entry:
    return Entry(now, action, "config", caller.user, details=details, address=caller.address, user_agent=user_agent(request))
