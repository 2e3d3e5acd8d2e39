"""A job on the page of monitoring, in the words of a reader. In: its row and its settings; out: what stands in each column, and the fields
of its form; the fields of a form that came back; and the same job in a line of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.expectation import Source
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.job_setting import JobSetting, tolerance_name
from duplistatus.evaluate.overdue import Schedule, schedule_of
from duplistatus.evaluate.setting_change import time_text
from duplistatus.evaluate.zone_evidence import ZoneSource
from duplistatus.i18n.weekdays import days_text
from duplistatus.i18n.wording import Wording
from duplistatus.store.watch_list import WatchRow
from duplistatus.web.explain_words import source_word

UNITS = ("m", "h", "D", "W", "M", "Y")
AS_WRITTEN = "text"
"""The unit of an interval that people write in Duplicati's grammar."""
_KINDS = {
    Schedule.OK: "ok",
    Schedule.LATE: "due",
    Schedule.OVERDUE: "late",
    Schedule.UNSCHEDULED: "quiet",
    Schedule.OFF: "quiet",
}
_CSV = (
    "server",
    "job",
    "watched",
    "interval",
    "weekdays",
    "time",
    "use_mine",
    "tolerance",
    "source",
    "zone",
    "zone_source",
    "expected",
    "schedule",
    "last_run",
)
_WEEK = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a job as they stand in its form. `every` and `unit`: the interval; empty: as the server says."""

    watched: bool
    every: str
    unit: str
    days: frozenset[int]
    time: str
    use_mine: bool
    tolerance: str


@dataclass(frozen=True, slots=True)
class Line:
    """A job and its columns. `problems`: what is wrong, by field; the form then holds what was sent."""

    row: WatchRow
    form: Form
    schedule: Schedule
    kind: str
    source: str
    zone: str
    interval: str
    days: str
    is_idle: bool
    problems: Mapping[str, str] = field(default_factory=dict)


def line_of(wording: Wording, row: WatchRow, now: Instant, form: Form | None = None, problems: Mapping[str, str] | None = None) -> Line:
    """What the page shows of a job."""
    setting = row.setting
    schedule = schedule_of(row, now)
    return Line(
        row=row,
        form=form or form_of(setting),
        schedule=schedule,
        kind=_KINDS[schedule],
        source=source_word(Source(row.due_source), wording) if row.due_source else wording.gettext("not known"),
        zone=zone_word(wording, row.zone_source),
        interval=interval_text(wording, setting),
        days=days_text(setting.days, wording.locale),
        is_idle=setting.interval is not None and row.due_source not in {None, Source.SETTING},
        problems=problems or {},
    )


def form_of(setting: JobSetting) -> Form:
    """The fields of a stored setting."""
    every, unit = _every(setting.interval)
    return Form(
        watched=setting.watched,
        every=every,
        unit=unit,
        days=setting.days,
        time=time_text(setting.time_of_day) if setting.time_of_day is not None else "",
        use_mine=setting.use_mine,
        tolerance=tolerance_name(setting.tolerance) if setting.tolerance is not None else "",
    )


def _every(interval: str | None) -> tuple[str, str]:
    if interval is None:
        return "", "D"
    parts = read_interval(interval).parts
    return (str(parts[0][0]), parts[0][1]) if len(parts) == 1 else (interval, AS_WRITTEN)


def interval_of(every: str, unit: str) -> str:
    """Duplicati's text of a number and a unit; what is no number is taken as written."""
    every = every.strip()
    return every + unit if every.isascii() and every.isdigit() and unit in UNITS else every


def interval_text(wording: Wording, setting: JobSetting) -> str:
    """`1 day`; empty where nobody set an interval."""
    if setting.interval is None:
        return ""
    every, unit = _every(setting.interval)
    if unit == AS_WRITTEN:
        return every
    count = int(every)
    texts = {
        "m": wording.ngettext("%(num)s minute", "%(num)s minutes", count),
        "h": wording.ngettext("%(num)s hour", "%(num)s hours", count),
        "D": wording.ngettext("%(num)s day", "%(num)s days", count),
        "W": wording.ngettext("%(num)s week", "%(num)s weeks", count),
        "M": wording.ngettext("%(num)s month", "%(num)s months", count),
        "Y": wording.ngettext("%(num)s year", "%(num)s years", count),
        "s": wording.ngettext("%(num)s second", "%(num)s seconds", count),
    }
    return texts[unit] % {"num": count}


def zone_word(wording: Wording, source: str) -> str:
    """How the zone of a server is known."""
    words = {
        ZoneSource.SET: wording.gettext("set here"),
        ZoneSource.SERVER: wording.gettext("server’s setting"),
        ZoneSource.VERSION: wording.gettext("by its version"),
        ZoneSource.EVIDENCE: wording.gettext("by its runs"),
        ZoneSource.ASSUMED: wording.gettext("assumed"),
    }
    return words.get(ZoneSource(source), source) if source in set(ZoneSource) else source


def problem_words(wording: Wording) -> dict[str, str]:
    """What is wrong with a field, by its name."""
    return {
        "interval": wording.gettext("A number, or Duplicati’s text such as 1W12h; longer than 5 minutes."),
        "days": wording.gettext("At least one weekday, and an interval with it."),
        "time_of_day": wording.gettext("A time such as 02:00, and an interval with it."),
        "use_mine": wording.gettext("This needs an interval."),
        "tolerance": wording.gettext("One of the list."),
        "watched": wording.gettext("On or off."),
    }


def matching(rows: Iterable[WatchRow], query: str) -> list[WatchRow]:
    """The rows whose server or job has every word of the query."""
    words = query.lower().split()
    if not words:
        return list(rows)
    return [row for row in rows if all(word in f"{row.server_name} {row.server_alias} {row.name}".lower() for word in words)]


def csv_of(rows: Iterable[WatchRow], now: Instant) -> str:
    """The rows as CSV in UTF-8 with the mark by which spreadsheets know it; no cell is taken for a formula. Times are ISO 8601 in UTC."""
    out = io.StringIO()
    out.write(_BOM)
    writer = csv.writer(out)
    writer.writerow(_CSV)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in _cells(row, now)])
    return out.getvalue()


def _cells(row: WatchRow, now: Instant) -> list[str]:
    setting = row.setting
    return [
        row.server_label,
        row.name,
        _yes(setting.watched),
        setting.interval or "",
        " ".join(_WEEK[day] for day in sorted(setting.days)) if setting.interval is not None else "",
        time_text(setting.time_of_day) if setting.time_of_day is not None else "",
        _yes(setting.use_mine),
        tolerance_name(setting.tolerance) if setting.tolerance is not None else "",
        row.due_source or "",
        row.zone,
        row.zone_source,
        iso(row.expected_at) if row.expected_at is not None else "",
        schedule_of(row, now),
        iso(row.last_begun_at) if row.last_begun_at is not None else "",
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _harmless(cell: str) -> str:
    """A spreadsheet shows what begins with an apostrophe, and computes nothing."""
    return "'" + cell if cell.startswith(_FORMULA) else cell
