"""Duplicati's grammar of intervals and time spans, against the answers of its own parser."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.interval import Interval, read_interval, read_length
from tests.report.samples import DATA

SPANS = [tuple(line.split("\t")) for line in (DATA / "time-span.tsv").read_text().splitlines()[1:]]
PARTS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("smhDWMY")), min_size=1, max_size=5)


def written(parts: list[tuple[int, str]]) -> str:
    return "".join(f"{number}{unit}" for number, unit in parts)


@pytest.mark.parametrize(("text", "seconds"), SPANS)
def test_a_time_span_has_the_length_that_duplicati_reads(text: str, seconds: str) -> None:
    if seconds == "error":
        with pytest.raises(ValueError, match=r"no time span|too long"):
            read_length(json.loads(text))
    else:
        assert read_length(json.loads(text)) == int(seconds)


@pytest.mark.parametrize("text", ["", "1d", "D", "1.5h", "-1D", " 1D", "1D ", "5", "1D x", "٣D", "U", "1D-2h"])
def test_what_is_no_interval_of_a_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no interval"):
        read_interval(text)


@pytest.mark.parametrize("text", ["0D", "5m", "300s", "4m59s"])
def test_an_interval_of_five_minutes_or_less_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longer than 5 minutes"):
        read_interval(text)


@pytest.mark.parametrize("text", ["2147483648s", "9999999999999D", "2147483647Y"])
def test_an_interval_longer_than_duplicati_can_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        read_interval(text)


def test_minutes_and_months_are_told_apart_by_their_case() -> None:
    assert (read_interval("6m").length, read_interval("6M").length) == (360_000, 180 * 86_400_000)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1M", datetime(2025, 1, 31, 12, tzinfo=UTC), datetime(2025, 2, 28, 12, tzinfo=UTC)),
        ("1M", datetime(2024, 1, 31, 12, tzinfo=UTC), datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("1Y", datetime(2024, 2, 29, tzinfo=UTC), datetime(2025, 2, 28, tzinfo=UTC)),
        ("11M", datetime(2025, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("1M1D", datetime(2025, 1, 31, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)),
        ("1D1M", datetime(2025, 1, 31, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)),
        ("1W12h", datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 8, 12, tzinfo=UTC)),
    ],
)
def test_a_step_follows_the_calendar_in_the_order_of_the_text(text: str, start: datetime, end: datetime) -> None:
    assert read_interval(text).after(start) == end


@given(PARTS)
def test_an_interval_has_the_parts_of_its_text(parts: list[tuple[int, str]]) -> None:
    interval = Interval(tuple(parts))
    if interval.length > 300_000:
        assert read_interval(written(parts)) == interval


@given(PARTS)
def test_the_length_of_an_interval_is_that_of_the_same_time_span(parts: list[tuple[int, str]]) -> None:
    interval = Interval(tuple(parts))
    assert read_length(written(parts)) * 1_000 == interval.length


@given(st.text(alphabet="smhDWMYd0123456789+-. \t", max_size=12))
def test_no_text_makes_the_parsers_stumble(text: str) -> None:
    for parse in (read_length, read_interval):
        with suppress(ValueError):
            parse(text)
