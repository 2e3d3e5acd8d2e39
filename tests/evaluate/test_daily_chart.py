"""Charts by day."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from duplistatus.clock import TICKS
from duplistatus.evaluate.daily_chart import SPANS, daily_chart, days_of


@dataclass(frozen=True)
class Done:
    date: int
    uploaded: int = 5
    duration_ticks: int = 90 * TICKS
    files: int = 2
    source_size: int = 7


def test_days_without_a_run_are_gaps_but_what_is_stored_stays() -> None:
    chart = daily_chart([Done(11), Done(13, uploaded=0)], [100, 110, 110, 120], [1, 2, 2, 3], 10)
    assert chart.days == [day * 86_400 for day in (10, 11, 12, 13)]
    assert chart.uploaded == [None, 5, None, 0]
    assert chart.duration == [None, 90.0, None, 90.0]
    assert (chart.stored_size, chart.versions) == ([100, 110, 110, 120], [1, 2, 2, 3])


@pytest.mark.parametrize(
    ("span", "first", "expected"),
    [
        ("30d", 0, (971, 1000)),
        ("30d", 990, (990, 1000)),
        ("30d", 999, (994, 1000)),
        ("30d", None, (994, 1000)),
        ("7d", 0, (994, 1000)),
        ("all", 100, (100, 1000)),
        ("all", 2000, (994, 1000)),
    ],
)
def test_a_range_begins_with_the_first_run_but_has_a_week_at_least(span: str, first: int | None, expected: tuple[int, int]) -> None:
    assert days_of(span, first, 1000) == expected


def test_no_range_is_endless() -> None:
    assert max(last - first for first, last in (days_of(span, -(10**9), 0) for span in SPANS)) < 3660
