"""The rhythm of a job that tells of no schedule, learned from when it ran. In: the begins of its runs and the zone that its times of day
belong to; out: a `Cadence` that says when the next run is to be expected, or None where the runs keep no rhythm: better no expectation
than a false alarm.

Two rhythms are tried, and each is asked to foretell every run from the one before: a time of day on certain weekdays (daily, Monday to
Friday, weekly, …), which keeps the local time over changes of the clock, and an equal distance (every six hours, every tenth day). The
first of them that is right often enough is taken. Weekdays on which nothing has run yet are taken for not allowed, so that a job seen
from Monday to Friday only is not missed on its first Saturday."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, moment

FEWEST_RUNS = 5
ENOUGH = 0.8
"""Share of runs that a rhythm must foretell."""
_LEAST_TOLERANCE = 30 * MINUTE
_TOLERANCE_SHARE = 10
"""A run is foretold when it begins within a tenth of the distance, at least half an hour."""
_SHORTEST = 5 * MINUTE
"""No schedule of Duplicati is shorter."""
_EARLY = 90 * MINUTE
"""Milliseconds before the usual time from which on a run is that of the day: a change of the clock can move a schedule by an hour."""
_JITTER = 5 * MINUTE
"""Milliseconds that the next run may be later than any before."""
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
    late: int = 0
    """Milliseconds by which runs usually come later at most: the expectation waits for them."""
    early: int = _SHORTEST_OF_DAYS // 2
    """Milliseconds before a slot from which on a run counts as that of the slot."""

    def next_after(self, run: Instant) -> Instant:
        """When the run after this one is expected at the latest."""
        return Instant(self.usual_after(run) + self.late)

    def next_after_all(self, runs: Sequence[Instant]) -> Instant:
        """When the run after all of these, oldest first, is expected at the latest. Where the newest of a job of hours did not come when it
        was expected, the hours of its slots are not known for sure: then one more is waited for."""
        run = runs[-1]
        if self.time_of_day is None and self.interval < DAY and len(runs) > 1 and not self.foretells(runs[-2], run):
            run = self.usual_after(run)
        return self.next_after(run)

    def usual_after(self, run: Instant) -> Instant:
        """When the run after this one usually begins."""
        if self.time_of_day is None:
            at = run + self.interval
            while self.interval < DAY and self._weekday(at) not in self.days:
                at += self.interval
            return Instant(at)
        # A run may begin a little before the usual time; the slot of the same run is not the next one. One long before it is no run of it.
        earliest = moment(Instant(run + self.early)).astimezone(self.zone)
        midnight = earliest.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        for ahead in range(_WEEK + 1):
            slot = midnight + timedelta(days=ahead, minutes=self.time_of_day)
            if slot.isoweekday() % _WEEK in self.days and instant(slot) >= instant(earliest):
                return instant(slot)
        raise AssertionError("a week has every weekday")

    def _weekday(self, at: int) -> int:
        return moment(Instant(at)).astimezone(self.zone).isoweekday() % _WEEK

    def foretells(self, run: Instant, following: Instant) -> bool:
        """Whether the run that followed began about when it was expected."""
        return abs(self.lateness(run, following)) <= max(_LEAST_TOLERANCE, self.interval // _TOLERANCE_SHARE)

    def lateness(self, run: Instant, following: Instant) -> int:
        """Milliseconds by which the run that followed began after its usual time."""
        return following - self.usual_after(run)


def learn(begins: Sequence[Instant], zone: ZoneInfo = _UTC) -> Cadence | None:
    """The rhythm of runs, whose begins may come in any order. None for fewer than five runs, or without a rhythm."""
    runs = sorted(set(begins))
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
    foretold = [(run, following) for run, following in pairwise(runs) if found.foretells(run, following)]
    late = max((found.lateness(*each) for each in foretold), default=0)
    return replace(found, confidence=len(foretold) / (len(runs) - 1), late=max(late, 0) + _JITTER)


def _of_distance(runs: list[Instant], zone: ZoneInfo) -> Cadence | None:
    interval, days = _usual_distance(runs), frozenset(range(_WEEK))
    if interval < _SHORTEST:
        return None
    if interval < DAY:
        if runs[-1] - runs[0] < _WEEK * DAY:
            # Whether a job of hours runs at weekends is seen when one has passed.
            return None
        days = _usual_days([moment(run).astimezone(zone) for run in runs], DAY // interval)
    return Cadence(interval, days, None, zone) if days else None


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
    early = min(_SHORTEST_OF_DAYS // 2, _EARLY - earliest * MINUTE)
    return Cadence(DAY, days, time_of_day, zone, early=early)


def _usual_days(slots: list[datetime], a_day: int = 1) -> frozenset[int]:
    """The weekdays of slots that were kept, `a_day` of them a day, but for those kept in less than two thirds of the weeks: a single run
    on a Saturday, started by hand, must not have the job missed on each Saturday to come."""
    if not slots:
        return frozenset()
    weeks = (slots[-1] - slots[0]) // timedelta(weeks=1)
    counts = Counter(slot.isoweekday() % _WEEK for slot in slots)
    return frozenset(day for day, count in counts.items() if 3 * count >= 2 * weeks * a_day)


def _usual_distance(runs: list[Instant]) -> int:
    return median_low([following - run for run, following in pairwise(runs)])


def _quietest(minutes: list[int]) -> int:
    """The middle of the longest stretch of the day in which nothing ran, in minutes after midnight."""
    ordered = sorted(set(minutes))
    stretches = [(later - earlier, earlier) for earlier, later in pairwise([*ordered, ordered[0] + DAY // MINUTE])]
    length, start = max(stretches)
    return (start + length // 2) % (DAY // MINUTE)
