"""When a job is expected: which source decides, and what moves a schedule. The hazards of the reference's way of counting are here by
name: each was seen to raise a false alarm, or to miss a true one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, instant, iso, moment
from duplistatus.evaluate.expectation import Begin, Knowledge, SchedulerZone, ServerSchedule, Slot, Source, Told, expect
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.job_setting import JobSetting
from duplistatus.evaluate.next_run import ALL_DAYS, weekday

WORKDAYS = frozenset({1, 2, 3, 4, 5})
NEW_YORK, BERLIN, LOS_ANGELES = (ZoneInfo(name) for name in ("America/New_York", "Europe/Berlin", "America/Los_Angeles"))


def at(text: str) -> Instant:
    """A moment in UTC, unless it says another offset."""
    read = datetime.fromisoformat(text)
    return instant(read if read.tzinfo else read.replace(tzinfo=UTC))


def local(text: str, zone: ZoneInfo) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=zone))


def ran(*texts: str, told: Told = Told.NOTHING) -> tuple[Begin, ...]:
    return tuple(Begin(at(text), told) for text in texts)


def schedule(time: str, repeat: str = "1D", days: frozenset[int] = ALL_DAYS, told: str = "2026-07-01T00:00") -> ServerSchedule:
    return ServerSchedule(at(time), read_interval(repeat), days, at(told))


def expected(known: Knowledge) -> tuple[str, str] | None:
    found = expect(known)
    return (iso(found.at)[:16], found.source.value) if found else None


# --- which source decides ------------------------------------------------------------------------------------------------------------

ANNOUNCED = Slot(at("2026-07-11T01:00"), at("2026-07-10T01:05"))
PROPOSED = Slot(at("2026-07-12T01:00"), at("2026-07-10T09:00"))
EVERYTHING = Knowledge(
    runs=ran(*(f"2026-07-{day:02}T01:00:03" for day in range(1, 11)), told=Told.ANNOUNCED),
    announced=ANNOUNCED,
    proposed=PROPOSED,
    schedule=schedule("2026-07-11T03:00"),
    setting=JobSetting(interval="1W", use_mine=True),
)


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        (EVERYTHING, ("2026-07-17T01:00", "setting")),
        (replace(EVERYTHING, setting=JobSetting(interval="1W")), ("2026-07-12T01:00", "proposed")),
        (replace(EVERYTHING, setting=JobSetting(), proposed=None), ("2026-07-11T01:00", "report")),
        (
            replace(EVERYTHING, setting=JobSetting(), proposed=replace(PROPOSED, told_at=at("2026-07-09T09:00"))),
            ("2026-07-11T01:00", "report"),
        ),
        (replace(EVERYTHING, setting=JobSetting(interval="1W"), proposed=None, announced=None), ("2026-07-11T03:00", "server")),
        (Knowledge(EVERYTHING.runs, setting=JobSetting(interval="1W")), ("2026-07-17T01:00", "setting")),
        (Knowledge(EVERYTHING.runs), ("2026-07-11T01:05", "learned")),
        (Knowledge(EVERYTHING.runs[:4]), None),
        (Knowledge(), None),
    ],
)
def test_the_best_source_that_says_something_decides(known: Knowledge, answer: tuple[str, str] | None) -> None:
    assert expected(known) == answer


def test_the_untouched_default_of_one_day_is_no_setting() -> None:
    """Imported databases carry it for every job, jobs without a schedule among them."""
    assert expected(Knowledge(ran("2026-07-10T01:00"), setting=JobSetting())) is None


def test_use_mine_without_an_interval_leaves_the_other_sources_in_force() -> None:
    assert expected(replace(EVERYTHING, setting=JobSetting(use_mine=True))) == ("2026-07-12T01:00", "proposed")


# --- hazards -------------------------------------------------------------------------------------------------------------------------


def test_a_run_by_hand_a_minute_before_the_slot_does_not_move_it() -> None:
    """Daily 14:00, started by hand at 13:59: counting from the run would expect 13:59 from then on."""
    runs = (*ran("2026-07-09T14:00:02"), *ran("2026-07-10T13:59", told=Told.BY_HAND))
    assert expected(Knowledge(runs, schedule=schedule("2026-07-09T14:00"))) == ("2026-07-10T14:00", "server")
    assert expected(Knowledge(runs, setting=JobSetting(interval="1D", time_of_day=14 * 60))) == ("2026-07-10T14:00", "setting")


def test_a_run_just_before_the_slot_does_not_satisfy_it_even_where_nobody_says_it_was_by_hand() -> None:
    runs = ran("2026-07-09T14:00:02", "2026-07-10T13:59")
    assert expected(Knowledge(runs, schedule=schedule("2026-07-09T14:00"))) == ("2026-07-10T14:00", "server")
    assert expected(Knowledge(runs, setting=JobSetting(interval="1D", time_of_day=14 * 60))) == ("2026-07-10T14:00", "setting")


def test_a_weekly_job_keeps_its_weekday_after_a_run_by_hand() -> None:
    """Monday; started by hand on a Thursday: counting from the run would expect Thursdays."""
    monday = schedule("2026-07-06T20:00", "1W")
    runs = ran("2026-07-06T20:00:02", "2026-07-09T11:00")
    assert expected(Knowledge(runs, schedule=monday)) == ("2026-07-13T20:00", "server")
    mine = JobSetting(interval="1W", time_of_day=20 * 60, first_day=at("2026-07-06T00:00") // DAY)
    assert expected(Knowledge(runs, setting=mine)) == ("2026-07-13T20:00", "setting")


def test_six_hourly_jobs_do_not_drift_to_their_real_begin() -> None:
    runs = ran("2026-07-10T00:00:07", "2026-07-10T06:04", "2026-07-10T12:11")
    assert expected(Knowledge(runs, schedule=schedule("2026-07-10T00:00", "6h"))) == ("2026-07-10T18:00", "server")
    assert expected(Knowledge(runs, setting=JobSetting(interval="6h", time_of_day=0))) == ("2026-07-10T18:00", "setting")


def test_weekdays_are_those_of_the_zone_not_of_utc() -> None:
    """Monday to Friday 20:00 in Los Angeles: in UTC that is Tuesday to Saturday, and Sunday would be called overdue."""
    friday = local("2026-07-10T20:00:02", LOS_ANGELES)
    mine = JobSetting(interval="1D", days=WORKDAYS, time_of_day=20 * 60)
    found = expect(Knowledge((Begin(friday),), setting=mine, zone=SchedulerZone(LOS_ANGELES)))
    assert found is not None
    assert found.at == local("2026-07-13T20:00", LOS_ANGELES)


def test_a_half_past_eleven_job_of_monday_is_no_job_of_tuesday() -> None:
    monday = local("2026-07-06T23:30:01", NEW_YORK)
    mine = JobSetting(interval="1D", days=frozenset({1}), time_of_day=23 * 60 + 30)
    found = expect(Knowledge((Begin(monday),), setting=mine, zone=SchedulerZone(NEW_YORK)))
    assert found is not None
    assert found.at == local("2026-07-13T23:30", NEW_YORK)


@pytest.mark.parametrize(("before", "after"), [("2026-03-28T20:30", "2026-03-29T20:30"), ("2026-10-24T20:30", "2026-10-25T20:30")])
def test_the_local_time_stays_when_the_clock_changes(before: str, after: str) -> None:
    known = Knowledge(
        (Begin(Instant(local(before, BERLIN) + 4 * SECOND)),),
        schedule=ServerSchedule(local("2026-03-01T20:30", BERLIN), read_interval("1D"), ALL_DAYS, at("2026-03-01T00:00")),
        zone=SchedulerZone(BERLIN),
    )
    found = expect(known)
    assert found is not None
    assert found.at == local(after, BERLIN)


def test_the_time_of_utc_stays_where_the_server_counts_in_utc() -> None:
    known = Knowledge(ran("2026-03-28T19:30:04"), schedule=schedule("2026-03-01T19:30", told="2026-03-01T00:00"))
    assert expected(known) == ("2026-03-29T19:30", "server")


def test_before_2_1_2_the_time_is_of_utc_and_the_weekday_of_the_host() -> None:
    zone = SchedulerZone(LOS_ANGELES, older_rule=True)
    friday_evening = schedule("2026-03-07T04:00", days=WORKDAYS, told="2026-03-01T00:00")
    known = Knowledge(ran("2026-03-07T04:00:02"), schedule=friday_evening, zone=zone)
    found = expect(known)
    assert found is not None
    # The clock changes on Sunday the 8th: 04:00 in UTC stays, now 21:00 on Monday there.
    assert iso(found.at)[:16] == "2026-03-10T04:00"
    assert weekday(found.at, LOS_ANGELES) == 1


def test_the_last_day_of_january_and_a_month_is_the_last_of_february() -> None:
    assert expected(Knowledge(ran("2026-01-31T10:00:05"), schedule=schedule("2026-01-31T10:00", "1M"))) == ("2026-02-28T10:00", "server")


def test_after_missed_slots_the_first_one_after_the_last_run_counts() -> None:
    runs = ran("2026-07-01T01:00:02", "2026-07-08T09:13")
    assert expected(Knowledge(runs, schedule=schedule("2026-07-02T01:00"))) == ("2026-07-09T01:00", "server")


def test_a_run_by_hand_after_missed_slots_keeps_none_of_them() -> None:
    runs = (*ran("2026-07-01T01:00:02", told=Told.ANNOUNCED), *ran("2026-07-08T09:13", told=Told.BY_HAND))
    slot = Slot(at("2026-07-02T01:00"), at("2026-07-01T01:10"))
    assert expected(Knowledge(runs, announced=slot)) == ("2026-07-02T01:00", "report")
    assert expected(Knowledge(runs, schedule=schedule("2026-07-02T01:00"))) == ("2026-07-02T01:00", "server")


def test_the_first_run_by_hand_does_not_fix_the_clock() -> None:
    """A new job, tried out at 16:47, scheduled for the night."""
    assert expected(Knowledge(ran("2026-07-10T16:47", told=Told.BY_HAND), schedule=schedule("2026-07-11T01:00"))) == (
        "2026-07-11T01:00",
        "server",
    )


def test_what_the_report_announces_is_believed() -> None:
    """Also an hour after a run that caught up (recorded)."""
    slot = Slot(at("2026-03-13T01:30"), at("2026-03-13T00:31:14"))
    assert expected(Knowledge(ran("2026-03-13T00:31:07", told=Told.ANNOUNCED), announced=slot)) == ("2026-03-13T01:30", "report")


def test_a_job_without_a_schedule_is_waited_for_by_nobody() -> None:
    """Thirty runs by hand, one a day at noon: no rhythm is learned from them."""
    runs = ran(*(f"2026-07-{day:02}T12:00" for day in range(1, 31)), told=Told.BY_HAND)
    assert expected(Knowledge(runs)) is None


def test_runs_by_hand_teach_no_rhythm() -> None:
    nightly = ran(*(f"2026-07-{day:02}T02:00" for day in range(1, 15)))
    by_hand = ran(*(f"2026-07-{day:02}T15:{day}" for day in range(11, 15)), told=Told.BY_HAND)
    runs = tuple(sorted((*nightly, *by_hand), key=lambda run: run.at))
    assert expected(Knowledge(runs[:-2])) == ("2026-07-14T02:05", "learned")


def test_an_old_rhythm_ends_when_only_runs_by_hand_follow() -> None:
    """An upgraded server says that the schedule is gone: nobody waits for it."""
    nightly = ran(*(f"2026-07-{day:02}T02:00" for day in range(1, 15)))
    by_hand = ran("2026-07-15T10:00", "2026-07-17T10:00", "2026-07-19T10:00", told=Told.BY_HAND)
    assert expected(Knowledge((*nightly, *by_hand[:2]))) == ("2026-07-15T02:05", "learned")
    assert expected(Knowledge((*nightly, *by_hand))) is None


def test_slots_that_pass_while_the_job_is_at_work_are_not_missed() -> None:
    """Every six hours, and the last run took eight: Duplicati looks for the next slot when a run ends."""
    known = Knowledge(ran("2026-07-10T00:00:02"), at("2026-07-10T08:10"), schedule=schedule("2026-07-10T00:00", "6h"))
    assert expected(known) == ("2026-07-10T12:00", "server")
    assert expected(replace(known, busy_until=None)) == ("2026-07-10T06:00", "server")


# --- slots that were told ------------------------------------------------------------------------------------------------------------


def test_an_announcement_is_spent_when_a_run_that_announces_nothing_keeps_it() -> None:
    """The user switched to plain-text reports: the last announcement must not stay overdue for ever."""
    runs = (*ran("2026-07-10T01:00:02", told=Told.ANNOUNCED), *ran("2026-07-11T01:00:02"))
    known = Knowledge(runs, announced=ANNOUNCED, setting=JobSetting(interval="1D"))
    assert expected(known) == ("2026-07-12T01:00", "setting")
    assert expected(replace(known, runs=runs[:1])) == ("2026-07-11T01:00", "report")


def test_a_run_keeps_a_slot_by_a_second() -> None:
    """Servers write the begin of a run and its slot by two looks at the clock."""
    daily = schedule("2026-07-11T01:00")
    for begin, following in (("2026-07-11T00:59:58.999", "11"), ("2026-07-11T00:59:59", "12"), ("2026-07-12T00:00", "12")):
        assert expected(Knowledge(ran(begin), schedule=daily)) == (f"2026-07-{following}T01:00", "server")
    assert expected(Knowledge(ran("2026-07-12T00:00", told=Told.BY_HAND), schedule=daily)) == ("2026-07-11T01:00", "server")


def test_a_proposal_that_a_run_has_kept_is_no_longer_counted_with() -> None:
    runs = ran("2026-07-12T01:00:01")
    known = Knowledge(runs, proposed=PROPOSED, schedule=schedule("2026-07-12T01:00"))
    assert expected(known) == ("2026-07-13T01:00", "server")


def test_a_schedule_that_lies_in_the_past_on_a_day_not_allowed_expects_the_next_allowed_one() -> None:
    """Recorded: `Schedule.Time` of a Monday-Friday job on a Saturday; the server proposed Monday."""
    assert expected(Knowledge(schedule=schedule("2026-07-11T20:30", days=WORKDAYS))) == ("2026-07-13T20:30", "server")


# --- settings ------------------------------------------------------------------------------------------------------------------------


def test_a_setting_without_a_time_counts_from_the_last_run() -> None:
    runs = (*ran("2026-07-09T14:00"), *ran("2026-07-10T16:30", told=Told.BY_HAND))
    assert expected(Knowledge(runs, setting=JobSetting(interval="2D"))) == ("2026-07-12T16:30", "setting")


def test_who_runs_a_job_by_hand_is_reminded_by_a_setting() -> None:
    """All runs say that they were started by hand: they keep the slots of the reminder, but none of a schedule."""
    monday = JobSetting(interval="1W", time_of_day=20 * 60, first_day=at("2026-07-06T00:00") // DAY)
    by_hand = ran("2026-06-29T21:00", "2026-07-06T21:30", told=Told.BY_HAND)
    assert expected(Knowledge(by_hand, setting=monday)) == ("2026-07-13T20:00", "setting")
    assert expected(Knowledge((*ran("2026-06-29T20:00:01"), by_hand[1]), setting=monday)) == ("2026-07-06T20:00", "setting")


def test_a_setting_says_nothing_of_a_job_that_never_ran() -> None:
    assert expected(Knowledge(setting=JobSetting(interval="1D"))) is None


def test_every_second_week_keeps_its_phase_however_late_a_run_is() -> None:
    mine = JobSetting(interval="2W", time_of_day=3 * 60, first_day=at("2026-07-06T00:00") // DAY)
    for last, following in (("2026-07-06T03:00:02", "2026-07-20"), ("2026-07-19T22:00", "2026-07-20"), ("2026-07-20T03:00", "2026-08-03")):
        assert expected(Knowledge(ran(last), setting=mine)) == (f"{following}T03:00", "setting")


def test_a_schedule_beyond_the_calendar_leaves_the_word_to_others() -> None:
    known = Knowledge(
        ran("2026-07-10T01:00"), schedule=schedule("9999-12-31T01:00", told="2026-07-01T00:00"), setting=JobSetting(interval="1D")
    )
    later = replace(known, runs=ran("9999-12-31T02:00"))
    assert expected(known) == ("9999-12-31T01:00", "server")
    assert expected(later) is None


@given(
    st.lists(st.integers(0, 400 * 24 * 60), min_size=1, max_size=40, unique=True),
    st.sampled_from(["1D", "6h", "1W", "1M", "2D", "1D12h"]),
    st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    st.sampled_from([None, 0, 90, 1425]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_a_setting_expects_a_moment_after_the_last_run_on_an_allowed_day(
    minutes: list[int], interval: str, days: frozenset[int], time_of_day: int | None, zone: str
) -> None:
    begin = at("2026-01-01T00:00")
    runs = tuple(Begin(Instant(begin + minute * MINUTE)) for minute in sorted(minutes))
    place = SchedulerZone(ZoneInfo(zone))
    setting = JobSetting(interval=interval, days=days, time_of_day=time_of_day)
    found = expect(Knowledge(runs, setting=setting, zone=place))
    assert found is not None
    assert found.at > runs[-1].at
    assert weekday(found.at, place.zone) in days
    assert found.following is not None
    assert found.following(found.at) > found.at
    assert found.source is Source.SETTING
    assert moment(found.at).tzinfo is not None
    assert found.at - runs[-1].at <= 40 * DAY + 2 * HOUR
