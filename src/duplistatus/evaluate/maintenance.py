"""Windows of maintenance: stretches of time in which messages are held back, once or again and again. In: a window and the present; out:
whether it is open, and when that changes next.

A window that comes again opens on its weekdays at a time of day in its zone. Its length is counted as RFC 5545 counts durations: whole
days by the calendar, so that a window of a day ends when that of the next day begins, also over a change of the clock; what is left
over exactly. A time of day that the clock skips is later by what was skipped; of one that comes twice the first counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, MINUTE, Instant, instant, moment
from duplistatus.evaluate.next_run import ALL_DAYS

MOST_MINUTES = 7 * DAY // MINUTE
"""The longest that a window that comes again stays open."""
_A_DAY = DAY // MINUTE
_WEEK = 7
_ONE_DAY = timedelta(days=1)
# A zone that moves over the date line skips a day of the calendar.
_SPARE = 2


@dataclass(frozen=True, slots=True)
class Once:
    """Open from one moment until before another."""

    starts_at: Instant
    ends_at: Instant


@dataclass(frozen=True, slots=True)
class Recurring:
    """Opens on weekdays (0 is Sunday) at `start_minute` after midnight for `length` minutes; `first` and `last` limit the days on which
    it opens."""

    days: frozenset[int]
    start_minute: int
    length: int
    zone: ZoneInfo
    first: date | None = None
    last: date | None = None


Window = Once | Recurring


def checked(window: Window) -> Window:
    """The same window, where it makes sense. Raises ValueError with a sentence."""
    if isinstance(window, Once):
        if window.ends_at <= window.starts_at:
            raise ValueError("the window must end after its start")
        return window
    if not window.days or not window.days <= ALL_DAYS:
        raise ValueError("at least one weekday is needed; they are numbers from 0, Sunday, to 6")
    if not 0 <= window.start_minute < _A_DAY:
        raise ValueError("the start lies between 00:00 and 23:59")
    if not 0 < window.length <= MOST_MINUTES:
        raise ValueError("the length lies between 1 minute and 7 days")
    if window.first and window.last and window.last < window.first:
        raise ValueError("the last day must not be before the first one")
    return window


def is_active(window: Window, now: Instant) -> bool:
    """Whether the window is open."""
    if isinstance(window, Once):
        return window.starts_at <= now < window.ends_at
    return any(starts_at <= now < ends_at for starts_at, ends_at in _stretches(window, _earliest(window, now), now))


def next_change(window: Window, now: Instant) -> Instant | None:
    """The first moment after `now` at which the window opens or closes; None when it never does again."""
    if isinstance(window, Once):
        return next((at for at in (window.starts_at, window.ends_at) if at > now and window.starts_at < window.ends_at), None)
    end = now
    # Stretches that touch or overlap are one.
    for starts_at, ends_at in _stretches(window, _earliest(window, now)):
        if starts_at > end:
            return starts_at if end == now else end
        end = max(end, ends_at)
        if end > now and _never_closes(window):
            return None
    return end if end > now else None


def _earliest(window: Recurring, now: Instant) -> date:
    """No stretch that began before this day is open now."""
    return moment(now).astimezone(window.zone).date() - (_WEEK + _SPARE) * _ONE_DAY


def _stretches(window: Recurring, first: date, until: Instant | None = None) -> Iterator[tuple[Instant, Instant]]:
    """From when until when the window is open, by their begin: those that begin on or after a day, and not after `until`."""
    day = max(first, window.first) if window.first else first
    while window.last is None or day <= window.last:
        if day.isoweekday() % _WEEK in window.days:
            starts_at = _at(window, day)
            if until is not None and starts_at > until:
                return
            whole_days, minutes = divmod(window.length, _A_DAY)
            yield starts_at, Instant(_at(window, day + whole_days * _ONE_DAY) + minutes * MINUTE)
        elif until is not None and _at(window, day) > until:
            return
        day += _ONE_DAY


def _at(window: Recurring, day: date) -> Instant:
    """The moment at which the window opens on a day, were it to open."""
    hour, minute = divmod(window.start_minute, 60)
    return instant(datetime.combine(day, time(hour, minute), window.zone))


def _never_closes(window: Recurring) -> bool:
    """Whether each stretch lasts until the next one at least, for ever."""
    days = sorted(window.days)
    gaps = [later - earlier for earlier, later in zip(days, [*days[1:], days[0] + _WEEK], strict=True)]
    return window.last is None and max(gaps) <= window.length // _A_DAY
