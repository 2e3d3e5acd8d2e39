"""The next run of a schedule, exactly as Duplicati computes it, quirks included: a nicer prediction would be a wrong one. In: the
schedule's time, interval and weekdays, and the zone in which that Duplicati counts; out: the first slot that is not before a moment.
Source: the answers of Duplicati's own function, `next-run.tsv` and `next-run-before-2.1.2.tsv` of the tests.

1. From the base, steps of the interval until not before the given moment. A step is taken on the UTC date.
2. Where the interval has only days, weeks, months and years, a change of the zone's offset between the two ends of the step is taken
   back, so that the local time of day stays. A slot so close to a change of the clock that taking it back crosses the change again
   moves by the difference, and stays moved.
3. While the weekday in the zone is not allowed: an interval of a day or more goes on by plain 24 hours, at most 8 times (over a change of
   the clock the local time moves); a shorter one goes on by itself.
Until 2.1.2 the second rule was missing, and the zone of the third was that of the host."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, HOUR, Instant, instant, moment
from duplistatus.evaluate.interval import Interval

ALL_DAYS = frozenset(range(7))
"""Weekdays as Duplicati numbers them in its tables: 0 is Sunday."""
_MOST_SKIPS = 8
_WEEK = 7
_MARGIN = DAY
"""Kept from a change of the clock when several steps are taken as one: more than any change amounts to."""
_UTC = ZoneInfo("UTC")


def next_run(base: Instant, not_before: Instant, interval: Interval, days: frozenset[int] = ALL_DAYS, zone: ZoneInfo = _UTC) -> Instant:
    """The first slot at or after `not_before`, counted from `base`; Duplicati from 2.1.2. `days` must not be empty. Raises
    OverflowError past the year 9999."""
    return _first_slot(base, not_before, interval, days, zone, zone if interval.is_of_calendar else _UTC)


def next_run_before_2_1_2(
    base: Instant, not_before: Instant, interval: Interval, days: frozenset[int] = ALL_DAYS, zone: ZoneInfo = _UTC
) -> Instant:
    """The same of older Duplicatis: the time of day is one of UTC; `zone`, that of the host, decides the weekday alone."""
    return _first_slot(base, not_before, interval, days, zone, _UTC)


def weekday(at: Instant, zone: ZoneInfo) -> int:
    """The weekday in a zone, 0 is Sunday."""
    return moment(at).astimezone(zone).isoweekday() % _WEEK


def _first_slot(base: Instant, not_before: Instant, interval: Interval, days: frozenset[int], zone: ZoneInfo, kept: ZoneInfo) -> Instant:
    """`zone` decides the weekday, `kept` is the zone whose time of day stays."""
    at = base
    while at < not_before:
        leap = _leap(at, not_before, interval, kept)
        at = _step(at, interval, kept) if leap is None else leap
    return _on_allowed_day(at, interval, days, zone, lambda slot: _step(slot, interval, kept))


def _step(at: Instant, interval: Interval, zone: ZoneInfo) -> Instant:
    """One interval later; the offset that `zone` gained or lost on the way is taken back."""
    later = instant(interval.after(moment(at)))
    if zone is _UTC:
        return later
    return Instant(later - _offset(later, zone) + _offset(at, zone))


def _leap(at: Instant, not_before: Instant, interval: Interval, zone: ZoneInfo) -> Instant | None:
    """Several equal steps at once, none of them near a change of the zone's clock; None where it takes a single step."""
    if not interval.is_fixed:
        return None
    length = interval.length
    steps = -((at - not_before) // length)
    if zone is not _UTC:
        steps = min(steps, (_next_change(at, zone, not_before) - _MARGIN - at) // length)
    return Instant(at + steps * length) if steps > 1 else None


def _on_allowed_day(at: Instant, interval: Interval, days: frozenset[int], zone: ZoneInfo, step: Callable[[Instant], Instant]) -> Instant:
    if interval.length >= DAY:
        skips = 0
        while weekday(at, zone) not in days and skips < _MOST_SKIPS:
            at = Instant(at + DAY)
            skips += 1
        return at
    while weekday(at, zone) not in days:
        # As many steps at once as surely end on the same day.
        local = moment(at).astimezone(zone)
        rest = timedelta(days=1) - timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        steps = (rest // timedelta(milliseconds=1) - 3 * HOUR) // interval.length
        at = Instant(at + steps * interval.length) if steps > 1 else step(at)
    return at


# --- the zone's clock --------------------------------------------------------------------------------------------------------------


def _offset(at: Instant, zone: ZoneInfo) -> int:
    """Milliseconds by which the zone is ahead of UTC at a moment."""
    offset = moment(at).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(milliseconds=1)


def _next_change(at: Instant, zone: ZoneInfo, until: Instant) -> Instant:
    """A moment at most a day before the next change of the zone's offset after `at`; `until` or later where there is none before."""
    for year in range(moment(at).year, moment(until).year + 1):
        changes = _changes(zone, year)
        index = bisect_right(changes, at)
        if index < len(changes):
            return changes[index]
    return Instant(until + 2 * _MARGIN)


@lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, year: int) -> tuple[Instant, ...]:
    """The ends of the days of UTC in a year within which the zone's offset changes."""
    first = instant(datetime(year, 1, 1, tzinfo=moment(Instant(0)).tzinfo))
    ends = [Instant(first + day * DAY) for day in range(368)]
    offsets = [_offset(end, zone) for end in ends]
    return tuple(end for end, before, after in zip(ends[1:], offsets, offsets[1:], strict=False) if before != after)
