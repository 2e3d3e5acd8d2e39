"""What a check has found: a line for people, and the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is. Only a problem keeps something from working, or leaves a door open."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `area`: what was looked at; `hint`: what to do, empty where nothing is to be done."""

    area: str
    level: Level
    text: str
    hint: str = ""

    @property
    def line(self) -> str:
        return f"{self.level.value:<8} {self.area}: {self.text}" + (f"\n{'':<9}→ {self.hint}" if self.hint else "")

    @property
    def as_json(self) -> Mapping[str, str | None]:
        return {"area": self.area, "level": self.level.value, "text": self.text, "hint": self.hint or None}


def ok(area: str, text: str) -> Finding:
    return Finding(area, Level.OK, text)


def warning(area: str, text: str, hint: str = "") -> Finding:
    return Finding(area, Level.WARNING, text, hint)


def problem(area: str, text: str, hint: str = "") -> Finding:
    return Finding(area, Level.PROBLEM, text, hint)
