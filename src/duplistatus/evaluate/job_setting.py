"""What people set for the watching of a job, and for all jobs. Values and their limits: text from outside in; a setting out, or ValueError
with a sentence that says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import DAY, HOUR, MINUTE
from duplistatus.evaluate.interval import Interval, read_interval
from duplistatus.evaluate.next_run import ALL_DAYS

DEFAULT_INTERVAL = "1D"
"""What 1.4.2 answers for a job of which nobody set an interval. It says nothing of the job, so it is never counted with."""

TOLERANCES: dict[str, int] = {
    "no_tolerance": 0,
    "5min": 5 * MINUTE,
    "15min": 15 * MINUTE,
    "30min": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
}
"""Milliseconds after the expected moment, by the names that 1.4.2 gives them."""
CHECK_INTERVALS: dict[str, int | None] = {
    "disabled": None,
    "1min": MINUTE,
    "5min": 5 * MINUTE,
    "10min": 10 * MINUTE,
    "15min": 15 * MINUTE,
    "20min": 20 * MINUTE,
    "30min": 30 * MINUTE,
    "1hour": HOUR,
    "2hours": 2 * HOUR,
}
"""Milliseconds between two checks; None: no message is sent by time."""
FREQUENCIES = ("onetime", "every_day", "every_week", "every_month")
"""How often an overdue job is told of again."""
MOST_SLOTS = 10


@dataclass(frozen=True, slots=True)
class JobSetting:
    """What is set for one job. `interval`: Duplicati's grammar, None where nobody set one; `days`: weekdays, 0 is Sunday; `time_of_day`:
    minutes after midnight in the server's zone, None where the interval counts from the last run; `first_day`: the local day, since
    1970, from which intervals with a time count; `tolerance`: milliseconds, None for that of all jobs; `use_mine`: the setting goes
    before what the server says."""

    watched: bool = True
    use_mine: bool = False
    interval: str | None = None
    days: frozenset[int] = ALL_DAYS
    time_of_day: int | None = None
    first_day: int | None = None
    tolerance: int | None = None

    @property
    def repeat(self) -> Interval | None:
        """The interval, read."""
        return read_interval(self.interval) if self.interval is not None else None


NOT_SET = JobSetting()


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What is set for all jobs: milliseconds of tolerance, the name of the check interval, of the frequency of reminders, and how many
    slots without a success make a job failing."""

    tolerance: int = TOLERANCES["2h"]
    check_interval: str = "5min"
    frequency: str = "every_day"
    failing_after: int = 3

    @property
    def tolerance_name(self) -> str:
        return tolerance_name(self.tolerance)


def read_tolerance(text: str) -> int:
    """Milliseconds of a tolerance by its name. Raises ValueError."""
    found = TOLERANCES.get("no_tolerance" if text == "none" else text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no tolerance; there are {', '.join(TOLERANCES)}")
    return found


def tolerance_name(tolerance: int) -> str:
    """The name of a tolerance that `read_tolerance` has read."""
    return next(name for name, value in TOLERANCES.items() if value == tolerance)


def checked(setting: JobSetting) -> JobSetting:
    """The same setting, where it makes sense. Raises ValueError with a sentence."""
    if setting.interval is not None:
        read_interval(setting.interval)
    if not setting.days:
        raise ValueError("at least one weekday must be allowed")
    if not setting.days <= ALL_DAYS:
        raise ValueError("weekdays are numbers from 0, Sunday, to 6")
    if setting.time_of_day is not None and not 0 <= setting.time_of_day < DAY // MINUTE:
        raise ValueError("the time of day lies between 00:00 and 23:59")
    if setting.interval is None and (setting.use_mine or setting.time_of_day is not None or setting.days != ALL_DAYS):
        raise ValueError("weekdays, a time of day and “use mine” need an interval")
    if setting.tolerance is not None and setting.tolerance not in TOLERANCES.values():
        raise ValueError(f"the tolerance is none of {', '.join(TOLERANCES)}")
    return setting


def checked_watch(settings: WatchSettings) -> WatchSettings:
    """The same settings, where they make sense. Raises ValueError with a sentence."""
    if settings.tolerance not in TOLERANCES.values():
        raise ValueError(f"the tolerance is none of {', '.join(TOLERANCES)}")
    if settings.check_interval not in CHECK_INTERVALS:
        raise ValueError(f"{settings.check_interval[:40]!r} is no check interval; there are {', '.join(CHECK_INTERVALS)}")
    if settings.frequency not in FREQUENCIES:
        raise ValueError(f"{settings.frequency[:40]!r} is no frequency; there are {', '.join(FREQUENCIES)}")
    if not 1 <= settings.failing_after <= MOST_SLOTS:
        raise ValueError(f"a job is failing after 1 to {MOST_SLOTS} scheduled runs without success")
    return settings
