"""Why a job is judged as it is at a moment: the numbers and the rule behind the verdict. In: what was known at the moment, the runs, the
settings and the zone; out: an `Explanation` whose figures are those that the verdict itself is made of, computed by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from duplistatus.clock import Instant
from duplistatus.evaluate.cadence import learn
from duplistatus.evaluate.expectation import Expectation, Knowledge, Told, expect
from duplistatus.evaluate.job_setting import WatchSettings
from duplistatus.evaluate.outcome import outcome_of, slots_without_success
from duplistatus.evaluate.overdue import Activity, Schedule, due_at, overdue_from, schedule_now
from duplistatus.evaluate.zone_evidence import ServerZone

SHOWN_RUNS = 12
SHOWN_SLOTS = 5
"""Expected moments to come that are shown."""
MOST_MISSED = 12


class Rule(StrEnum):
    """What decides the verdict."""

    NOT_WATCHED = "not_watched"
    NO_RUN = "no_run"
    """Nothing was known of the job yet."""
    BY_HAND_ONLY = "by_hand_only"
    """Its runs say that they are started by hand: there is no schedule to miss."""
    NO_RHYTHM = "no_rhythm"
    """Nothing tells of a schedule, and its runs keep no clear rhythm."""
    NOT_DUE = "not_due"
    WITHIN_TOLERANCE = "within_tolerance"
    AT_WORK = "at_work"
    """Past the tolerance, but the job is running."""
    PAST_TOLERANCE = "past_tolerance"


@dataclass(frozen=True, slots=True)
class ExplainedRun:
    """A run on the time line."""

    begun_at: Instant
    status: str
    told: Told


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict at a moment and what it is made of. `tolerance`: milliseconds, `own_tolerance`: set for this job alone. `runs`: the
    newest, oldest first; `missed`: expected moments that have passed without a run; `coming`: those to come, the next first, as far
    as something tells them; `probable`: what would follow those by the rhythm of the runs, where nothing else tells it.
    `changes_at`: when time alone changes the verdict."""

    at: Instant
    schedule: Schedule
    rule: Rule
    outcome: str
    slots_without_success: int
    failing_after: int
    activity: str
    expectation: Expectation | None
    tolerance: int
    own_tolerance: bool
    overdue_at: Instant | None
    changes_at: Instant | None
    zone: ServerZone
    runs: tuple[ExplainedRun, ...]
    missed: tuple[Instant, ...]
    coming: tuple[Instant, ...]
    probable: tuple[Instant, ...]

    @property
    def last_run(self) -> ExplainedRun | None:
        return self.runs[-1] if self.runs else None

    @property
    def last_kept(self) -> ExplainedRun | None:
        """The newest run that can have kept a slot."""
        return next((run for run in reversed(self.runs) if run.told is not Told.BY_HAND), None)


def explain(
    known: Knowledge,
    recent: Sequence[tuple[int, str, int, int]],
    settings: WatchSettings,
    zone: ServerZone,
    at: Instant,
    *,
    activity: str = Activity.IDLE,
    stuck_at: Instant | None = None,
) -> Explanation:
    """The verdict at `at`. `recent`: the newest runs, (begin, status, good, told) oldest first; `activity` and `stuck_at`: of that
    moment."""
    setting, expectation = known.setting, expect(known)
    tolerance = setting.tolerance if setting.tolerance is not None else settings.tolerance
    expected = expectation.at if expectation is not None else None
    overdue = overdue_from(expected, tolerance) if expected is not None else None
    running = activity == Activity.RUNNING
    schedule = schedule_now(expected, overdue, at, watched=setting.watched, running=running)
    missed, coming = _slots(expectation, at)
    return Explanation(
        at=at,
        schedule=schedule,
        rule=_rule(schedule, known, overdue, at),
        outcome=outcome_of(recent, settings.failing_after),
        slots_without_success=slots_without_success(recent),
        failing_after=settings.failing_after,
        activity=activity,
        expectation=expectation,
        tolerance=tolerance,
        own_tolerance=setting.tolerance is not None,
        overdue_at=overdue,
        changes_at=due_at(expected, overdue, at, watched=setting.watched, running=running, stuck_at=stuck_at),
        zone=zone,
        runs=tuple(ExplainedRun(Instant(run[0]), run[1], Told(run[3])) for run in recent[-SHOWN_RUNS:]),
        missed=missed,
        coming=coming,
        probable=_probable(known, expectation, at),
    )


def _rule(schedule: Schedule, known: Knowledge, overdue_at: Instant | None, at: Instant) -> Rule:
    if schedule is Schedule.OFF:
        return Rule.NOT_WATCHED
    if schedule is Schedule.UNSCHEDULED:
        if not known.runs:
            return Rule.NO_RUN
        return Rule.BY_HAND_ONLY if known.by_hand_only else Rule.NO_RHYTHM
    if schedule is Schedule.OK:
        return Rule.NOT_DUE
    if schedule is Schedule.OVERDUE:
        return Rule.PAST_TOLERANCE
    return Rule.AT_WORK if overdue_at is not None and at > overdue_at else Rule.WITHIN_TOLERANCE


def _slots(expectation: Expectation | None, at: Instant) -> tuple[tuple[Instant, ...], tuple[Instant, ...]]:
    """The expected moments before `at`, which no run kept, and those after it."""
    if expectation is None:
        return (), ()
    missed: list[Instant] = []
    coming: list[Instant] = []
    slot: Instant | None = expectation.at
    # A job of minutes that has been silent for a year missed more than anybody wants to see: the rest is left out.
    while slot is not None and slot < at and len(missed) < MOST_MISSED:
        missed.append(slot)
        slot = _following(expectation, slot)
    if slot is not None and slot < at:
        slot = _following(expectation, at)
    while slot is not None and len(coming) < SHOWN_SLOTS:
        coming.append(slot)
        slot = _following(expectation, slot)
    return tuple(missed), tuple(coming)


def _probable(known: Knowledge, expectation: Expectation | None, at: Instant) -> tuple[Instant, ...]:
    """What follows an announced run is announced by its own report; until then the rhythm of the runs before is all there is."""
    if expectation is None or expectation.following is not None or expectation.at < at:
        return ()
    rhythm = learn([run.at for run in known.runs if run.told != Told.BY_HAND], known.zone.of_time)
    slots = [expectation.at]
    try:
        while rhythm is not None and len(slots) < SHOWN_SLOTS:
            slots.append(rhythm.usual_after(slots[-1]))
    except OverflowError:
        # The calendar ends before.
        pass
    return tuple(slots[1:])


def _following(expectation: Expectation, slot: Instant) -> Instant | None:
    try:
        return expectation.following(slot) if expectation.following is not None else None
    except OverflowError:
        return None
