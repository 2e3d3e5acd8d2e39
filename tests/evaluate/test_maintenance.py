"""Windows of maintenance: when they are open, in every zone and over changes of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, moment
from duplistatus.evaluate.maintenance import MOST_MINUTES, Once, Recurring, checked, is_active, next_change

BERLIN = ZoneInfo("Europe/Berlin")
EVERY_DAY = frozenset(range(7))
SUNDAY = frozenset({0})
DATES = st.dates(date(2005, 1, 1), date(2035, 12, 31))
WINDOWS = st.builds(
    Recurring,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    start_minute=st.integers(0, 1439),
    length=st.one_of(st.integers(1, MOST_MINUTES), st.sampled_from([60, 480, 1380, 1439, 1440, 1441, 2880, 5 * 1440 + 1380, MOST_MINUTES])),
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    first=st.none() | DATES,
    last=st.none() | DATES,
)
MOMENTS = st.integers(1_104_537_600, 2_082_758_400).map(lambda second: Instant(second * 1_000))


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def opens(window: Recurring, now: Instant, until: Instant) -> list[tuple[str, str]]:
    """The stretches that begin after `now`, in the window's zone."""
    found: list[tuple[str, str]] = []
    while (start := next_change(window, now)) is not None and start < until:
        if is_active(window, now):
            now = start
            continue
        now = next_change(window, start) or until
        opened, closed = (f"{moment(each).astimezone(window.zone):%d %H:%M}" for each in (start, now))
        found.append((opened, closed))
    return found


def test_a_window_of_one_stretch_is_open_from_its_start_until_before_its_end() -> None:
    window = Once(Instant(1_000), Instant(2_000))
    assert [is_active(window, Instant(now)) for now in (999, 1_000, 1_999, 2_000)] == [False, True, True, False]
    assert [next_change(window, Instant(now)) for now in (999, 1_000, 1_999, 2_000)] == [1_000, 2_000, 2_000, None]


def test_a_window_that_passes_midnight_belongs_to_the_day_on_which_it_opened() -> None:
    window = Recurring(frozenset({5}), 22 * 60, 8 * 60, BERLIN)
    friday, saturday = at("2026-07-10T22:00+02:00"), at("2026-07-11T06:00+02:00")
    assert not is_active(window, Instant(friday - 1))
    assert is_active(window, friday)
    assert is_active(window, Instant(saturday - 1))
    assert not is_active(window, saturday)
    assert next_change(window, saturday) == friday + 7 * DAY


def test_the_time_of_day_stays_over_both_changes_of_the_clock() -> None:
    window = Recurring(EVERY_DAY, 20 * 60, 60, BERLIN)
    spring = opens(window, at("2026-03-27T12:00+01:00"), at("2026-03-31T12:00+02:00"))
    assert spring == [(f"{day} 20:00", f"{day} 21:00") for day in (27, 28, 29, 30)]
    autumn = opens(window, at("2026-10-23T12:00+02:00"), at("2026-10-27T12:00+01:00"))
    assert autumn == [(f"{day} 20:00", f"{day} 21:00") for day in (23, 24, 25, 26)]


def test_hours_are_counted_exactly_where_the_clock_changes_within_them() -> None:
    window = Recurring(EVERY_DAY, 22 * 60, 8 * 60, BERLIN)
    assert opens(window, at("2026-03-28T12:00+01:00"), at("2026-03-29T12:00+02:00")) == [("28 22:00", "29 07:00")]
    assert opens(window, at("2026-10-24T12:00+02:00"), at("2026-10-25T12:00+01:00")) == [("24 22:00", "25 05:00")]


def test_a_start_that_the_clock_skips_is_later_and_one_that_comes_twice_is_the_first() -> None:
    window = Recurring(SUNDAY, 150, 60, BERLIN)
    assert opens(window, at("2026-03-28T12:00+01:00"), at("2026-03-29T12:00+02:00")) == [("29 03:30", "29 04:30")]
    assert next_change(window, at("2026-10-24T12:00+02:00")) == at("2026-10-25T02:30+02:00")


