"""The next run as Duplicati computes it: its own answers first, then rules that hold in every zone, and the hazards that a nicer rule
would stumble over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, MINUTE, Instant, instant, iso
from duplistatus.evaluate import next_run as rule
from duplistatus.evaluate.interval import Interval, read_interval
from duplistatus.evaluate.next_run import ALL_DAYS, next_run, next_run_before_2_1_2, weekday
from duplistatus.evaluate.next_run_text import next_run_text, read_days, read_zone
from tests.report.samples import DATA

Rule = Callable[..., Instant]
ZONES = st.sampled_from(sorted(available_timezones()))
INTERVALS = st.sampled_from(
    ["6m", "10m", "45m", "1h", "7h", "12h", "24h", "25h", "36h", "1D", "2D", "7D", "1W", "1W12h", "1M", "1M1D", "1Y"]
)
DAYS = st.frozensets(st.integers(0, 6), min_size=1)
BASES = st.integers(1_230_768_000, 1_893_456_000).map(lambda second: Instant(second * 1_000))
WAITS = st.one_of(st.integers(-5 * DAY, 5 * DAY), st.integers(0, 900 * DAY))


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def naive(base: Instant, not_before: Instant, repeat: str, days: frozenset[int], zone: ZoneInfo) -> Instant:
    """The same rule without taking several steps at once."""
    interval = read_interval(repeat)
    kept = zone if interval.is_of_calendar else ZoneInfo("UTC")
    slot = base
    while slot < not_before:
        slot = rule._step(slot, interval, kept)
    skips = 0
    while weekday(slot, zone) not in days and skips < 8:
        slot = Instant(slot + DAY) if interval.length >= DAY else rule._step(slot, interval, kept)
        skips += interval.length >= DAY
    return slot


@pytest.mark.parametrize(
    ("table", "older", "rows"),
    [("next-run.tsv", False, 8_666), ("next-run-before-2.1.2.tsv", True, 1_661)],
    ids=["2.1.2 and later", "before 2.1.2"],
)
def test_every_answer_is_that_of_duplicati(table: str, rows: int, *, older: bool) -> None:
    lines = (DATA / table).read_text().splitlines()[1:]
    assert len(lines) == rows
    wrong = []
    for line in lines:
        *question, answer = line.split("\t")
        if next_run_text(*question, before_2_1_2=older) != answer:
            wrong.append(line)
    assert wrong == []


@given(ZONES, INTERVALS, DAYS, BASES, WAITS)
def test_the_next_run_is_never_too_early_on_an_allowed_day_and_its_own_next(
    zone_name: str, repeat: str, days: frozenset[int], base: Instant, wait: int
) -> None:
    zone, interval, not_before = ZoneInfo(zone_name), read_interval(repeat), Instant(base + wait)
    found = next_run(base, not_before, interval, days, zone)
    assert found >= max(base, not_before)
    # Eight days of 24 hours contain every weekday of every zone, unless the zone leaves one out (Samoa, 30 December 2011).
    assert weekday(found, zone) in days
    assert next_run(found, found, interval, days, zone) == found


@given(ZONES, INTERVALS, BASES, WAITS, st.integers(0, 40 * DAY))
def test_a_later_question_never_has_an_earlier_answer(zone_name: str, repeat: str, base: Instant, wait: int, later: int) -> None:
    zone, interval = ZoneInfo(zone_name), read_interval(repeat)
    first = next_run(base, Instant(base + wait), interval, ALL_DAYS, zone)
    assert next_run(base, Instant(base + wait + later), interval, ALL_DAYS, zone) >= first


@given(ZONES, INTERVALS, DAYS, BASES, WAITS)
def test_many_steps_at_once_end_where_single_ones_do(zone_name: str, repeat: str, days: frozenset[int], base: Instant, wait: int) -> None:
    zone, not_before = ZoneInfo(zone_name), Instant(base + min(wait, 60 * DAY))
    assert next_run(base, not_before, read_interval(repeat), days, zone) == naive(base, not_before, repeat, days, zone)


@given(st.sampled_from(["America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Europe/Dublin"]), BASES, st.integers(0, 900 * DAY))
def test_years_of_days_at_once_end_where_single_days_do(zone_name: str, base: Instant, wait: int) -> None:
    zone, not_before = ZoneInfo(zone_name), Instant(base + wait)
    assert next_run(base, not_before, read_interval("1D"), ALL_DAYS, zone) == naive(base, not_before, "1D", ALL_DAYS, zone)


@pytest.mark.parametrize("compute", [next_run, next_run_before_2_1_2])
def test_catching_up_with_centuries_takes_few_steps(compute: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    single = rule._step

    def counted(slot: Instant, interval: Interval, zone: ZoneInfo) -> Instant:
        nonlocal steps
        steps += 1
        return single(slot, interval, zone)

    monkeypatch.setattr(rule, "_step", counted)
    found = compute(at("1990-01-01T00:00:00Z"), at("2990-01-01T00:03:00Z"), read_interval("10m"), ALL_DAYS, ZoneInfo("Europe/Berlin"))
    assert (iso(found), steps) == ("2990-01-01T00:10:00.000Z", 0)
    steps = 0
    compute(at("2000-01-01T00:00:00Z"), at("2030-01-01T00:03:00Z"), read_interval("1D"), ALL_DAYS, ZoneInfo("Europe/Berlin"))
    assert steps < 30 * 2 * 5


# --- the hazards of other rules ----------------------------------------------------------------------------------------------------


def test_a_manual_run_a_minute_before_the_slot_does_not_move_a_daily_schedule() -> None:
    base = at("2026-07-10T12:00:00Z")
    found = next_run(base, at("2026-07-11T11:59:00Z"), read_interval("1D"))
    assert found == at("2026-07-11T12:00:00Z")


def test_a_manual_run_on_thursday_does_not_move_a_schedule_of_mondays() -> None:
    monday = at("2026-07-06T12:00:00Z")
    assert next_run(monday, at("2026-07-09T15:00:00Z"), read_interval("1W")) == at("2026-07-13T12:00:00Z")


def test_a_schedule_of_six_hours_does_not_drift_to_when_runs_really_begin() -> None:
    base = at("2026-07-10T00:00:00Z")
    assert next_run(base, at("2026-07-10T06:00:37Z"), read_interval("6h")) == at("2026-07-10T12:00:00Z")


def test_a_late_evening_job_is_on_the_weekday_of_its_zone_not_of_utc() -> None:
    # 23:30 on Monday in New York is Tuesday in UTC.
    base = at("2026-07-07T03:30:00Z")
    found = next_run(base, Instant(base + MINUTE), read_interval("1D"), frozenset({1}), ZoneInfo("America/New_York"))
    assert found == at("2026-07-14T03:30:00Z")


def test_the_local_time_of_day_stays_over_a_change_of_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert next_run(at("2026-03-28T02:00:00Z"), at("2026-03-28T02:00:01Z"), read_interval("1D"), ALL_DAYS, berlin) == at(
        "2026-03-29T01:00:00Z"
    )


def test_hours_are_hours_over_a_change_of_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert next_run(at("2026-03-28T02:00:00Z"), at("2026-03-28T02:00:01Z"), read_interval("24h"), ALL_DAYS, berlin) == at(
        "2026-03-29T02:00:00Z"
    )


def test_a_weekend_skipped_over_a_change_of_the_clock_moves_the_time_of_day_as_duplicati_does() -> None:
    # Friday 20:30 in New York, one hour later from Monday on.
    friday = at("2026-03-07T01:30:00Z")
    found = next_run(friday, Instant(friday + 1), read_interval("1D"), frozenset({1, 2, 3, 4, 5}), ZoneInfo("America/New_York"))
    assert found == at("2026-03-10T01:30:00Z")


def test_where_no_zone_is_set_a_job_is_an_hour_later_by_the_clock_in_summer() -> None:
    base = at("2026-03-28T02:00:00Z")
    assert next_run(base, Instant(base + 1), read_interval("1D")) == at("2026-03-29T02:00:00Z")


def test_the_last_day_of_a_month_is_the_last_day_of_the_next() -> None:
    assert next_run(at("2026-01-31T12:00:00Z"), at("2026-02-01T00:00:00Z"), read_interval("1M")) == at("2026-02-28T12:00:00Z")


# --- questions as text -------------------------------------------------------------------------------------------------------------


def test_days_are_numbers_with_commas_or_all() -> None:
    assert read_days("1, 2,6") == frozenset({1, 2, 6})
    assert read_days("-") == read_days("") == ALL_DAYS
    for wrong in ("7", "1,,2", "mon", "-1"):
        with pytest.raises(ValueError, match="weekdays"):
            read_days(wrong)


@pytest.mark.parametrize("name", ["Mars/Phobos", "../../etc/passwd", "/etc/localtime", "a\0b", "x" * 500])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        read_zone(name)


def test_a_question_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        next_run_text("UTC", "1Y", "", "9999-06-01T00:00:00Z", "9999-12-01T00:00:00Z")
    with pytest.raises(ValueError, match="no moment"):
        next_run_text("UTC", "1Y", "", "yesterday", "2026-12-01T00:00:00Z")
