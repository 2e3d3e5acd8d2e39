"""The slots of a job while they keep one time of day in UTC, as a fold of bounded size. In: the moment of a slot, and how long before
it was announced; out: a `Stretch`, from which the rhythm can be told: whether the slots went on day by day, and on which weekdays."""

from __future__ import annotations

from typing import NamedTuple

from duplistatus.clock import DAY, HOUR, MINUTE, Instant

WEEK = 7
"""Days."""
LARGEST_CHANGE = 2 * 60
"""Minutes. A clock that changes by more belongs to a computer that travels."""
_MOST = 9
_TOLERANCE = 10 * MINUTE
"""A run begins within so much of its slot."""
_SHORT = 12 * HOUR
_ENOUGH_SLOTS = 4
_ENOUGH_DAYS = 3
_EPOCH_WEEKDAY = 4
"""1970 began on a Thursday."""
_ALL = (1 << WEEK) - 1
_SATURDAY_OR_SUNDAY = 0b1000001
_MONDAY_AND_FRIDAY = 0b0100010


class Stretch(NamedTuple):
    """Successive slots of one time of day. `first`, `last`: the oldest and newest slot; `far`: how many of them lie more than half a
    day after what came before, as those of short intervals never do; `daily_since`: from there to `last`, each slot is a day after
    the one before; `days`: weekdays of the slots in UTC, a bit each, Sunday the lowest; `slots`: how many slots `days` is made of;
    `apart`: the host's date at the slots less that of UTC, None where unknown; `leaves_out`: whether a weekend may have been seen to be
    left out; `steps_a_day`: whether two of them lie a day apart. Counts end at nine."""

    first: Instant
    last: Instant
    announced: bool
    far: int
    daily_since: Instant
    days: int
    slots: int
    apart: int | None
    leaves_out: bool
    steps_a_day: bool


class Shift(NamedTuple):
    """Announced slots of day after day that came to lie so many minutes later, between `last` and `first`."""

    last: Instant
    first: Instant
    minutes: int


def new_stretch(at: Instant, ahead: int | None, minutes: int | None) -> Stretch:
    """With one slot. `ahead`: milliseconds from the begin of the run that announced it, None for a begin; `minutes`: the host's clock is
    that much ahead of UTC, None where unknown."""
    far = ahead is None or ahead > _SHORT
    return _with_day(Stretch(at, at, ahead is not None, int(far), at, 0, 0, None, False, False), None, ahead, minutes)


def goes_on(now: Stretch, at: Instant, ahead: int | None) -> bool:
    """Whether a slot is one more of the same time of day."""
    if (ahead is not None) != now.announced or at < now.last:
        return False
    return abs(_within_a_day(at - now.first)) <= _slack(now)


def extended(now: Stretch, at: Instant, ahead: int | None, minutes: int | None) -> Stretch:
    """With one slot more, which may be the last one, announced again."""
    if at == now.last:
        return now
    first, last, announced, far, daily_since, days, slots, apart, leaves_out, steps_a_day = now
    is_far = (at - last if ahead is None else ahead) > _SHORT
    if not is_far or abs(at - last - DAY) > _slack(now):
        daily_since = at
    far = min(far + is_far, _MOST)
    longer = Stretch(first, at, announced, far, daily_since, days, slots, apart, leaves_out, steps_a_day)
    return _with_day(longer, last, ahead, minutes)


def differ_by(earlier: Stretch, later: Stretch, difference: int) -> bool:
    """Whether the time of day of two stretches differs by so many milliseconds, exactly where it was announced."""
    return abs(_within_a_day(later.first - earlier.first - difference)) <= _slack(later)


def shift_between(steady: Stretch | None, now: Stretch) -> Shift | None:
    """By how much slots were shifted from one day to the next, where it is as much as clocks change."""
    if steady is None or not (steady.announced and now.announced and now.far):
        return None
    minutes = (now.first - steady.last - DAY) // MINUTE
    return Shift(steady.last, now.first, minutes) if 0 < abs(minutes) <= LARGEST_CHANGE else None


def workdays(now: Stretch, known: int) -> int:
    """The number of slots that are a Monday to Friday by the host's weekday alone, where the schedule is seen to leave days out;
    negative where they are one by the weekday of UTC alone. What was `known` stays until slots tell something else, also while those of
    a new time of day are still few."""
    # Without two slots a day apart, Monday, Wednesday, Friday may as well be Tuesday, Thursday, Saturday.
    if not now.apart or not (now.leaves_out and now.steps_a_day) or now.slots < _ENOUGH_SLOTS:
        return known
    local = _turned(now.days, now.apart)
    if _are_workdays(local) and now.days & _SATURDAY_OR_SUNDAY:
        return now.slots
    if _are_workdays(now.days) and local & _SATURDAY_OR_SUNDAY:
        return -now.slots
    return 0 if now.days & local & _SATURDAY_OR_SUNDAY else known


def _are_workdays(days: int) -> bool:
    """Whether days are surely meant as Monday to Friday: a Friday alone may as well be a Saturday by another weekday."""
    both_ends = days & _MONDAY_AND_FRIDAY == _MONDAY_AND_FRIDAY
    return both_ends and days.bit_count() >= _ENOUGH_DAYS and not days & _SATURDAY_OR_SUNDAY


def _with_day(now: Stretch, before: Instant | None, ahead: int | None, minutes: int | None) -> Stretch:
    """The stretch with the weekday of its newest slot, if it was announced; `before`: the slot before that one. Where the host's clock
    came to lie on another date at this time of day, the weekdays are gathered anew."""
    if minutes is None or ahead is None:
        return now
    first, last, announced, far, daily_since, days, slots, known, leaves_out, steps_a_day = now
    apart = (last + minutes * MINUTE) // DAY - last // DAY
    if apart != known:
        days, slots, leaves_out, steps_a_day = 0, 0, False, False
    days |= 1 << (last // DAY + _EPOCH_WEEKDAY) % WEEK
    leaves_out = leaves_out or ahead > 2 * DAY
    steps_a_day = steps_a_day or (before is not None and last - before == DAY)
    return Stretch(first, last, announced, far, daily_since, days, min(slots + 1, _MOST), apart, leaves_out, steps_a_day)


def _slack(now: Stretch) -> int:
    return 0 if now.announced else _TOLERANCE


def _within_a_day(difference: int) -> int:
    """The same difference of times of day, at most half a day either way."""
    return (difference + DAY // 2) % DAY - DAY // 2


def _turned(days: int, by: int) -> int:
    """Weekdays so many days later."""
    by %= WEEK
    return (days << by | days >> (WEEK - by)) & _ALL
