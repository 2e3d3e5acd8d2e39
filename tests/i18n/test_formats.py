"""Figures, sizes, durations and ages as people read them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.i18n import formats


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, ("0", "B")),
        (999, ("999", "B")),
        (1000, ("0.98", "KiB")),
        (1024, ("1.00", "KiB")),
        (10 * 1024, ("10.0", "KiB")),
        (842 * 1024**3, ("842", "GiB")),
        (999 * 1024**2, ("999", "MiB")),
        (1000 * 1024**2, ("0.98", "GiB")),
        (1_330_000_000_000, ("1.21", "TiB")),
        (-2048, ("-2.00", "KiB")),
    ],
)
def test_sizes_have_three_digits_and_steps_of_1024(value: int, shown: tuple[str, str]) -> None:
    assert formats.size(value, "en_GB") == shown


@given(st.integers(0, 2**62))
def test_a_size_is_never_longer_than_four_signs(value: int) -> None:
    figure, _ = formats.size(value, "en_GB")
    assert len(figure.replace(",", "")) <= 4


def test_numbers_follow_the_locale() -> None:
    assert formats.number(12842, "en_GB") == "12,842"
    assert formats.number(12842, "de_DE") == "12.842"
    assert formats.number(12842, "fr_FR") == "12\u202f842"
    assert formats.number(1234567, "hi_Latn_IN") == "12,34,567"
    assert formats.number(1.5, "de_DE", 2) == "1,50"


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "0:00"), (4_600, "0:05"), (871_000, "14:31"), (3_723_000, "1:02:03"), (93_784_000, "26:03:04"), (-5, "0:00")],
)
def test_durations_read_like_a_clock(milliseconds: int, shown: str) -> None:
    assert formats.clock_duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("seconds", "steps"),
    [
        (-3, ("now", 0)),
        (59.9, ("now", 0)),
        (60, ("min", 1)),
        (3_599, ("min", 59)),
        (3_600, ("h", 1)),
        (86_399, ("h", 23)),
        (86_400, ("d", 1)),
        (60 * 86_400, ("d", 60)),
        (61 * 86_400, ("mo", 2)),
        (730 * 86_400, ("mo", 23)),
        (731 * 86_400, ("y", 2)),
    ],
)
def test_ages_take_the_largest_unit_that_fits(seconds: float, steps: tuple[str, int]) -> None:
    assert formats.age_steps(seconds) == steps


@given(st.floats(0, 1e10), st.floats(0, 1e10))
def test_an_older_age_is_never_shown_as_younger(one: float, other: float) -> None:
    units = ["now", "min", "h", "d", "mo", "y"]

    def order(seconds: float) -> tuple[int, int]:
        unit, count = formats.age_steps(seconds)
        return units.index(unit), count

    assert (order(one) <= order(other)) or one > other


def test_days_and_times_follow_the_locale() -> None:
    day = date(2026, 11, 21)
    assert formats.day(day, "en_GB", year=False) == "21 Nov"
    assert formats.day(day, "en_US", year=True) == "Nov 21, 2026"
    assert formats.day(day, "de_DE", year=False) == "21. Nov."
    assert formats.time_of_day(6, 58, "en_GB") == "06:58"
    assert formats.time_of_day(18, 58, "en_US") == "6:58\u202fPM"
    assert formats.listing(["a", "b", "c"], "en_GB") == "a, b and c"
