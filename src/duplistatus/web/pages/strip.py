"""The bars of a job's newest runs. In: their kinds, oldest first; out: one line of drawing per kind, so that thirty bars are a handful of
elements. Height says how bad a run was, colour repeats it."""

from __future__ import annotations

from collections.abc import Sequence

BARS = 30
_PITCH = 6
_HEIGHTS = {"ok": 7, "warn": 13, "error": 20, "quiet": 2, "run": 20}
_KINDS = ("ok", "quiet", "warn", "error", "run", "missed")


def strip_paths(kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Kind and path data of the newest 30 bars, the newest at the right edge of a box of 178 × 20. Kinds: those of a state's mark
    (`ok`, `warn`, `error`, `quiet`, `run`) and `missed` for a slot without a run, drawn hollow."""
    shown = kinds[-BARS:]
    left = (BARS - len(shown)) * _PITCH
    lines: dict[str, list[str]] = {}
    for index, kind in enumerate(shown):
        x = left + index * _PITCH
        if kind == "missed":
            lines.setdefault(kind, []).append(f"M{x}.5.5h3v19h-3z")
        else:
            lines.setdefault(kind, []).append(f"M{x + 2} 20v-{_HEIGHTS[kind]}")
    return [(kind, "".join(lines[kind])) for kind in _KINDS if kind in lines]
