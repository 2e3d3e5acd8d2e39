"""When a job is due. In: its schedule, the machine's zone and a moment; out: the next planned start after it, as Duplicati counts with
its time zone set: days keep their time of day over a change of the clock, intervals of hours are counted in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from duplistatus.clock import HOUR, MINUTE, Instant, instant, moment
from duplistatus.ingest.demo.fleet import Schedule

_HOURS_OF_A_DAY = 24


def next_slot(schedule: Schedule, zone: ZoneInfo, after: Instant) -> Instant:
    """The first planned start later than `after`."""
    if schedule.every_hours < _HOURS_OF_A_DAY:
        step = schedule.every_hours * HOUR
        phase = schedule.hour * HOUR + schedule.minute * MINUTE
        return Instant(((after - phase) // step + 1) * step + phase)
    day = moment(after).astimezone(zone).date()
    while True:
        if day.weekday() in schedule.weekdays:
            start = instant(datetime(day.year, day.month, day.day, schedule.hour, schedule.minute, tzinfo=zone))
            if start > after:
                return start
        day += timedelta(days=1)


def slots(schedule: Schedule, zone: ZoneInfo, after: Instant) -> Iterator[Instant]:
    """All planned starts later than `after`, without end."""
    while True:
        after = next_slot(schedule, zone, after)
        yield after
