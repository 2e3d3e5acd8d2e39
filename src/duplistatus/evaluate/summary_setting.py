"""When a summary is sent, to whom, and which days it is about. Values and their limits: fields from outside in; a setting out, or
SummaryError with the field and a sentence that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from duplistatus.clock import HOUR, Instant, moment, utc_day
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.notify_setting import addresses_of, check_address
from duplistatus.evaluate.task_times import Calendar, Daily, Monthly, Weekly, preceding

LAST = 0
"""As the day of a month: its last one."""
MOST_DAY = 28
"""The last day that every month has."""
MOST_RECIPIENTS = 20
TOO_LATE = 12 * HOUR
"""Milliseconds after its moment from which on a summary that was missed is not sent any more."""
_WEEKDAYS = 7
_TIME_LETTERS = 5
_LONGEST_ZONE = 64
_EPOCH = date(1970, 1, 1)


class Period(StrEnum):
    """How often a summary comes."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def event(self) -> Event:
        return Event(self.value)


class SummaryError(ValueError):
    """A setting that makes no sense: `field` is its name in the API."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class SummarySetting:
    """One summary. `at`: time of day in `zone`; `weekday`: of a weekly one, 0 is Sunday; `day`: of a monthly one, 1 to 28 or LAST;
    `recipients`: addresses, none for the default recipient of e-mails; `since`: moments up to it do not count, because the setting was
    another one then."""

    enabled: bool = False
    at: time = time(8)
    zone: str = "UTC"
    weekday: int = 1
    day: int = 1
    recipients: tuple[str, ...] = ()
    since: Instant | None = None

    def calendar(self, period: Period) -> Calendar:
        """The rhythm of its moments."""
        zone = ZoneInfo(self.zone)
        match period:
            case Period.DAILY:
                return Daily(self.at, zone)
            case Period.WEEKLY:
                return Weekly(self.at, zone, self.weekday)
            case Period.MONTHLY:
                return Monthly(self.at, zone, self.day)

    def has_same_moments(self, other: SummarySetting) -> bool:
        return replace(self, recipients=(), since=None) == replace(other, recipients=(), since=None)


def slot_of(setting: SummarySetting, period: Period, now: Instant) -> Instant | None:
    """The moment for which a summary is due at `now`; None where it is off, the newest moment is long past, or was before the setting
    became this one."""
    if not setting.enabled:
        return None
    slot = preceding(setting.calendar(period), now)
    if now - slot >= TOO_LATE or (setting.since is not None and slot <= setting.since):
        return None
    return slot


@dataclass(frozen=True, slots=True)
class Days:
    """Days of UTC since 1970, `first` and `last` both included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days that a summary is about, and those before, which it is compared with."""

    days: Days
    before: Days


def stretch_of(period: Period, zone: str, at: Instant) -> Stretch:
    """The days of a weekly or monthly summary at a moment: the seven days, or the month, that ended with the day before. Figures are kept
    by day of UTC: where the day before is not over there yet, they end one day earlier."""
    local = (moment(at).astimezone(ZoneInfo(zone)).date() - _EPOCH).days
    end = min(local, utc_day(at))
    if period is not Period.MONTHLY:
        return Stretch(Days(end - _WEEKDAYS, end - 1), Days(end - 2 * _WEEKDAYS, end - _WEEKDAYS - 1))
    begin, earlier = _months_before(end, 1), _months_before(end, 2)
    return Stretch(Days(begin, end - 1), Days(earlier, begin - 1))


def _months_before(end: int, months: int) -> int:
    """The same day of an earlier month; of the last day of a month the last day of that."""
    day = _EPOCH + timedelta(days=end)
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    is_last = (day + timedelta(days=1)).month != day.month
    return (date(year, month + 1, last.day if is_last else min(day.day, last.day)) - _EPOCH).days


def changed(setting: SummarySetting, fields: Mapping[str, object], now: Instant) -> SummarySetting:
    """The setting with these fields, named as in the API; what is not named stays. Other moments count from `now` on. Raises
    SummaryError."""
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in _READERS:
            raise SummaryError(name, f"there is no field {name[:40]!r}")
        attribute, read = _READERS[name]
        try:
            values[attribute] = read(value)
        except ValueError as error:
            raise SummaryError(name, str(error)) from error
    found = replace(setting, **values)
    return found if found.has_same_moments(setting) else replace(found, since=now)


def fields_of(setting: SummarySetting) -> dict[str, object]:
    """The setting by the names of the API."""
    return {
        "enabled": setting.enabled,
        "at": f"{setting.at:%H:%M}",
        "zone": setting.zone,
        "weekday": setting.weekday,
        "day": setting.day or "last",
        "recipients": list(setting.recipients),
    }


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("enabled must be true or false")
    return value


def _time(value: object) -> time:
    try:
        if isinstance(value, str) and len(value) == _TIME_LETTERS:
            hour, colon, minute = value.partition(":")
            if colon and (hour + minute).isascii() and hour.isdecimal() and minute.isdecimal():
                return time(int(hour), int(minute))
    except ValueError:
        pass
    raise ValueError("the time must be from 00:00 to 23:59")


def _zone(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_ZONE and not value.startswith(("/", ".")):
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ValueError("the zone must be a time zone such as Europe/Oslo")


def _weekday(value: object) -> int:
    if type(value) is not int or not 0 <= value < _WEEKDAYS:
        raise ValueError("the weekday must be a number from 0, Sunday, to 6")
    return value


def _day(value: object) -> int:
    if value == "last":
        return LAST
    if type(value) is not int or not 1 <= value <= MOST_DAY:
        raise ValueError(f"the day must be a number from 1 to {MOST_DAY}, or “last”")
    return value


def _recipients(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("the recipients must be a list of e-mail addresses")
    found = addresses_of("\n".join(value))
    if len(found) > MOST_RECIPIENTS:
        raise ValueError(f"there are more than {MOST_RECIPIENTS} recipients")
    for address in found:
        check_address(address)
    return found


_READERS: Mapping[str, tuple[str, Any]] = {
    "enabled": ("enabled", _flag),
    "at": ("at", _time),
    "zone": ("zone", _zone),
    "weekday": ("weekday", _weekday),
    "day": ("day", _day),
    "recipients": ("recipients", _recipients),
}
