"""When a job is expected to run next, and how that is known. In: what its reports, its server and its user say; out: an `Expectation`, or
None for a job of which nothing is known, which is then never called overdue.

The best source that says something decides:
1. the user's setting, where it goes before what the server says;
2. the newer of the next run that the newest report announced (`next-scheduled-run`) and the one that the server proposes
   (`ProposedSchedule`), until a run has kept it;
3. the server's schedule, counted on from its time;
4. the user's setting;
5. the rhythm learned from the runs.
A run that Duplicati says was started by hand keeps no slot and teaches no rhythm. A slot is kept by a run that began at it or later: one
just before it does not satisfy it early, and after missed slots the first one after the last run counts. Slots are counted from slot to
slot as runs keep them, which is how Duplicati does it: a slot that a change of the clock has moved stays moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duplistatus.clock import SECOND, Instant, instant, moment
from duplistatus.evaluate.cadence import learn
from duplistatus.evaluate.interval import Interval
from duplistatus.evaluate.job_setting import NOT_SET, JobSetting
from duplistatus.evaluate.next_run import ALL_DAYS, next_run, next_run_before_2_1_2

_SLACK = SECOND
"""A run counts as begun at its slot also when its clock shows up to a second less: Duplicati writes the two at different moments."""
_BY_HAND = 3
"""Runs by hand, one after the other, after which a rhythm of older runs no longer holds: the schedule is gone."""
_EPOCH = date(1970, 1, 1)


class Source(StrEnum):
    """How an expectation is known."""

    SETTING = "setting"
    REPORT = "report"
    PROPOSED = "proposed"
    SERVER = "server"
    LEARNED = "learned"


class Told(IntEnum):
    """What a run's report said of the next run."""

    NOTHING = 0
    ANNOUNCED = 1
    BY_HAND = 2
    """That there is none: the run was started by hand."""


class Begin(NamedTuple):
    """A run, as far as schedules go; `told` is a value of `Told`. A named tuple: thirty are made for each report."""

    at: Instant
    told: int = Told.NOTHING


def told_of(sends_next_run: int, next_run: Instant | None) -> Told:
    """What a report said: whether it has the field, and the moment in it, null for a run that was started by hand."""
    if not sends_next_run:
        return Told.NOTHING
    return Told.ANNOUNCED if next_run is not None else Told.BY_HAND


@dataclass(frozen=True, slots=True)
class Slot:
    """A next run, and when it was told."""

    at: Instant
    told_at: Instant


@dataclass(frozen=True, slots=True)
class ServerSchedule:
    """The schedule of a job as its server holds it. `time`: the base that the interval counts from; `told_at`: when it was asked; `slot`:
    the one that its runs have led to since, where that is known."""

    time: Instant
    interval: Interval
    days: frozenset[int]
    told_at: Instant
    slot: Instant | None = None


@dataclass(frozen=True, slots=True)
class SchedulerZone:
    """The zone in which the server's scheduler counts; `older_rule`: only its weekdays do, the time of day is one of UTC (before 2.1.2)."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    older_rule: bool = False

    def next_run(self, base: Instant, not_before: Instant, interval: Interval, days: frozenset[int]) -> Instant:
        """The first slot of a schedule at or after a moment."""
        compute = next_run_before_2_1_2 if self.older_rule else next_run
        return compute(base, not_before, interval, days, self.zone)

    @property
    def of_time(self) -> ZoneInfo:
        """The zone that times of day belong to."""
        return ZoneInfo("UTC") if self.older_rule else self.zone


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that is known of a job's schedule. `runs`: its newest ones, oldest first; `busy_until`: the end of the newest; `announced`: the
    next run, by the newest report that announced one; `setting_slot`: the one that the runs have led to since the setting was made,
    where that is known."""

    runs: Sequence[Begin] = ()
    busy_until: Instant | None = None
    announced: Slot | None = None
    proposed: Slot | None = None
    schedule: ServerSchedule | None = None
    setting: JobSetting = NOT_SET
    setting_slot: Instant | None = None
    zone: SchedulerZone = field(default_factory=SchedulerZone)

    @property
    def last_run(self) -> Instant | None:
        """Begin of the newest run, however it was started."""
        return self.runs[-1].at if self.runs else None

    @property
    def last_kept(self) -> Instant | None:
        """Begin of the newest run that can have kept a slot: not known to be started by hand."""
        return next((run.at for run in reversed(self.runs) if run.told != Told.BY_HAND), None)

    @property
    def by_hand_only(self) -> bool:
        """Whether every run says that it was started by hand: the job has no schedule, but may have a user who runs it."""
        return bool(self.runs) and all(run.told == Told.BY_HAND for run in self.runs)

    def slot_after_runs(self, base: Instant, interval: Interval, days: frozenset[int], *, by_hand: bool = False) -> Instant:
        """The slot that the runs have led to: from `base`, and with each run that can have kept one to the first slot after that run.
        `by_hand`: so can runs started by hand."""
        slot = self.zone.next_run(base, base, interval, days)
        for run in self.runs:
            # No slot is waited for while its job is at work: Duplicati looks for the next one when a run ends.
            end = run.at if self.busy_until is None or run is not self.runs[-1] else max(run.at, self.busy_until)
            if (by_hand or run.told != Told.BY_HAND) and end >= slot - _SLACK:
                slot = self.zone.next_run(slot, Instant(end + _SLACK + 1), interval, days)
        return slot


