"""A fleet over up to two years with known truth: Duplicati's own arithmetic starts the jobs of servers in several zones, with outages, runs
started by hand, queues and aborted runs in between; a job is truly overdue when its scheduler's next run lies more than the tolerance
in the past. What is expected from what the servers tell must say so at every hour: no false alarm, and none missed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, instant, moment
from duplistatus.evaluate.expectation import Begin, Knowledge, SchedulerZone, ServerSchedule, Slot, Told, expect, first_day
from duplistatus.evaluate.interval import Interval, read_interval
from duplistatus.evaluate.job_setting import JobSetting
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.overdue import Schedule, schedule_now

START, END = (instant(datetime(year, 1, 5, tzinfo=UTC)) for year in (2025, 2027))
TOLERANCE = 2 * HOUR
YEAR = 366 * DAY
"""Both changes of the clock."""
WORKDAYS = frozenset({1, 2, 3, 4, 5})


@dataclass
class World:
    """One job of one server. `time`: its scheduler's next run, the truth."""

    zone: SchedulerZone
    interval: Interval
    days: frozenset[int]
    first: Instant
    chance: Random
    announces: bool
    by_hand: float
    outages: float
    time: Instant = field(init=False)
    runs: deque[Begin] = field(default_factory=lambda: deque(maxlen=30))
    announced: Slot | None = None
    slot: Instant | None = None
    down_until: Instant = START

    def __post_init__(self) -> None:
        self.time = self.zone.next_run(self.first, self.first, self.interval, self.days)

    def hour(self, now: Instant) -> None:
        """All that happens in the hour that ends now."""
        if self.chance.random() < self.outages:
            self.down_until = Instant(now + self.chance.choice([5 * HOUR, 3 * DAY, 21 * DAY]))
        if now < self.down_until:
            return
        if self.time < now:
            # A missed slot is caught up when the server comes back.
            slot = max(self.time, self.down_until)
            self._run(Instant(min(now - SECOND, slot + self.chance.choice([0, SECOND, 9 * MINUTE]))), Told.ANNOUNCED)
        elif self.chance.random() < self.by_hand:
            self._run(Instant(now - self.chance.randrange(MINUTE, HOUR // 2)), Told.BY_HAND)

    def _run(self, begin: Instant, told: Told) -> None:
        if self.runs and begin <= self.runs[-1].at:
            return
        if told is Told.ANNOUNCED:
            self.time = self.zone.next_run(self.time, Instant(begin + SECOND), self.interval, self.days)
            if self.announces:
                self.announced = Slot(self.time, Instant(begin + 3 * SECOND))
        self.runs.append(Begin(begin, told if self.announces else Told.NOTHING))


PLACES = [
    SchedulerZone(),
    SchedulerZone(ZoneInfo("Europe/Berlin")),
    SchedulerZone(ZoneInfo("America/New_York")),
    SchedulerZone(ZoneInfo("America/Los_Angeles")),
    SchedulerZone(ZoneInfo("Australia/Lord_Howe")),
    SchedulerZone(ZoneInfo("Asia/Kolkata")),
]
OLDER = [SchedulerZone(ZoneInfo("America/Los_Angeles"), older_rule=True), SchedulerZone(ZoneInfo("Europe/Berlin"), older_rule=True)]
SCHEDULES = [("1D", ALL_DAYS), ("1D", WORKDAYS), ("6h", ALL_DAYS), ("1W", ALL_DAYS), ("12h", WORKDAYS), ("1M", ALL_DAYS)]


def worlds(places: list[SchedulerZone], *, announces: bool, by_hand: float = 0.03, outages: float = 0.01) -> Iterator[World]:
    for number, place in enumerate(places):
        for index, (repeat, days) in enumerate(SCHEDULES):
            first = Instant(START + (number * 7 + index * 5) % 24 * HOUR + 30 * MINUTE)
            yield World(place, read_interval(repeat), days, first, Random(100 * number + index), announces, by_hand, outages)


def judged(world: World, known: Callable[[World], Knowledge], until: Instant = END) -> tuple[int, int, int]:
    """(hours judged, false alarms, missed alarms). Judged from the first scheduled run on: before it nobody knows of the schedule."""
    hours = false = missed = 0
    for now in range(START, until, HOUR):
        world.hour(Instant(now))
        if not any(run.told is not Told.BY_HAND for run in world.runs):
            continue
        found = expect(known(world))
        verdict = schedule_now(found.at, Instant(found.at + TOLERANCE), Instant(now)) if found else Schedule.UNSCHEDULED
        world.slot = found.at if found else None
        hours += 1
        truth = now > world.time + TOLERANCE
        false += verdict is Schedule.OVERDUE and not truth
        missed += truth and verdict is not Schedule.OVERDUE
    return hours, false, missed


def summed(fleet: Iterator[World], known: Callable[[World], Knowledge], until: Instant = END) -> tuple[int, int, int]:
    results = [judged(world, known, until) for world in fleet]
    return sum(each[0] for each in results), sum(each[1] for each in results), sum(each[2] for each in results)


def by_report(world: World) -> Knowledge:
    return Knowledge(tuple(world.runs), announced=world.announced, zone=world.zone)


def by_schedule(world: World) -> Knowledge:
    schedule = ServerSchedule(world.first, world.interval, world.days, START, slot=world.slot)
    return Knowledge(tuple(world.runs), schedule=schedule, zone=world.zone)


def by_setting(world: World) -> Knowledge:
    """The user typed in what Duplicati's own page shows."""
    local = moment(world.first).astimezone(world.zone.of_time)
    setting = JobSetting(
        use_mine=True,
        interval=world.interval.text,
        days=world.days,
        time_of_day=local.hour * 60 + local.minute,
        first_day=first_day(world.first, world.zone),
    )
    return Knowledge(tuple(world.runs), setting=setting, setting_slot=world.slot, zone=world.zone)


def test_jobs_that_announce_their_next_run_are_judged_right_at_every_hour() -> None:
    hours, false, missed = summed(worlds(PLACES, announces=True), by_report)
    assert hours > 500_000
    assert (false, missed) == (0, 0)


@pytest.mark.parametrize("known", [by_schedule, by_setting])
@pytest.mark.parametrize("places", [PLACES, OLDER], ids=["now", "before 2.1.2"])
def test_jobs_whose_schedule_was_told_once_are_judged_right_at_every_hour(
    places: list[SchedulerZone], known: Callable[[World], Knowledge]
) -> None:
    """By the server or by the user; their reports say nothing of next runs."""
    hours, false, missed = summed(worlds(places, announces=False, by_hand=0.0), known, until=Instant(START + YEAR))
    assert hours > 90_000
    assert (false, missed) == (0, 0)


def test_runs_by_hand_that_nobody_can_tell_raise_no_false_alarm_over_a_schedule() -> None:
    """They can hide that a slot was missed, until the next one: no program can know better."""
    hours, false, missed = summed(worlds(PLACES[2:5], announces=False, by_hand=0.03), by_schedule, until=Instant(START + YEAR))
    assert false == 0
    assert missed < hours / 1000


@pytest.mark.parametrize(("by_hand", "outages"), [(0.0, 0.0), (0.0, 0.002), (0.01, 0.002)])
def test_a_learned_rhythm_raises_no_false_alarm(by_hand: float, outages: float) -> None:
    """Nothing is told but the runs. Where they keep no clear rhythm for a while nothing is expected, so that alarms can be missed."""
    fleet = worlds(PLACES[1:3], announces=False, by_hand=by_hand, outages=outages)
    hours, false, missed = summed(fleet, lambda world: Knowledge(tuple(world.runs), zone=world.zone), until=Instant(START + 120 * DAY))
    assert false == 0
    assert missed <= hours * (0.0 if outages == 0 else 0.2)