def test_days_are_counted_by_the_calendar_so_that_windows_of_days_join() -> None:
    for window in (Recurring(EVERY_DAY, 0, 1440, BERLIN), Recurring(SUNDAY, 90, MOST_MINUTES, BERLIN)):
        assert next_change(window, at("2026-03-20T12:00+01:00")) is None
        ended = replace(window, last=date(2026, 11, 1))
        assert is_active(ended, at("2026-10-25T23:30+01:00"))
        end = next_change(ended, at("2026-03-20T12:00+01:00"))
        assert end is not None
        assert end == next_change(ended, at("2026-10-25T02:30+01:00"))
        assert not is_active(ended, end)


def test_a_window_opens_on_its_first_and_its_last_day_and_on_none_outside() -> None:
    window = Recurring(EVERY_DAY, 23 * 60, 120, BERLIN, date(2026, 7, 10), date(2026, 7, 11))
    assert opens(window, at("2026-06-01T00:00+02:00"), at("2026-12-01T00:00+01:00")) == [("10 23:00", "11 01:00"), ("11 23:00", "12 01:00")]


def test_a_window_whose_last_day_is_past_never_opens_again() -> None:
    window = Recurring(EVERY_DAY, 0, 60, BERLIN, last=date(2026, 7, 10))
    assert next_change(window, at("2026-07-11T00:00+02:00")) is None


def test_a_day_that_the_calendar_of_a_zone_lacks_does_no_harm() -> None:
    apia = ZoneInfo("Pacific/Apia")
    window = Recurring(EVERY_DAY, 12 * 60, 60, apia)
    now = instant(datetime(2011, 12, 29, 11, tzinfo=apia))
    start = next_change(window, now)
    assert start == now + HOUR
    assert next_change(window, start) == start + HOUR
    assert next_change(window, Instant(start + HOUR)) == start + DAY


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        (Once(Instant(5), Instant(5)), "end after its start"),
        (Recurring(frozenset(), 0, 60, BERLIN), "weekday"),
        (Recurring(frozenset({7}), 0, 60, BERLIN), "weekday"),
        (Recurring(SUNDAY, 1440, 60, BERLIN), "start"),
        (Recurring(SUNDAY, 0, 0, BERLIN), "length"),
        (Recurring(SUNDAY, 0, MOST_MINUTES + 1, BERLIN), "length"),
        (Recurring(SUNDAY, 0, 60, BERLIN, date(2026, 7, 11), date(2026, 7, 10)), "last day"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_a_reason(window: Once | Recurring, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        checked(window)


@given(WINDOWS, MOMENTS)
def test_the_next_change_is_a_change_and_the_first_one(window: Recurring, now: Instant) -> None:
    active = is_active(window, now)
    change = next_change(window, now)
    until = change if change is not None else Instant(now + 40 * DAY)
    assert until > now
    step = max(1, (min(until, now + 40 * DAY) - now) // 23)
    assert all(is_active(window, Instant(each)) is active for each in range(now, min(until, now + 40 * DAY), step))
    if change is not None:
        assert is_active(window, Instant(change - 1)) is active
        assert is_active(window, change) is not active


@given(WINDOWS, MOMENTS)
def test_the_next_change_stays_the_same_until_it_comes(window: Recurring, now: Instant) -> None:
    change = next_change(window, now)
    if change is not None:
        assert next_change(window, Instant((now + change) // 2)) == change
        assert next_change(window, Instant(change - 1)) == change


@given(WINDOWS, MOMENTS)
def test_a_window_is_open_exactly_as_its_days_say_minute_by_minute(window: Recurring, now: Instant) -> None:
    """The rule told once more, without any cleverness."""
    near = [date.fromordinal(moment(now).astimezone(window.zone).date().toordinal() + shift) for shift in range(-10, 4)]
    chosen = [day for day in near if day.isoweekday() % 7 in window.days and (window.first or day) <= day <= (window.last or day)]
    clock = divmod(window.start_minute, 60)
    days, minutes = divmod(window.length, 1440)
    stretches = []
    for day in chosen:
        end_day = date.fromordinal(day.toordinal() + days)
        start = instant(datetime(day.year, day.month, day.day, *clock, tzinfo=window.zone))
        end = instant(datetime(end_day.year, end_day.month, end_day.day, *clock, tzinfo=window.zone)) + minutes * MINUTE
        stretches.append((start, end))
    assert is_active(window, now) is any(start <= now < end for start, end in stretches)
