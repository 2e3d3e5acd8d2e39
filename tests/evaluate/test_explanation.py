"""The numbers and the rule behind a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, iso
from duplistatus.evaluate.expectation import Begin, Knowledge, ServerSchedule, Slot, Told, expect
from duplistatus.evaluate.explanation import MOST_MISSED, SHOWN_RUNS, SHOWN_SLOTS, Explanation, Rule, explain
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.job_setting import JobSetting, WatchSettings
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.overdue import Schedule, schedule_now
from duplistatus.evaluate.zone_evidence import ServerZone, ZoneReason, ZoneRule, ZoneSource

UTC_ASSUMED = ServerZone("UTC", ZoneSource.ASSUMED, ZoneReason(ZoneRule.NO_CHANGE_SEEN))
SLOT = instant(datetime(2026, 7, 11, 1, tzinfo=UTC))
LAST = Instant(SLOT - DAY)
DAILY = ServerSchedule(Instant(LAST - 9 * DAY), read_interval("1D"), ALL_DAYS, Instant(LAST - 9 * DAY))
ANNOUNCED = Knowledge((Begin(LAST, Told.ANNOUNCED),), announced=Slot(SLOT, Instant(LAST + MINUTE)))
SCHEDULED = Knowledge((Begin(LAST),), schedule=DAILY)


def asked(known: Knowledge, at: int, activity: str = "idle", settings: WatchSettings | None = None) -> Explanation:
    recent = [(run.at, "Success", 1, int(run.told)) for run in known.runs]
    return explain(known, recent, settings or WatchSettings(), UTC_ASSUMED, Instant(at), activity=activity)


@pytest.mark.parametrize(
    ("known", "at", "activity", "schedule", "rule"),
    [
        (ANNOUNCED, SLOT, "idle", Schedule.OK, Rule.NOT_DUE),
        (ANNOUNCED, SLOT + 1, "idle", Schedule.LATE, Rule.WITHIN_TOLERANCE),
        (ANNOUNCED, SLOT + 2 * HOUR + 1, "idle", Schedule.OVERDUE, Rule.PAST_TOLERANCE),
        (ANNOUNCED, SLOT + 9 * HOUR, "running", Schedule.LATE, Rule.AT_WORK),
        (ANNOUNCED, SLOT + HOUR, "running", Schedule.LATE, Rule.WITHIN_TOLERANCE),
        (replace(ANNOUNCED, setting=JobSetting(watched=False)), SLOT + DAY, "idle", Schedule.OFF, Rule.NOT_WATCHED),
        (Knowledge(), SLOT, "idle", Schedule.UNSCHEDULED, Rule.NO_RUN),
        (Knowledge((Begin(LAST, Told.BY_HAND),)), SLOT, "idle", Schedule.UNSCHEDULED, Rule.BY_HAND_ONLY),
        (Knowledge((Begin(LAST),)), SLOT, "idle", Schedule.UNSCHEDULED, Rule.NO_RHYTHM),
    ],
)
def test_each_verdict_names_its_rule(known: Knowledge, at: int, activity: str, schedule: Schedule, rule: Rule) -> None:
    found = asked(known, at, activity)
    assert (found.schedule, found.rule) == (schedule, rule)


def test_the_tolerance_of_the_job_goes_before_that_of_all() -> None:
    all_jobs = WatchSettings(tolerance=HOUR)
    of_all = asked(ANNOUNCED, SLOT, settings=all_jobs)
    of_job = asked(replace(ANNOUNCED, setting=JobSetting(tolerance=0)), SLOT, settings=all_jobs)
    assert (of_all.tolerance, of_all.own_tolerance, of_all.overdue_at) == (HOUR, False, SLOT + HOUR)
    assert (of_job.tolerance, of_job.own_tolerance, of_job.overdue_at) == (0, True, SLOT)


def test_the_slots_missed_and_those_to_come_follow_the_schedule() -> None:
    found = asked(SCHEDULED, SLOT + 2 * DAY + HOUR)
    assert [iso(slot)[:10] for slot in found.missed] == ["2026-07-11", "2026-07-12", "2026-07-13"]
    assert [iso(slot)[:10] for slot in found.coming] == [f"2026-07-{day}" for day in range(14, 19)]


def test_years_of_missed_slots_are_not_all_told() -> None:
    found = asked(SCHEDULED, SLOT + 800 * DAY + HOUR)
    assert len(found.missed) == MOST_MISSED
    assert found.coming[0] == SLOT + 801 * DAY


def test_an_announcement_tells_of_no_further_slot() -> None:
    assert asked(ANNOUNCED, SLOT - HOUR).coming == (SLOT,)
    assert asked(ANNOUNCED, SLOT + HOUR).missed == (SLOT,)


def test_what_follows_an_announced_run_is_probable_by_the_rhythm() -> None:
    runs = tuple(Begin(Instant(LAST - day * DAY), Told.ANNOUNCED) for day in range(9, -1, -1))
    known = replace(ANNOUNCED, runs=runs)
    assert asked(known, SLOT - HOUR).probable == tuple(Instant(SLOT + day * DAY) for day in range(1, SHOWN_SLOTS))
    # Of a missed run nobody knows what will follow, and a schedule tells it for sure.
    assert asked(known, SLOT + HOUR).probable == ()
    assert asked(SCHEDULED, SLOT - HOUR).probable == ()


def test_the_newest_run_and_the_newest_that_kept_a_slot_are_told_apart() -> None:
    by_hand = Begin(Instant(LAST + HOUR), Told.BY_HAND)
    found = asked(replace(ANNOUNCED, runs=(*ANNOUNCED.runs, by_hand)), SLOT)
    assert found.last_run is not None
    assert found.last_kept is not None
    assert (found.last_run.begun_at, found.last_kept.begun_at) == (by_hand.at, LAST)


@given(st.sampled_from([ANNOUNCED, SCHEDULED, Knowledge((Begin(LAST),), setting=JobSetting(interval="6h"))]), st.integers(-DAY, 40 * DAY))
def test_the_explanation_says_what_the_verdict_says(known: Knowledge, late: int) -> None:
    at = Instant(SLOT + late)
    found, expected = asked(known, at), expect(known)
    assert expected is not None
    assert found.schedule is schedule_now(expected.at, Instant(expected.at + 2 * HOUR), at)
    assert all(slot < at for slot in found.missed)
    assert all(slot >= at for slot in found.coming)
    assert sorted(found.missed + found.coming) == list(found.missed + found.coming)
    assert len(found.coming) <= SHOWN_SLOTS
    assert len(found.runs) <= SHOWN_RUNS
    if found.changes_at is not None:
        assert asked(known, found.changes_at).schedule is not found.schedule
        assert asked(known, found.changes_at - 1).schedule is found.schedule
