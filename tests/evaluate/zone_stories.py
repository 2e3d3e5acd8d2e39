"""Stories of servers whose zone the tests know: Duplicati's own rule makes the slots."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, HOUR, SECOND, Instant, instant, moment
from duplistatus.evaluate.interval import read_interval
from duplistatus.evaluate.next_run import ALL_DAYS, next_run, next_run_before_2_1_2
from duplistatus.evaluate.zone_evidence import (
    NO_EVIDENCE,
    ServerZone,
    Slot,
    ZoneEvidence,
    ZoneSource,
    decide,
)

NOW_VERSION = "2.3.0.4 (2.3.0.4_stable_2026-07-09)"
NEAR = "Asia/Manila"
MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})
HOSTS = ["Europe/Berlin", "America/New_York", "Australia/Sydney"]


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def decided(*evidence: ZoneEvidence, near: str = NEAR, host_zone: str | None = None, version: str = NOW_VERSION) -> ServerZone:
    return decide(zone_set=None, zone_told=None, host_zone=host_zone, version=version, evidence=evidence, near=near)


def folded(slots: Iterable[Slot]) -> ZoneEvidence:
    return reduce(ZoneEvidence.after, slots, NO_EVIDENCE)


def minutes(zone: str, when: Instant) -> int:
    offset = moment(when).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(minutes=1)


@dataclass(frozen=True)
class Story:
    """A server that counts in `zone`, on a host in `host`; a job and its first slot. `down`: days of the story on which the computer is
    off; `announces`: whether reports tell the next slot; `lag`: the most milliseconds by which a run begins after its slot."""

    zone: str
    host: str
    first: str
    interval: str = "1D"
    days: frozenset[int] = ALL_DAYS
    down: frozenset[int] = frozenset()
    announces: bool = True
    lag: int = 5 * SECOND
    length: int = 730
    older: bool = False

    def slots(self) -> Iterator[Slot]:
        chance = random.Random(self.first)
        interval, zone = read_interval(self.interval), ZoneInfo(self.zone)
        compute = next_run_before_2_1_2 if self.older else next_run
        begin = slot = compute(at(self.first), at(self.first), interval, self.days, zone)
        while slot < begin + self.length * DAY:
            begun = Instant(slot + chance.randrange(self.lag))
            if (begun - begin) // DAY in self.down:
                begun = Instant((begun // DAY + 1) * DAY + chance.randrange(HOUR))
                while (begun - begin) // DAY in self.down:
                    begun = Instant(begun + DAY)
            following = compute(slot, Instant(begun + 1), interval, self.days, zone)
            made_at = Instant(begun + 2 * SECOND)
            yield Slot(begun, following if self.announces else begun, self.announces, made_at, minutes(self.host, made_at))
            slot = following

    def told(self) -> Iterator[tuple[Slot, ZoneEvidence]]:
        evidence = NO_EVIDENCE
        for slot in self.slots():
            evidence = evidence.after(slot)
            yield slot, evidence


def may_be(found: ServerZone, story: Story) -> bool:
    """Whether a decision is right, or none: the right zone may be called by another one's name until their clocks have differed."""
    return found.source == ZoneSource.ASSUMED or (found.name == "UTC") == (story.zone == "UTC")


PATTERNS = {
    "daily": ("1D", ALL_DAYS),
    "Monday to Friday": ("1D", MONDAY_TO_FRIDAY),
    "Monday to Saturday": ("1D", ALL_DAYS - {0}),
    "every six hours": ("6h", ALL_DAYS),
    "every hour": ("1h", ALL_DAYS),
    "every six hours, Monday to Friday": ("6h", MONDAY_TO_FRIDAY),
    "every second day": ("2D", ALL_DAYS),
    "every third day": ("3D", ALL_DAYS),
    "every 24 hours": ("24h", ALL_DAYS),
    "weekly": ("1W", ALL_DAYS),
    "Sundays": ("1D", frozenset({0})),
    "Saturdays": ("1D", frozenset({6})),
    "Fridays": ("1D", frozenset({5})),
    "Tuesday, Thursday, Saturday": ("1D", frozenset({2, 4, 6})),
    "nights after workdays": ("1D", frozenset({2, 3, 4, 5, 6})),
    "monthly": ("1M", ALL_DAYS),
}
TIMES = ["00:30", "01:30", "02:15", "05:00", "12:00", "16:45", "20:30", "22:30", "23:30"]
OFF_AT_WEEKENDS = frozenset(day for day in range(731) if day % 7 in {5, 6})
ALIKE = {
    # A Tuesday to Saturday of UTC that is a Monday to Friday by the host's weekday: the same slots as the much likelier latter.
    ("nights after workdays", "UTC"),
    # The same slots as those of a daily job that is counted in UTC.
    ("every 24 hours", "the host's zone"),
}


def daily(zone: str, first: str, length: int, interval: str = "1D") -> list[Slot]:
    return list(Story(zone, "Europe/Berlin", first, interval, length=length).slots())
