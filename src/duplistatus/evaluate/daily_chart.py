"""Charts by day, for drawing. In: the days with runs, what was stored and how many versions there were each evening, a range; out: one
column a figure, one value a day, None on days without a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from duplistatus.clock import DAY, SECOND, TICKS

SPANS: dict[str, int | None] = {"7d": 7, "14d": 14, "30d": 30, "90d": 90, "180d": 180, "1y": 365, "2y": 730, "all": None}
"""Ranges by name, in days; None: since the first run."""
USUAL_SPAN = "30d"
SHORTEST_DAYS = 7
LONGEST_DAYS = 3660
"""Days of `all` at most: ten years."""


class DoneOnDay(Protocol):
    """What the runs of a day did together."""

    @property
    def date(self) -> int: ...
    @property
    def uploaded(self) -> int: ...
    @property
    def duration_ticks(self) -> int: ...
    @property
    def files(self) -> int: ...
    @property
    def source_size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class DailyChart:
    """`days`: seconds since 1970 of each day's begin (UTC). Sizes in bytes, `duration` in seconds."""

    days: list[int]
    uploaded: list[int | None]
    duration: list[float | None]
    stored_size: list[int]
    files: list[int | None]
    source_size: list[int | None]
    versions: list[int]


def days_of(span: str, first: int | None, today: int) -> tuple[int, int]:
    """The first and the last UTC day of a range. It does not begin before the first run, but has a week at least."""
    length = SPANS[span] or LONGEST_DAYS
    begin = today - length + 1
    newest_begin = today - SHORTEST_DAYS + 1
    return max(begin, min(first if first is not None else today, newest_begin)), today


def daily_chart(done: Iterable[DoneOnDay], stored: Sequence[int], versions: Sequence[int], first: int) -> DailyChart:
    """The chart of the days from `first` on, one for each value of `stored` and `versions`."""
    size = len(stored)
    by_day = {each.date: each for each in done}
    days = [by_day.get(first + index) for index in range(size)]
    return DailyChart(
        days=[(first + index) * DAY // SECOND for index in range(size)],
        uploaded=[each.uploaded if each else None for each in days],
        duration=[each.duration_ticks / TICKS if each else None for each in days],
        stored_size=list(stored),
        files=[each.files if each else None for each in days],
        source_size=[each.source_size if each else None for each in days],
        versions=list(versions),
    )
