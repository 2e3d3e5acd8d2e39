"""A small line without axes. In: values by time; out: path data for a box of 480 × 76, from zero to the largest value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 76
_TOP, _BASE = 8, 2


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The line, and the area below it."""

    line: str
    area: str


def sparkline(values: Sequence[float]) -> Sparkline:
    """One point a value, spread evenly. A single value is a level line."""
    points = list(values) if len(values) > 1 else [*values, *values] or [0, 0]
    most = max(points) or 1
    room = HEIGHT - _BASE - _TOP
    last = len(points) - 1
    line = "M" + " ".join(f"{index * WIDTH / last:.1f},{HEIGHT - _BASE - value / most * room:.1f}" for index, value in enumerate(points))
    return Sparkline(line, f"{line} L{WIDTH},{HEIGHT - _BASE} L0,{HEIGHT - _BASE} Z")
