"""Dates as .NET prints them, in a few formats of each kind that its cultures have, and the lines of a report that hold them; and what the
tests of versions say again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import jdatetime  # type: ignore[import-untyped]
from hijridate import Gregorian

from duplistatus.clock import instant, moment
from duplistatus.report.report import Version
from duplistatus.report.versions import listed_versions

BERLIN = ZoneInfo("Europe/Berlin")

TAG = "[Information-Duplicati.Library.Main.Operation.DeleteHandler:RetentionPolicy-"


@dataclass(frozen=True)
class Culture:
    """`pattern` has the fields y M d, H or h, m s and t; `halves` are the markers before and after noon."""

    name: str
    pattern: str
    halves: tuple[str, str] = ("", "")
    calendar: str = "gregorian"

    @property
    def order(self) -> str:
        return "".join(field for field in self.pattern if field in "yMd").upper()

    def day(self, day: date) -> tuple[int, int, int]:
        match self.calendar:
            case "hijri":
                return Gregorian.fromdate(day).to_hijri().datetuple()
            case "persian":
                persian = jdatetime.date.fromgregorian(date=day)
                return persian.year, persian.month, persian.day
            case "buddhist":
                return day.year + 543, day.month, day.day
            case _:
                return day.year, day.month, day.day

    def text(self, wall: datetime) -> str:
        year, month, day = self.day(wall.date())
        hour = wall.hour % 12 or 12
        half = self.halves[wall.hour >= 12]
        return self.pattern.format(y=year, M=month, d=day, H=wall.hour, h=hour, m=wall.minute, s=wall.second, t=half)


CULTURES = [
    Culture("invariant", "{M:02}/{d:02}/{y} {H:02}:{m:02}:{s:02}"),
    Culture("en-US", "{M}/{d}/{y} {h}:{m:02}:{s:02}\u202f{t}", ("AM", "PM")),
    Culture("en-US without space", "{M}/{d}/{y} {h}:{m:02}:{s:02}{t}", ("AM", "PM")),
    Culture("en-GB", "{d:02}/{M:02}/{y} {H:02}:{m:02}:{s:02}"),
    Culture("en-CA", "{M}/{d}/{y} {h}:{m:02}:{s:02}\u202f{t}", ("a.m.", "p.m.")),
    Culture("es-MX", "{d:02}/{M:02}/{y} {h:02}:{m:02}:{s:02} {t}", ("a.\u00a0m.", "p.\u00a0m.")),
    Culture("en-NZ", "{d}/{M:02}/{y} {h}:{m:02}:{s:02}\u202f{t}", ("am", "pm")),
    Culture("de-DE", "{d:02}.{M:02}.{y} {H:02}:{m:02}:{s:02}"),
    Culture("fr-CA", "{y}-{M:02}-{d:02} {H:02} h {m:02} min {s:02} s"),
    Culture("es-ES", "{d}/{M}/{y} {H}:{m:02}:{s:02}"),
    Culture("nl-NL", "{d:02}-{M:02}-{y} {H:02}:{m:02}:{s:02}"),
    Culture("fi-FI", "{d}.{M}.{y} {H}.{m:02}.{s:02}"),
    Culture("sv-SE", "{y}-{M:02}-{d:02} {H:02}:{m:02}:{s:02}"),
    Culture("sk-SK", "{d}. {M}. {y} {H}:{m:02}:{s:02}"),
    Culture("hu-HU", "{y}. {M:02}. {d:02}. {H:02}:{m:02}:{s:02}"),
    Culture("hr-HR", "{d:02}. {M:02}. {y}. {H:02}:{m:02}:{s:02}"),
    Culture("bg-BG", "{d}.{M:02}.{y}\u202fг. {H}:{m:02}:{s:02} ч."),
    Culture("el-GR", "{d}/{M}/{y} {h}:{m:02}:{s:02}\u202f{t}", ("π.μ.", "μ.μ.")),
    Culture("ar-SA", "{d}\u200f\u200f/{M}\u200f\u200f/{y} بعد الهجرة {h}:{m:02}:{s:02} {t}", ("ص", "م"), "hijri"),
    Culture("ar-EG", "{d}\u200f\u200f/{M}\u200f\u200f/{y} {h}:{m:02}:{s:02} {t}", ("ص", "م")),
    Culture("fa-IR", "{y}/{M}/{d} {H}:{m:02}:{s:02}", calendar="persian"),
    Culture("th-TH", "{d}/{M}/{y} {H:02}:{m:02}:{s:02}", calendar="buddhist"),
    Culture("hi-IN", "{d}/{M}/{y} {h}:{m:02}:{s:02} {t}", ("am", "pm")),
    Culture("ta-IN", "{d}/{M}/{y} {t} {h}:{m:02}:{s:02}", ("முற்பகல்", "பிற்பகல்")),
    Culture("ms-MY", "{d}/{M:02}/{y} {h}:{m:02}:{s:02}\u202f{t}", ("PG", "PTG")),
    Culture("vi-VN", "{d:02}/{M:02}/{y} {h}:{m:02}:{s:02} {t}", ("SA", "CH")),
    Culture("ja-JP", "{y}/{M:02}/{d:02} {H}:{m:02}:{s:02}"),
    Culture("ko-KR", "{y}. {M}. {d}. {t} {h}:{m:02}:{s:02}", ("오전", "오후")),
    Culture("zh-CN", "{y}/{M}/{d} {H:02}:{m:02}:{s:02}"),
    Culture("zh-TW", "{y}/{M}/{d} {t}{h}:{m:02}:{s:02}", ("上午", "下午")),
    Culture("zh-HK", "{d}/{M}/{y} {t}{h}:{m:02}:{s:02}", ("上午", "下午")),
    Culture("zh-SG", "{y}年{M}月{d}日 {t}{h}:{m:02}:{s:02}", ("上午", "下午")),
]


def retention_lines(considered: Sequence[str], deleted: Sequence[str] = ()) -> list[str]:
    """The lines that Duplicati writes at level Information when a retention policy is set."""
    texts = {
        "StartCheck": "Start checking if backups can be removed",
        "FramesAndIntervals": "Time frames and intervals pairs: 7.00:00:00 / 1.00:00:00, 365.00:00:00 / 31.00:00:00",
        "BackupList": f"Backups to consider: {', '.join(considered)}",
        "BackupsToDelete": f"Backups outside of all time frames and thus getting deleted: {', '.join(deleted)}",
        "AllBackupsToDelete": f"All backups to delete: {', '.join(deleted)}",
    }
    return [f"2026-07-10 03:00:41 +02 - {TAG}{name}]: {text}" for name, text in texts.items()]


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def version(at: datetime) -> Version:
    return Version(instant(at), (at.utcoffset() or timedelta()) // timedelta(minutes=1), exact=True)


def walls(versions: tuple[Version, ...] | None) -> list[str] | None:
    """The local times that versions show."""
    if versions is None:
        return None
    return [str((moment(found.at) + timedelta(minutes=found.offset_minutes)).replace(tzinfo=None)) for found in versions]


def local(moments: list[datetime], zone: ZoneInfo) -> list[datetime]:
    return [at.astimezone(zone).replace(tzinfo=None) for at in moments]


def listed(texts: list[str], newest: datetime, zone: ZoneInfo | None) -> tuple[Version, ...] | None:
    return listed_versions(retention_lines(texts), version(newest), zone)
