"""Dates of any culture, made up in the formats that .NET has: read truly or not at all."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from duplistatus.report.versions import listed_versions
from scripts.day_periods import TARGET, module
from tests.report.dotnet_dates import BERLIN, CULTURES, Culture, berlin, listed, local, retention_lines, version, walls

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Tehran",
]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[datetime], ZoneInfo]:
    """Moments of versions, newest first, as jobs make them: every few hours, days or weeks, or without rhythm."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    begin = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 4 * 365 * 86_400)))
    steps = st.sampled_from([900, 3_600, 6 * 3_600, 86_400, 7 * 86_400]) | st.integers(600, 40 * 86_400)
    rhythm = draw(st.none() | steps)
    moments = [begin]
    for _ in range(draw(st.integers(1, 9))):
        step = rhythm or draw(steps)
        moments.append(moments[-1] - timedelta(seconds=step + draw(st.integers(-60, 60))))
    return moments, zone


def swapped(day: tuple[int, int, int]) -> tuple[int, int, int]:
    return day[0], day[2], day[1]


def open_to_doubt(culture: Culture, shown: list[datetime]) -> bool:
    """Whether the list, newest of all first, can be read with day and month in each other's place: told from the true dates, not from the
    text. May say yes too often."""
    days = [culture.day(wall.date()) for wall in shown]
    if culture.order == "YMD" or any(day[2] > 12 for day in days[1:]):
        return False
    read = [days[0], *map(swapped, days[1:])]
    settled = days[1] == days[0] != read[1] and read[-1] < days[-1]
    return not settled and read != days and all(later >= earlier for later, earlier in pairwise(read))


@given(histories(), st.sampled_from(CULTURES), st.data())
def test_a_list_of_any_culture_gives_the_true_instants_or_nothing(
    history: tuple[list[datetime], ZoneInfo], culture: Culture, data: st.DataObject
) -> None:
    moments, zone = history
    shown = local(moments, zone)
    # A date that reads as the day of the newest version with day and month swapped is taken for that day.
    first, second = (culture.day(wall.date()) for wall in shown[:2])
    assume(swapped(second) != first or first == second)
    texts = [culture.text(wall) for wall in shown[1:]]
    gone = data.draw(st.sets(st.integers(0, len(texts) - 1)))
    lines = retention_lines(texts, [texts[index] for index in sorted(gone)])
    kept = [at.astimezone(zone) for index, at in enumerate(moments[1:]) if index not in gone]
    newest = version(moments[0].astimezone(zone))

    in_zone = listed_versions(lines, newest, zone)
    assert in_zone in (None, tuple(map(version, kept)))
    without_zone = listed_versions(lines, newest, None)
    assert walls(without_zone) in (None, [*map(str, local(kept, zone))])

    twice = any(wall.replace(tzinfo=zone, fold=0).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset() for wall in shown)
    if not open_to_doubt(culture, shown) and not twice and culture.name not in {"ja-JP", "zh-CN"}:
        assert in_zone is not None
        assert without_zone is not None


@given(histories(), st.sampled_from(CULTURES), st.sampled_from("٠۰०๐০"))
def test_native_digits_read_like_western_ones(history: tuple[list[datetime], ZoneInfo], culture: Culture, zero: str) -> None:
    moments, zone = history
    texts = [culture.text(wall) for wall in local(moments, zone)[1:]]
    native = {ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)}
    newest = version(moments[0].astimezone(zone))
    western, own = (listed_versions(retention_lines(form), newest, zone) for form in (texts, [text.translate(native) for text in texts]))
    assert own == western


def test_kyrgyz_dates_with_the_day_before_the_month_are_read_where_nothing_else_fits() -> None:
    assert walls(listed(["2026-20-03 10:00:00"], berlin("2026-04-01T10:00:00"), BERLIN)) == ["2026-03-20 10:00:00"]


def test_years_of_two_digits_are_read_where_only_one_order_fits() -> None:
    assert walls(listed(["25.07.24 10:00:00", "24.07.24 10:00:00"], berlin("2024-07-26T10:00:00"), BERLIN)) == [
        "2024-07-25 10:00:00",
        "2024-07-24 10:00:00",
    ]


