"""A quantity that stays until it changes, by day. In: its present value and by how much it grew on which day; out: its value at the end
of each day. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def levels(present: int, steps: Iterable[tuple[int, int]], first: int, last: int) -> list[int]:
    """The values of the days `first` to `last`, both included, the last being `present`. `steps`: (day, growth); those after `last` count
    as grown on it, those before `first` are of no matter."""
    grown = [0] * (last - first + 1)
    for day, growth in steps:
        if day >= first:
            grown[min(day, last) - first] += growth
    values = [present] * len(grown)
    for index in range(len(grown) - 1, 0, -1):
        values[index - 1] = values[index] - grown[index]
    return values
