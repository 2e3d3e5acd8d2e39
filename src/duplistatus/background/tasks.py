"""What runs by time, and what each of it does. In: the parts of the product and the occasion of a run; out: what was done, in numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from duplistatus.background.due import judge_anew, judge_due
from duplistatus.clock import DAY, Clock, Instant
from duplistatus.evaluate.summary_setting import Period, slot_of
from duplistatus.evaluate.task_times import (
    AUDIT_CLEANUP,
    DUPLICATI_RELEASES,
    MESSAGE_CLEANUP,
    OVERDUE_CHECK,
    SESSION_CLEANUP,
    CatchUp,
)
from duplistatus.ingest.releases import refresh
from duplistatus.security.audit_cleanup import clean_audit_log
from duplistatus.store import audit, messages, sessions
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection, Database
from duplistatus.store.summary_settings import TASK_OF, summary_setting
from duplistatus.store.summary_telling import tell_summary
from duplistatus.store.tasks import Figures, watched
from duplistatus.store.telling import tell_overdue
from duplistatus.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Parts:
    """What tasks work with; `zone`: that of the product; `releases_url`: where the list of Duplicati's releases is, None for nowhere."""

    database: Database
    writer: Writer
    clock: Clock
    zone: str = "UTC"
    releases_url: str | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a task runs now. `anew`: take nothing for granted, because the clock was set back; `catch_up`: there was a silence before;
    `asked`: not by time, somebody wants it."""

    now: Instant
    anew: bool = False
    catch_up: CatchUp | None = None
    asked: bool = False


Doing = Callable[[Parts, Occasion], Awaitable[Figures]]

MESSAGE_DAYS = 90
"""Days that messages are kept which were delivered, given up or held back."""


async def check_overdue(parts: Parts, occasion: Occasion) -> Figures:
    """Judges what is due, or all jobs anew, and tells of those that are overdue wherever that is due; how many are, and how many messages
    were written."""
    if occasion.anew:
        changed = await judge_anew(parts.writer, occasion.now)
    else:
        changed = await judge_due(parts.database, parts.writer, parts.clock, catch_up=occasion.catch_up)
    with parts.database.read() as connection:
        found = watched(connection)
    down_since = occasion.catch_up.since if occasion.catch_up is not None else None
    sent = (
        await parts.writer.write(lambda connection: tell_overdue(connection, occasion.now, down_since=down_since)) if found.overdue else 0
    )
    figures = {"jobs": found.jobs, "checked": found.watched, "overdue": found.overdue, "sent": sent, "changed": changed}
    if occasion.catch_up is not None:
        figures |= {"silent_minutes": occasion.catch_up.minutes}
    return figures


async def clean_audit(parts: Parts, occasion: Occasion) -> Figures:
    """Removes the entries of the audit log whose time is over; that it did is the newest entry."""
    with parts.database.read() as connection:
        days = audit.retention_days(connection)

    def told(removed: int) -> Entry | None:
        details = {"deletedCount": removed, "retentionDays": days}
        return Entry(occasion.now, "audit_cleanup", "system", username="system", details=details) if removed else None

    removed = await clean_audit_log(parts.writer, Instant(occasion.now - days * DAY), told)
    return {"removed": removed, "days": days}


async def clean_sessions(parts: Parts, occasion: Occasion) -> Figures:
    """Removes sessions that are over, with the addresses and browsers that they name."""
    removed = await parts.writer.write(lambda connection: sessions.prune(connection, occasion.now), changes=False)
    return {"removed": removed}


async def clean_messages(parts: Parts, occasion: Occasion) -> Figures:
    """Removes messages that ended long ago, and what they told; reminders have a clock of their own."""
    before = Instant(occasion.now - MESSAGE_DAYS * DAY)
    removed = await parts.writer.write(lambda connection: messages.prune(connection, before), changes=False)
    return {"removed": removed, "days": MESSAGE_DAYS}


async def fetch_releases(parts: Parts, occasion: Occasion) -> Figures:
    """Fetches the list of Duplicati's releases. No network is nothing wrong: what was fetched last stays."""
    if parts.releases_url is None:
        return {"told": 0, "new": 0, "asked": 0, "missed": 0}
    found = await refresh(parts.database, parts.writer, parts.clock, parts.releases_url)
    return {"told": found.told, "new": found.new, "asked": 1, "missed": int(found.after.trouble is not None)}


def followed(doing: Doing, by: Callable[[], None]) -> Doing:
    """The task, and after each of its runs that ended well a word to somebody else."""

    async def both(parts: Parts, occasion: Occasion) -> Figures:
        figures = await doing(parts, occasion)
        by()
        return figures

    return both


def sending(period: Period) -> Doing:
    """Sends a summary at its moment, once; by hand an extra one. How many messages were written, and whether that was due."""

    async def send(parts: Parts, occasion: Occasion) -> Figures:
        def work(connection: Connection) -> Figures:
            setting = summary_setting(connection, period, parts.zone)
            slot = None if occasion.asked else slot_of(setting, period, occasion.now)
            if slot is None and not occasion.asked:
                return {"sent": 0, "due": 0}
            sent = tell_summary(connection, period, setting, occasion.now, slot=slot)
            if sent:
                details = {"messages": sent, "by_time": slot is not None}
                entry = Entry(occasion.now, f"{period}_summary_sent", "system", username="system", details=details)
                audit.record(connection, entry)
            return {"sent": sent, "due": 1}

        return await parts.writer.write(work)

    return send


DOING: Mapping[str, Doing] = {
    OVERDUE_CHECK: check_overdue,
    **{task: sending(period) for period, task in TASK_OF.items()},
    DUPLICATI_RELEASES: fetch_releases,
    AUDIT_CLEANUP: clean_audit,
    SESSION_CLEANUP: clean_sessions,
    MESSAGE_CLEANUP: clean_messages,
}
"""Each task by its name."""
