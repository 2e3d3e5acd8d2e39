"""Changes of what is set for a job. In: what somebody sends, by name, as JSON holds it; out: the change, and the setting that it leads to,
or `SettingError` with the field and a sentence. What is not named stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from duplistatus.clock import DAY, MINUTE
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.job_setting import NOT_SET, JobSetting, checked, read_tolerance
from duplistatus.evaluate.next_run import ALL_DAYS

Field = Literal["watched", "use_mine", "interval", "days", "time_of_day", "tolerance"]
Sent = Mapping[str, object]

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_HOUR = 60
_MOST_LETTERS = 200
"""Of an interval."""


class SettingError(ValueError):
    """A value that makes no sense. `field`: the one that is wrong."""

    def __init__(self, field: Field, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class SettingChange:
    """What is to become another; `named` holds the fields that are, `to` their values."""

    named: frozenset[Field]
    to: JobSetting


BACK_TO_SERVER = SettingChange(frozenset({"interval"}), NOT_SET)
"""Nobody's interval: the job is expected when its server says."""


def changed(setting: JobSetting, change: SettingChange, first_day: int) -> JobSetting:
    """The setting after the change. Without an interval, weekdays, time and “use mine” are as if nobody had set them; with a time, a new
    interval or time counts from `first_day`. Raises SettingError."""
    wanted = replace(setting, **{name: getattr(change.to, name) for name in change.named})
    if wanted.interval is None and "interval" in change.named:
        wanted = replace(wanted, use_mine=False, days=ALL_DAYS, time_of_day=None)
    if wanted.interval is None:
        _check_bare(wanted)
    is_new = (wanted.interval, wanted.time_of_day) != (setting.interval, setting.time_of_day) or setting.first_day is None
    if wanted.time_of_day is None:
        wanted = replace(wanted, first_day=None)
    elif is_new:
        wanted = replace(wanted, first_day=first_day)
    return checked(wanted)


def _check_bare(setting: JobSetting) -> None:
    """Raises where something is set that needs an interval."""
    if setting.days != ALL_DAYS:
        raise SettingError("days", "weekdays need an interval")
    if setting.time_of_day is not None:
        raise SettingError("time_of_day", "a time of day needs an interval")
    if setting.use_mine:
        raise SettingError("use_mine", "“use mine” needs an interval")


def read_change(sent: Sent) -> SettingChange:
    """A change in the words of our own interface: `watched`, `use_mine`, `interval` (null: as the server says), `days` (0 is Sunday),
    `time_of_day` (`02:00` or null), `tolerance` (a name or null). Raises SettingError; names that it does not know are passed over."""
    named: set[Field] = set()
    setting = NOT_SET
    if "watched" in sent:
        named.add("watched")
        setting = replace(setting, watched=read_flag("watched", sent["watched"]))
    if "use_mine" in sent:
        named.add("use_mine")
        setting = replace(setting, use_mine=read_flag("use_mine", sent["use_mine"]))
    if "interval" in sent:
        named.add("interval")
        setting = replace(setting, interval=read_interval_text(sent["interval"]))
    if "days" in sent:
        named.add("days")
        setting = replace(setting, days=read_weekdays(sent["days"]))
    if "time_of_day" in sent:
        named.add("time_of_day")
        setting = replace(setting, time_of_day=read_time_of_day(sent["time_of_day"]))
    if "tolerance" in sent:
        named.add("tolerance")
        setting = replace(setting, tolerance=read_own_tolerance(sent["tolerance"]))
    return SettingChange(frozenset(named), setting)


def read_flag(field: Literal["watched", "use_mine"], value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingError(field, f"{field} is true or false")
    return value


def read_interval_text(value: object) -> str | None:
    """Duplicati's text of an interval, checked; None where it is null or empty."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MOST_LETTERS:
        raise SettingError("interval", "an interval is text such as 1D")
    text = value.strip()
    if not text:
        return None
    try:
        read_interval(text)
    except ValueError as error:
        raise SettingError("interval", str(error)) from None
    return text


def read_weekdays(value: object) -> frozenset[int]:
    """A list of weekdays, 0 is Sunday."""
    if not isinstance(value, list) or not all(type(day) is int and day in ALL_DAYS for day in value):
        raise SettingError("days", "weekdays are a list of numbers from 0, Sunday, to 6")
    if not value:
        raise SettingError("days", "at least one weekday must be allowed")
    return frozenset(value)


def read_time_of_day(value: object) -> int | None:
    """Minutes after midnight of `02:00`; None where it is null or empty."""
    if value is None or value == "":
        return None
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise SettingError("time_of_day", "a time of day is text such as 02:00, from 00:00 to 23:59")
    return int(found[1]) * _HOUR + int(found[2])


def time_text(minutes: int) -> str:
    """`02:00` of minutes after midnight."""
    hour, minute = divmod(minutes % (DAY // MINUTE), _HOUR)
    return f"{hour:02}:{minute:02}"


def read_own_tolerance(value: object) -> int | None:
    """Milliseconds of a tolerance by its name; None where it is null or empty: that of all jobs."""
    if value is None or value == "":
        return None
    try:
        return read_tolerance(value if isinstance(value, str) else "")
    except ValueError as error:
        raise SettingError("tolerance", str(error)) from None
