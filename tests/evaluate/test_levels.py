"""Quantities that stay until they change."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.levels import levels


def test_days_without_a_change_keep_the_value() -> None:
    assert levels(30, [(3, 10), (5, 15)], 1, 6) == [5, 5, 15, 15, 30, 30]


def test_growth_before_the_first_day_and_after_the_last_does_not_bend_the_line() -> None:
    assert levels(10, [(-5, 100), (9, 4)], 1, 3) == [6, 6, 10]


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40), st.integers(0, 10**6))
def test_each_day_is_the_day_before_and_what_grew(growth: list[int], start: int) -> None:
    present = start + sum(growth)
    values = levels(present, list(enumerate(growth)), 0, len(growth) - 1)
    assert values[-1] == present
    assert [later - earlier for earlier, later in pairwise(values)] == growth[1:]
