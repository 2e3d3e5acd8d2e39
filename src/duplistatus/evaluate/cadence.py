"""The rhythm of a job that tells of no schedule, learned from when it ran. In: the begins of its runs and the zone that its times of day
belong to; out: a `Cadence` that says when the next run is to be expected, or None where the runs keep no rhythm: better no expectation
than a false alarm.

Two rhythms are tried, and each is asked to foretell every run from the one before: a time of day on certain weekdays (daily, Monday to
Friday, weekly, …), which keeps the local time over changes of the clock, and an equal distance (every six hours, every tenth day). The
first of them that is right often enough is taken. Weekdays on which nothing has run yet are taken for not allowed, so that a job seen
from Monday to Friday only is not missed on its first Saturday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, moment

FEWEST_RUNS = 5
ENOUGH = 0.8
"""Share of runs that a rhythm must foretell."""
_MOST_RUNS = 30
_LEAST_TOLERANCE = 30 * MINUTE
_TOLERANCE_SHARE = 10
"""A run is foretold when it begins within a tenth of the distance, at least half an hour."""
_NEAR = DAY // MINUTE // _TOLERANCE_SHARE
"""Minutes from the usual time of day within which a run tells its weekday."""
_SHORTEST_OF_DAYS = 20 * HOUR
"""Distances below this are no rhythm of days."""
_WEEK = 7
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Cadence:
    """A rhythm. `time_of_day`: minutes after midnight in `zone`, None for an equal distance; `days`: weekdays of the runs, 0 is Sunday;
    `interval`: the usual distance in milliseconds; `confidence`: the share of runs that it foretells, 0 to 1."""

    interval: int
    days: frozenset[int]
    time_of_day: int | None
    zone: ZoneInfo
    confidence: float = 0.0
    early: int = _SHORTEST_OF_DAYS // 2
    """Milliseconds before a slot from which on a run counts as that of the slot."""

    def next_after(self, run: Instant) -> Instant:
        """When the run after this one is expected."""
        if self.time_of_day is None:
            return Instant(run + self.interval)
        # A run may begin a little before the usual time; the slot of the same run is not the next one. One long before it is no run of it.
        earliest = moment(Instant(run + self.early))
        date = earliest.astimezone(self.zone).date()
        for ahead in range(_WEEK + 1):
            day = date + timedelta(days=ahead)
            if day.isoweekday() % _WEEK not in self.days:
                continue
            midnight = earliest.astimezone(self.zone).replace(
                year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, fold=0
            )
            slot = instant((midnight + timedelta(minutes=self.time_of_day)).replace(microsecond=0))
            if slot >= instant(earliest):
                return slot
        raise AssertionError("a week has every weekday")

    def foretells(self, run: Instant, following: Instant) -> bool:
        """Whether the run that followed began about when it was expected."""
        return abs(self.next_after(run) - following) <= max(_LEAST_TOLERANCE, self.interval // _TOLERANCE_SHARE)


def learn(begins: Sequence[Instant], zone: ZoneInfo = _UTC) -> Cadence | None:
    """The rhythm of the newest runs, whose begins may come in any order. None for fewer than five runs, or without a rhythm."""
    runs = sorted(set(begins))[-_MOST_RUNS:]
    if len(runs) < FEWEST_RUNS:
        return None
    for rhythm in (_of_week, _of_distance):
        found = _judged(runs, zone, rhythm)
        if found is not None and found.confidence >= ENOUGH:
            return found
    return None


def _judged(runs: list[Instant], zone: ZoneInfo, rhythm: Callable[[list[Instant], ZoneInfo], Cadence | None]) -> Cadence | None:
    found = rhythm(runs, zone)
    if found is None:
        return None
    right = sum(found.foretells(run, following) for run, following in pairwise(runs))
    return replace(found, confidence=right / (len(runs) - 1))


def _of_distance(runs: list[Instant], zone: ZoneInfo) -> Cadence:
    return Cadence(_usual_distance(runs), frozenset(range(_WEEK)), None, zone)


def _of_week(runs: list[Instant], zone: ZoneInfo) -> Cadence | None:
    if _usual_distance(runs) < _SHORTEST_OF_DAYS:
        return None
    local = [moment(run).astimezone(zone) for run in runs]
    minutes = [time.hour * 60 + time.minute for time in local]
    # Days are counted from the hour that lies farthest from the runs: those around midnight then belong together.
    turn = _quietest(minutes)
    time_of_day = (median_low([(minute - turn) % (DAY // MINUTE) for minute in minutes]) + turn) % (DAY // MINUTE)
    late = [(minute - time_of_day + DAY // MINUTE // 2) % (DAY // MINUTE) - DAY // MINUTE // 2 for minute in minutes]
    days = _usual_days([time - timedelta(minutes=each) for time, each in zip(local, late, strict=True) if abs(each) <= _NEAR])
    if not days:
        return None
    # Few runs lie far before the usual time: those were started for another reason.
    earliest = sorted(late)[len(late) // _TOLERANCE_SHARE]
    early = min(_SHORTEST_OF_DAYS // 2, _LEAST_TOLERANCE - earliest * MINUTE)
    return Cadence(DAY, days, time_of_day, zone, early=early)


def _usual_days(slots: list[datetime]) -> frozenset[int]:
    """The weekdays of slots that were kept, but for those kept in less than a third of the weeks: a single run on a Saturday, started by
    hand, must not have the job missed on each Saturday to come."""
    if not slots:
        return frozenset()
    weeks = (slots[-1] - slots[0]) // timedelta(weeks=1)
    counts = Counter(slot.isoweekday() % _WEEK for slot in slots)
    return frozenset(day for day, count in counts.items() if 3 * count >= weeks)


def _usual_distance(runs: list[Instant]) -> int:
    return median_low([following - run for run, following in pairwise(runs)])


def _quietest(minutes: list[int]) -> int:
    """The middle of the longest stretch of the day in which nothing ran, in minutes after midnight."""
    ordered = sorted(set(minutes))
    stretches = [(later - earlier, earlier) for earlier, later in pairwise([*ordered, ordered[0] + DAY // MINUTE])]
    length, start = max(stretches)
    return (start + length // 2) % (DAY // MINUTE)