@dataclass(frozen=True, slots=True)
class Expectation:
    """The expected moment and what it is made of. `counted_from`: the base of the arithmetic, where there was any; `interval` and `days`:
    of the schedule or setting; `confidence`: the share of runs that a learned rhythm foretold, from 0 to 1; `told_at`: when it was
    told; `following`: the expected moment after another one, None where nothing tells it."""

    at: Instant
    source: Source
    counted_from: Instant | None = None
    interval: str = ""
    days: frozenset[int] = ALL_DAYS
    confidence: float | None = None
    told_at: Instant | None = None
    following: Callable[[Instant], Instant] | None = field(default=None, compare=False, repr=False)


def expect(known: Knowledge) -> Expectation | None:
    """The expectation of the best source that says something; None where none does."""
    by_setting = _by_setting if known.setting.interval is not None else _nothing
    first = by_setting if known.setting.use_mine else _nothing
    for source in (first, _by_slot, _by_schedule, by_setting, _by_rhythm):
        try:
            found = source(known)
        except OverflowError:
            # A schedule that ends with the calendar expects nothing any more.
            continue
        if found is not None:
            return found
    return None


def _nothing(known: Knowledge) -> Expectation | None:
    return None


def _by_slot(known: Knowledge) -> Expectation | None:
    """The newer of the announced and the proposed next run. A report tells its own run's follower, so the run that announced a slot does
    not keep it, even where the slot lies before its end."""
    slots = [(slot, source) for slot, source in ((known.announced, Source.REPORT), (known.proposed, Source.PROPOSED)) if slot is not None]
    if not slots:
        return None
    slot, source = max(slots, key=lambda each: each[0].told_at)
    later = [run for run in known.runs if run.at >= slot.at - _SLACK and run.told == Told.NOTHING]
    if source is Source.PROPOSED:
        later += [run for run in known.runs if run.at >= slot.at - _SLACK and run.told == Told.ANNOUNCED]
    if later:
        return None
    schedule = known.schedule
    following = None
    if schedule is not None:
        following = _follower(known.zone, slot.at, schedule.interval, schedule.days)
    return Expectation(slot.at, source, told_at=slot.told_at, following=following)


def _by_schedule(known: Knowledge) -> Expectation | None:
    """The server's schedule, counted on from its time."""
    schedule = known.schedule
    if schedule is None:
        return None
    base = schedule.slot if schedule.slot is not None else schedule.time
    at = known.slot_after_runs(base, schedule.interval, schedule.days)
    following = _follower(known.zone, at, schedule.interval, schedule.days)
    return Expectation(
        at, Source.SERVER, schedule.time, schedule.interval.text, schedule.days, told_at=schedule.told_at, following=following
    )


def _by_setting(known: Knowledge) -> Expectation | None:
    """The user's setting: with a time of day in its phase, without one from the last run. A job that never ran is not waited for."""
    setting, last = known.setting, known.last_run
    interval = setting.repeat
    if interval is None or last is None:
        return None
    base = last
    if setting.time_of_day is None:
        at = known.zone.next_run(base, Instant(last + 1), interval, setting.days)
    else:
        base = known.setting_slot if known.setting_slot is not None else phase(setting, known.last_kept or last, known.zone)
        # Who runs a job by hand and wants to be reminded of it keeps the slots by hand.
        at = known.slot_after_runs(base, interval, setting.days, by_hand=known.by_hand_only)
    following = _follower(known.zone, at, interval, setting.days)
    return Expectation(at, Source.SETTING, base, interval.text, setting.days, following=following)


def _by_rhythm(known: Knowledge) -> Expectation | None:
    """The rhythm of the runs that were not started by hand."""
    begins = [run.at for run in known.runs if run.told != Told.BY_HAND]
    if not begins or all(run.told == Told.BY_HAND for run in known.runs[-_BY_HAND:]):
        return None
    rhythm = learn(begins, known.zone.of_time)
    if rhythm is None:
        return None
    at = rhythm.next_after_all(begins)
    return Expectation(at, Source.LEARNED, begins[-1], "", rhythm.days, rhythm.confidence, following=rhythm.next_after)


def _follower(zone: SchedulerZone, base: Instant, interval: Interval, days: frozenset[int]) -> Callable[[Instant], Instant]:
    return lambda slot: zone.next_run(base, Instant(slot + _SLACK + 1), interval, days)


def first_day(run: Instant, zone: SchedulerZone) -> int:
    """The local day of a run, since 1970: the one that a setting with a time of day counts from when it is made."""
    return (moment(run).astimezone(zone.of_time).date() - _EPOCH) // timedelta(days=1)


def phase(setting: JobSetting, kept: Instant, zone: SchedulerZone) -> Instant:
    """The slot that a setting with a time of day counts from: on its first day, where it has none on that of the last run."""
    day = setting.first_day if setting.first_day is not None else first_day(kept, zone)
    hour, minute = divmod(setting.time_of_day or 0, 60)
    return instant(datetime.combine(_EPOCH + timedelta(days=day), time(hour, minute), zone.of_time))
