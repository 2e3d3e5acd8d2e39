"""When what runs by time runs next. In: the rhythm of a task, the moment planned so far and now; out: the moment that counts. Restarts,
changed settings and clocks that jump are all the same question: is the planned moment one that could have been planned now?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from duplistatus.clock import MINUTE, Instant, instant, moment

OVERDUE_CHECK = "overdue-backup-check"
AUDIT_CLEANUP = "audit-log-cleanup"
SESSION_CLEANUP = "session-cleanup"
MESSAGE_CLEANUP = "message-cleanup"
DAILY_SUMMARY = "daily-summary"
WEEKLY_SUMMARY = "weekly-summary"
MONTHLY_SUMMARY = "monthly-summary"
SUMMARY_TASKS = (DAILY_SUMMARY, WEEKLY_SUMMARY, MONTHLY_SUMMARY)
SERVER_COLLECTION = "server-collection"
DUPLICATI_RELEASES = "duplicati-releases"
TASKS = (OVERDUE_CHECK, SERVER_COLLECTION, *SUMMARY_TASKS, DUPLICATI_RELEASES, AUDIT_CLEANUP, SESSION_CLEANUP, MESSAGE_CLEANUP)
"""All of them; the check and the cleaning of the audit log have the names that 1.4.2 gives them."""
_DAILY_AT = {AUDIT_CLEANUP: time(2), SESSION_CLEANUP: time(2, 30), MESSAGE_CLEANUP: time(3)}

GROUPED_AFTER = 5 * MINUTE
"""Milliseconds without a look at the clock after which whatever became due meanwhile is one group."""


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again; milliseconds."""

    interval: int


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at a time of day in a zone."""

    at: time
    zone: ZoneInfo

    def falls_on(self, day: date) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class TimesOfDay:
    """Each day at `at`, and every so many `hours` before and after that on the same day; they divide a day."""

    at: time
    zone: ZoneInfo
    hours: int

    def falls_on(self, day: date) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Weekly:
    """Once a week; `weekday` 0 is Sunday."""

    at: time
    zone: ZoneInfo
    weekday: int

    def falls_on(self, day: date) -> bool:
        return day.isoweekday() % 7 == self.weekday


@dataclass(frozen=True, slots=True)
class Monthly:
    """Once a month; `day` 0 is the last one."""

    at: time
    zone: ZoneInfo
    day: int

    def falls_on(self, day: date) -> bool:
        return day.day == self.day if self.day else (day + timedelta(days=1)).day == 1


Calendar = Daily | TimesOfDay | Weekly | Monthly
Rhythm = Every | Calendar


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Nobody looked between two moments: the process, or the machine, was down or asleep. What changed by time meanwhile shows at
    `until`, and is one group."""

    since: Instant
    until: Instant

    @property
    def minutes(self) -> int:
        """How long it lasted."""
        return (self.until - self.since) // MINUTE


def rhythm_of(name: str, check_interval: int | None, zone: ZoneInfo, calendars: Mapping[str, Rhythm]) -> Rhythm | None:
    """The rhythm of a task; None where it does not run by time. `check_interval`: milliseconds between two checks, None for disabled;
    `calendars`: of the tasks whose moments people choose, and that are on."""
    if name in SUMMARY_TASKS or name in {DUPLICATI_RELEASES, SERVER_COLLECTION}:
        return calendars.get(name)
    if name == OVERDUE_CHECK:
        return Every(check_interval) if check_interval is not None else None
    return Daily(_DAILY_AT[name], zone)


def following(rhythm: Rhythm, now: Instant) -> Instant:
    """The first moment after `now` at which a task of this rhythm runs, were it planned anew."""
    if isinstance(rhythm, Every):
        return Instant(now + rhythm.interval)
    # A time of day that is left out can come on the day after.
    day = moment(now).astimezone(rhythm.zone).date() - timedelta(days=1)
    while True:
        if rhythm.falls_on(day) and (found := [each for each in _moments_on(rhythm, day) if each > now]):
            return min(found)
        day += timedelta(days=1)


def preceding(rhythm: Calendar, now: Instant) -> Instant:
    """The newest moment of this rhythm up to `now`."""
    day = moment(now).astimezone(rhythm.zone).date() + timedelta(days=1)
    while True:
        if rhythm.falls_on(day) and (found := [each for each in _moments_on(rhythm, day) if each <= now]):
            return max(found)
        day -= timedelta(days=1)


def _moments_on(rhythm: Calendar, day: date) -> list[Instant]:
    hours = range(rhythm.at.hour % rhythm.hours, 24, rhythm.hours) if isinstance(rhythm, TimesOfDay) else (rhythm.at.hour,)
    # A time of day that the clock leaves out on that day is as much later; of one that comes twice it is the first.
    return [instant(datetime.combine(day, rhythm.at.replace(hour=hour), rhythm.zone)) for hour in hours]


def planned(rhythm: Rhythm | None, stored: Instant | None, now: Instant) -> Instant | None:
    """When the task runs next.

    1. Never, where it has no rhythm.
    2. At the stored moment where that has come: it was missed, however long ago, and is made up for once.
    3. At the stored moment where it could have been planned now: an interval not over yet, the next time of day.
    4. Else it was planned for another interval, zone or clock, and is planned anew.
    """
    if rhythm is None:
        return None
    latest = following(rhythm, now)
    if stored is None or stored > latest:
        return latest
    return stored if isinstance(rhythm, Every) or stored <= now else latest


def after_run(rhythm: Rhythm | None, slot: Instant | None, now: Instant) -> Instant | None:
    """When the task runs next after it began, or ended, at `now` for the moment `slot`: an interval after that, or after now where this
    has passed as well, so that missed moments do not pile up."""
    if rhythm is None:
        return None
    if isinstance(rhythm, Every) and slot is not None and now < slot + rhythm.interval <= now + rhythm.interval:
        return Instant(slot + rhythm.interval)
    return following(rhythm, now)


def catch_up(seen: Instant | None, now: Instant) -> CatchUp | None:
    """The silence between the last look and now, where there was one."""
    return CatchUp(seen, now) if seen is not None and now - seen >= GROUPED_AFTER else None
