"""When summaries come, to whom, and which days they are about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.summary_setting import (
    LAST,
    MOST_RECIPIENTS,
    TOO_LATE,
    Days,
    Period,
    SummaryError,
    SummarySetting,
    changed,
    fields_of,
    slot_of,
    stretch_of,
)
from duplistatus.evaluate.task_times import Daily, Monthly, Weekly, following, preceding

NOON = instant(datetime(2026, 7, 10, 12, tzinfo=UTC))
OSLO = SummarySetting(enabled=True, zone="Europe/Oslo")


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def test_every_period_has_its_event_and_rhythm() -> None:
    assert [period.event for period in Period] == [Event.DAILY, Event.WEEKLY, Event.MONTHLY]
    setting = SummarySetting(at=time(7, 30), weekday=5, day=LAST)
    kinds = [setting.calendar(period) for period in Period]
    assert [type(each) for each in kinds] == [Daily, Weekly, Monthly]
    assert [each.at for each in kinds] == 3 * [time(7, 30)]


def test_a_summary_is_due_from_its_moment_on_for_less_than_half_a_day() -> None:
    eight = at("2026-07-10T08:00+02:00")
    assert slot_of(OSLO, Period.DAILY, eight) == eight
    assert slot_of(OSLO, Period.DAILY, Instant(eight + TOO_LATE - 1)) == eight
    assert slot_of(OSLO, Period.DAILY, Instant(eight + TOO_LATE)) is None
    assert slot_of(SummarySetting(enabled=False), Period.DAILY, eight) is None


def test_a_setting_counts_from_the_next_moment_on() -> None:
    nine = at("2026-07-10T09:00+02:00")
    setting = changed(SummarySetting(zone="Europe/Oslo"), {"enabled": True}, nine)
    assert setting.since == nine
    assert slot_of(setting, Period.DAILY, Instant(nine + MINUTE)) is None
    tomorrow = at("2026-07-11T08:00+02:00")
    assert slot_of(setting, Period.DAILY, tomorrow) == tomorrow


def test_other_recipients_do_not_move_the_moment() -> None:
    setting = changed(OSLO, {"recipients": ["a@example.org"]}, NOON)
    assert (setting.recipients, setting.since) == (("a@example.org",), None)
    assert changed(setting, {"at": "09:15"}, NOON).since == NOON
    assert changed(setting, {"at": "08:00"}, NOON) == setting


def test_what_is_said_of_a_setting_can_be_read_again() -> None:
    setting = SummarySetting(True, time(23, 59), "America/St_Johns", 0, LAST, ("a@example.org", "b@example.org"), NOON)
    assert changed(SummarySetting(), fields_of(setting), NOON) == setting
    assert fields_of(setting)["day"] == "last"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enabled", 1),
        ("enabled", None),
        ("at", "8:00"),
        ("at", "24:00"),
        ("at", "08:60"),
        ("at", "٠٨:٠٠"),
        ("at", "08.00"),
        ("at", 8),
        ("zone", "Mars/Base"),
        ("zone", ""),
        ("zone", "../etc/passwd"),
        ("zone", "/etc/localtime"),
        ("zone", None),
        ("weekday", 7),
        ("weekday", -1),
        ("weekday", True),
        ("weekday", "1"),
        ("day", 0),
        ("day", 29),
        ("day", "first"),
        ("day", True),
        ("recipients", "a@example.org"),
        ("recipients", [1]),
        ("recipients", ["nobody"]),
        ("recipients", ["a@example.org\r\nBcc: b@example.org"]),
        ("recipients", [f"a{number}@example.org" for number in range(MOST_RECIPIENTS + 1)]),
        ("colour", "red"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(field: str, value: object) -> None:
    with pytest.raises(SummaryError) as refused:
        changed(OSLO, {field: value}, NOON)
    assert refused.value.field == field
    assert str(refused.value)


def test_recipients_are_kept_once_each() -> None:
    found = changed(OSLO, {"recipients": [" a@example.org, b@example.org", "a@example.org\n", ""]}, NOON)
    assert found.recipients == ("a@example.org", "b@example.org")


@pytest.mark.parametrize(
    ("period", "zone", "now", "days", "before"),
    [
        ("weekly", "UTC", "2026-11-23T08:00+00:00", ("2026-11-16", "2026-11-22"), ("2026-11-09", "2026-11-15")),
        # The evening of Monday in the west is Tuesday in UTC: Monday is not over there.
        ("weekly", "America/Los_Angeles", "2026-11-23T20:00-08:00", ("2026-11-16", "2026-11-22"), ("2026-11-09", "2026-11-15")),
        # The morning of Monday in the east is Sunday in UTC, which is not over.
        ("weekly", "Pacific/Auckland", "2026-11-23T08:00+13:00", ("2026-11-15", "2026-11-21"), ("2026-11-08", "2026-11-14")),
        ("monthly", "UTC", "2026-12-01T08:00+00:00", ("2026-11-01", "2026-11-30"), ("2026-10-01", "2026-10-31")),
        ("monthly", "UTC", "2026-01-15T08:00+00:00", ("2025-12-15", "2026-01-14"), ("2025-11-15", "2025-12-14")),
        ("monthly", "UTC", "2026-03-31T08:00+00:00", ("2026-02-28", "2026-03-30"), ("2026-01-31", "2026-02-27")),
        ("monthly", "UTC", "2028-02-29T08:00+00:00", ("2028-01-31", "2028-02-28"), ("2027-12-31", "2028-01-30")),
        ("monthly", "UTC", "2026-03-29T08:00+00:00", ("2026-02-28", "2026-03-28"), ("2026-01-29", "2026-02-27")),
    ],
)
def test_the_days_of_a_summary_are_those_that_are_over(
    period: str, zone: str, now: str, days: tuple[str, str], before: tuple[str, str]
) -> None:
    found = stretch_of(Period(period), zone, at(now))
    assert found.days == Days(*map(day, days))
    assert found.before == Days(*map(day, before))


ZONES = st.sampled_from(["UTC", "Europe/Oslo", "America/St_Johns", "Pacific/Auckland", "America/Los_Angeles"])
MOMENTS = st.integers(1_000_000_000_000, 3_000_000_000_000).map(Instant)


@given(st.sampled_from([Period.WEEKLY, Period.MONTHLY]), ZONES, MOMENTS)
def test_the_days_before_end_where_the_days_begin_and_none_is_still_going_on(period: Period, zone: str, now: Instant) -> None:
    found = stretch_of(period, zone, now)
    assert found.before.last + 1 == found.days.first
    assert (found.days.last + 1) * DAY <= now < (found.days.last + 3) * DAY
    assert all(part.count == 7 if period is Period.WEEKLY else 28 <= part.count <= 31 for part in (found.days, found.before))


@given(st.integers(1, 28), ZONES, MOMENTS, st.integers(0, 23))
def test_months_one_after_the_other_leave_no_day_out_and_count_none_twice(number: int, zone: str, now: Instant, hour: int) -> None:
    rhythm = SummarySetting(at=time(hour), zone=zone, day=number).calendar(Period.MONTHLY)
    one = preceding(rhythm, now)
    other = following(rhythm, one)
    earlier, later = stretch_of(Period.MONTHLY, zone, one), stretch_of(Period.MONTHLY, zone, other)
    # In zones with two clocks a year the same hour can be another day of UTC: then a day is counted twice, or by none.
    assert abs(later.days.first - earlier.days.last - 1) <= (0 if zone == "UTC" else 1)


@given(st.sampled_from(list(Period)), ZONES, st.times().map(lambda each: each.replace(second=0, microsecond=0)), MOMENTS)
def test_each_moment_is_sent_once_however_often_somebody_looks(period: Period, zone: str, when: time, now: Instant) -> None:
    setting = SummarySetting(enabled=True, at=when, zone=zone, since=Instant(now - 1))
    first = following(setting.calendar(period), Instant(now - 1))
    second = following(setting.calendar(period), first)
    looks = [Instant(first + minutes * MINUTE) for minutes in range(0, 12 * 60, 97)]
    assert {slot_of(setting, period, look) for look in looks if look < second} == {first}
    assert slot_of(setting, period, Instant(first - 1)) is None
    assert timedelta(milliseconds=second - first) >= timedelta(hours=22)
    assert HOUR * 12 == TOO_LATE
