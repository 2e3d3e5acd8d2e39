"""Times and durations of .NET as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import Instant, instant
from duplistatus.report.timestamps import DateTime, in_zone, read_compact, read_date_time, read_epoch_seconds, read_time_span

TICKS_PER_DAY = 864_000_000_000
moments = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9999, 12, 1))  # noqa: DTZ001 - the zone is drawn apart
offsets = st.integers(min_value=-14 * 60, max_value=14 * 60)


def fraction(ticks: int) -> str:
    """The fraction as Duplicati writes it: no zeros at its end, and nothing at all for a whole second."""
    return f".{ticks:07}".rstrip("0").rstrip(".")


@given(moments, st.integers(min_value=0, max_value=9_999_999), st.one_of(st.just("Z"), st.none(), offsets))
def test_a_written_moment_is_read_to_the_millisecond(moment: datetime, ticks: int, zone: str | int | None) -> None:
    offset = zone if isinstance(zone, int) else 0
    sign = "-" if offset < 0 else "+"
    suffix = "Z" if zone == "Z" else "" if zone is None else f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    whole = moment.replace(microsecond=0)
    found = read_date_time(whole.isoformat() + fraction(ticks) + suffix)
    expected = instant(whole.replace(tzinfo=timezone(timedelta(minutes=offset)))) + ticks // 10_000
    assert found == DateTime(Instant(expected), None if zone is None else offset)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-04-21T23:45:46.9712217Z", (datetime(2025, 4, 21, 23, 45, 46, 971000, tzinfo=UTC), 0)),
        ("2025-04-21T23:45:46Z", (datetime(2025, 4, 21, 23, 45, 46, tzinfo=UTC), 0)),
        ("2025-04-22T00:45:46+01:00", (datetime(2025, 4, 21, 23, 45, 46, tzinfo=UTC), 60)),
        ("2026-11-20T19:18:00+05:30", (datetime(2026, 11, 20, 13, 48, tzinfo=UTC), 330)),
        ("2026-11-20T19:18:00", (datetime(2026, 11, 20, 19, 18, tzinfo=UTC), None)),
    ],
)
def test_each_form_of_a_moment_is_read(text: str, expected: tuple[datetime, int | None]) -> None:
    assert read_date_time(text) == (instant(expected[0]), expected[1])


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T01:00:00+01:00"])
def test_the_year_1_is_no_moment(text: str) -> None:
    assert read_date_time(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not-a-date",
        "2026-07-10",
        "2026-13-10T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-07-10T24:00:00Z",
        "2026-07-10T01:00:00.Z",
        "2026-07-10T01:00:00+25:00",
        "2026-07-10T01:00:00+14:60",
        "9999-12-31T23:59:59-14:00",
        "٢٠٢٦-07-10T01:00:00Z",
        " 2026-07-10T01:00:00Z",
        "2026-07-10T01:00:00Z\n",
    ],
)
def test_other_text_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_date_time(text)


@given(st.integers(min_value=-100_000 * TICKS_PER_DAY, max_value=100_000 * TICKS_PER_DAY))
def test_a_written_duration_is_read_to_the_tick(ticks: int) -> None:
    days, of_day = divmod(abs(ticks), TICKS_PER_DAY)
    seconds, rest = divmod(of_day, 10_000_000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    text = ("-" if ticks < 0 else "") + (f"{days}." if days else "") + clock + (f".{rest:07}" if rest else "")
    assert read_time_span(text) == ticks / 10_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:38:31.1234567", 2311.1234567),
        ("1.02:03:04.0500670", 93784.050067),
        ("1.02:03:04.5", 93784.5),
        ("-00:00:01", -1),
        ("00:00:00", 0),
        ("10675199.02:48:05.4775807", 922337203685.4775807),
    ],
)
def test_days_sign_and_fraction_of_a_duration_count(text: str, seconds: float) -> None:
    assert read_time_span(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "5", "00:60:00", "00:00:60", "24:00:00", "1:2:3", "00:00:00.12345678", "1.5:00:00 ", "--00:00:01"]
)
def test_other_text_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        read_time_span(text)


@given(moments)
def test_the_next_run_is_read_to_the_second(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_compact(whole.strftime(f"{whole.year:04}%m%dT%H%M%SZ")) == instant(whole)


@pytest.mark.parametrize("text", ["", "20260711T010000", "2026-07-11T01:00:00Z", "20261311T010000Z", "tomorrow", "00000711T010000Z"])
def test_other_text_is_no_next_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_compact(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("23.02.2020 23:04:56 (1582495496)", 1582495496),
        ("11/21/2026 09:22:05 (1795249325)", 1795249325),
        ("2026. 5. 7. 오후 9:05:09 (1795249325)", 1795249325),
        ("12/31/1969 23:59:59 (-1)", -1),
    ],
)
def test_plain_text_is_read_by_its_epoch_seconds_whatever_the_culture(text: str, seconds: int) -> None:
    assert read_epoch_seconds(text) == (seconds * 1000, 0)


@pytest.mark.parametrize("text", ["01/01/0001 00:00:00 (-62135596800)", "0001-01-01 00:00:00 (−62135596800)"])
def test_the_year_1_in_plain_text_is_no_moment(text: str) -> None:
    assert read_epoch_seconds(text) is None


@pytest.mark.parametrize("text", ["", "11/21/2026 09:22:05", "(x)", "()", "(9999999999999)"])
def test_text_without_epoch_seconds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_epoch_seconds(text)


def test_a_time_without_offset_becomes_the_wall_clock_of_a_zone() -> None:
    summer = read_date_time("2026-07-10T03:00:00")
    assert summer is not None
    assert in_zone(summer, ZoneInfo("Europe/Berlin")) == (instant(datetime(2026, 7, 10, 1, tzinfo=UTC)), 120)