def test_noon_and_midnight_of_a_clock_of_twelve_hours() -> None:
    found = listed(["7/20/2026 12:30:00 PM", "7/20/2026 12:30:00 AM"], berlin("2026-07-21T10:00:00"), BERLIN)
    assert walls(found) == ["2026-07-20 12:30:00", "2026-07-20 00:30:00"]


def test_a_word_that_may_mark_the_half_of_the_day_is_not_guessed_at() -> None:
    newest = berlin("2026-07-22T10:00:00")
    assert listed(["20.07.2026 9:30:00 xyz", "19.07.2026 9:30:00 xyz"], newest, BERLIN) is None
    assert listed(["20.07.2026 9:30:00 xyz", "20.07.2026 8:30:00 abc"], newest, BERLIN) is None
    assert walls(listed(["20.07.2026 21:30:00 xyz"], newest, BERLIN)) == ["2026-07-20 21:30:00"]


def test_taiwans_clock_of_twelve_hours_without_its_marker_is_not_taken_for_one_of_24() -> None:
    texts = ["2026/3/13 8:31:08", "2026/3/12 8:31:08"]
    assert listed(texts, berlin("2026-03-14T20:31:08"), BERLIN) is None
    assert listed(texts, berlin("2026-03-14T08:31:08"), BERLIN) is not None
    assert listed([*texts, "2026/3/11 08:31:08"], berlin("2026-03-14T20:31:08"), BERLIN) is not None
    assert listed(["1404/12/21 8:31:08"], berlin("2026-03-14T20:31:08"), BERLIN) is not None


def test_an_era_that_is_written_like_a_marker_is_told_from_it_by_the_markers_that_change() -> None:
    """Arabic writes both the Christian era and the time after noon as م."""
    found = listed(["20/7/2026 م 1:09:52 م", "20/7/2026 م 1:09:34 ص"], berlin("2026-07-21T10:00:00"), BERLIN)
    assert walls(found) == ["2026-07-20 13:09:52", "2026-07-20 01:09:34"]
    assert listed(["20/7/2026 م 1:09:52 م"], berlin("2026-07-21T10:00:00"), BERLIN) is None


def test_marks_of_writing_direction_may_stand_before_a_date() -> None:
    found = listed(["\u200f20/7/2026 21:30:00", "\u200f19/7/2026 21:30:00"], berlin("2026-07-21T10:00:00"), BERLIN)
    assert walls(found) == ["2026-07-20 21:30:00", "2026-07-19 21:30:00"]


def test_only_a_comma_separates_dates() -> None:
    assert listed(["20.07.2026 21:30:00;19.07.2026 21:30:00;"], berlin("2026-07-21T10:00:00"), BERLIN) is None


def test_years_before_duplicati_are_of_no_known_calendar() -> None:
    assert listed(["25.03.2026 10:00:00", "25.03.1999 10:00:00"], berlin("2026-03-26T10:00:00"), BERLIN) is None
    assert listed(["25.03.2026 10:00:00", "25.03.2009 10:00:00"], berlin("2026-03-26T10:00:00"), BERLIN) is not None


def test_a_list_longer_than_any_real_one_is_not_read() -> None:
    begin = datetime(2026, 3, 25, 10, tzinfo=UTC)
    texts = [f"{begin - timedelta(minutes=15 * index):%Y-%m-%d %H:%M:%S}" for index in range(25_000)]
    newest = begin + timedelta(minutes=15)
    assert listed(texts, newest, None) is None
    assert listed(texts[:20_000], newest, None) is not None


TOO_LONG_BETWEEN = f"25.03.2026 21:00:00{' x' * 50_000}"


@pytest.mark.parametrize("text", ["9" * 5_000, "1 " * 400_000, "\u0661" * 90 + ":" * 90, TOO_LONG_BETWEEN])
def test_texts_that_are_no_dates_are_refused_quickly(text: str) -> None:
    begun = time.process_time()
    assert listed([text], berlin("2026-03-26T10:00:00"), BERLIN) is None
    assert time.process_time() - begun < 0.5


def test_the_table_of_day_periods_is_that_of_the_installed_cldr_data() -> None:
    assert TARGET.read_text(encoding="utf-8") == module()
