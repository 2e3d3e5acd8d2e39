"""A schedule as a server's API tells it."""

from __future__ import annotations

import pytest

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.server_schedule import read_schedule

NOW = Instant(1_783_684_800_000)


@pytest.mark.parametrize(
    ("days", "read"),
    [
        (["mon", "tue", "wed", "thu", "fri"], {1, 2, 3, 4, 5}),
        # As 2.1.0.5 writes them.
        (["mon", "Monday", "tue", "Tuesday", "SUN"], {0, 1, 2}),
        ([], ALL_DAYS),
        (None, ALL_DAYS),
        (["someday"], ALL_DAYS),
    ],
)
def test_three_letters_of_a_weekday_decide(days: list[str] | None, read: set[int]) -> None:
    found = read_schedule("2026-07-10T01:00:00Z", "1D", days, NOW)
    assert found is not None
    assert (iso(found.time), found.interval.text, found.days, found.told_at) == ("2026-07-10T01:00:00.000Z", "1D", frozenset(read), NOW)


@pytest.mark.parametrize(
    ("time", "repeat"), [("2026-07-10T01:00:00Z", ""), ("2026-07-10T01:00:00Z", "1d"), ("tomorrow", "1D"), ("0001-01-01T00:00:00Z", "1D")]
)
def test_what_makes_no_schedule_is_none(time: str, repeat: str) -> None:
    assert read_schedule(time, repeat, None, NOW) is None
