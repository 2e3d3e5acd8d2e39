"""Versions that the log lines of a report name: the lines of Duplicati's retention policy enter, the versions that remain after the run
leave, newest first. The dates are local and of any culture, so one order of the fields and one calendar are decided for the whole list;
where the text leaves two possible, or it stays open which of two equal hours is meant, nothing is answered: never a wrong time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from duplistatus.clock import Instant, moment
from duplistatus.report.cultures import Reading, Stamps, readings, stamps
from duplistatus.report.report import Version

_POLICY = "RetentionPolicy-"
_CONSIDERED = "RetentionPolicy-BackupList]: "
_DELETED = "RetentionPolicy-AllBackupsToDelete]: "

_NOT_SAID = "not said"
"""No list of dates, while an empty text is an empty one."""

_SET_BACK = timedelta(hours=3)
"""The most by which clocks are set back (in Antarctica; by an hour elsewhere): by so much may a later version show an earlier time."""

_CLOCK_OF_12 = range(1, 13)

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - times of the log have no zone
_MILLISECOND = timedelta(milliseconds=1)
_MINUTE = timedelta(minutes=1)
_NO_TIME = timedelta()


def listed_versions(lines: Iterable[str], newest: Version | None, zone: ZoneInfo | None) -> tuple[Version, ...] | None:
    """The versions that remain, newest first, without the newest of all, which Duplicati leaves out of these lines.

    `newest` is the report's `LastBackupDate`, `zone` that of the server. None where the lines are missing or cut, or the text cannot
    decide. 1. What `Backups to consider:` lists, without what `All backups to delete:` names of it. 2. All orders of the fields and
    calendars in which the dates exist, strictly descend and none is after `newest`; of several, the one in which the first date is of the
    same day as `newest`. 3. Instants by the zone, if it gives `newest` its offset and has all these times; a time that it had twice must
    follow from the order.
    """
    considered, deleted = map(stamps, _retention_texts(lines))
    if considered is None or deleted is None:
        return None
    remaining = Counter(considered.items)
    remaining.subtract(deleted.items)
    kept = [index for index, item in enumerate(considered.items) if remaining[item] > 0]
    if any(remaining[item] for item in deleted.items):
        return None  # not in the list, or one of two with the same text: which one is not said
    if not kept:
        return ()
    return _dated(considered, kept, newest, zone) if newest is not None else None


def _dated(considered: Stamps, kept: list[int], newest: Version, zone: ZoneInfo | None) -> tuple[Version, ...] | None:
    if zone is not None and not _agrees(zone, newest):
        zone = None
    wall = _wall(newest)
    if considered.marker_lost and wall.hour not in _CLOCK_OF_12:
        return None
    reading = _choose([*readings(considered, wall.date())], newest, zone)
    if reading is None:
        return None
    placed = _placed(reading, newest, zone) if zone is not None else None
    if placed is None:
        offset = timedelta(minutes=newest.offset_minutes)
        return tuple(_at(at, offset, exact=at == wall) for at in map(reading.walls.__getitem__, kept))
    if any(len(placed[index]) > 1 for index in kept):
        return None
    return tuple(placed[index][0] for index in kept)


def _retention_texts(lines: Iterable[str]) -> tuple[str, str]:
    """The lists of dates that were considered and that are to be deleted, of the last check in the log, `not said` where missing."""
    considered = deleted = _NOT_SAID
    for line in lines:
        if _POLICY not in line:
            continue
        if _CONSIDERED in line:
            considered, deleted = _dates(line, _CONSIDERED), _NOT_SAID
        elif _DELETED in line:
            deleted = _dates(line, _DELETED)
    return considered, deleted


def _dates(line: str, tag: str) -> str:
    """What follows the words of the message, which Duplicati does not translate."""
    return line.partition(tag)[2].partition(":")[2].strip()


# --- the decision ------------------------------------------------------------------------------------------------------------------


def _choose(possible: list[Reading], newest: Version, zone: ZoneInfo | None) -> Reading | None:
    """The one reading that fits, None where there is none or it stays open. Without a zone, dates that ascend by as much as clocks are
    set back do not rule a reading out, but never win against another one."""
    wall = _wall(newest)
    sure, unsure = [], []
    for reading in possible:
        if _descends(reading.walls, wall, _NO_TIME) or (zone is not None and _placed(reading, newest, zone) is not None):
            sure.append(reading)
        elif zone is None and _descends(reading.walls, wall, _SET_BACK):
            unsure.append(reading)
    usual = [reading for reading in (*sure, *unsure) if reading.order != "YDM"]  # else every list of ISO dates were in doubt
    fitting = {reading.walls: reading for reading in usual or (*sure, *unsure)}
    if len(fitting) == 1:
        return fitting.popitem()[1]
    of_that_day = [walls for walls in fitting if walls[0].date() == wall.date()]
    # A version of some weeks ago can show that day too, with day and month swapped; then the rest of the list reaches back too far.
    if len(of_that_day) != 1 or of_that_day[0][-1] < max(walls[-1] for walls in fitting):
        return None
    return fitting[of_that_day[0]] if fitting[of_that_day[0]] in sure else None


def _descends(walls: tuple[datetime, ...], newest: datetime, tolerance: timedelta) -> bool:
    """Whether no date is after the newest and each is before the one that precedes it, both but for the tolerance."""
    return walls[0] <= newest + tolerance and all(later + tolerance > earlier for later, earlier in pairwise(walls))


# --- instants ----------------------------------------------------------------------------------------------------------------------


def _wall(version: Version) -> datetime:
    """The local time of a version, without a zone."""
    return (moment(version.at) + timedelta(minutes=version.offset_minutes)).replace(tzinfo=None, microsecond=0)


def _agrees(zone: ZoneInfo, newest: Version) -> bool:
    return moment(newest.at).astimezone(zone).utcoffset() == timedelta(minutes=newest.offset_minutes)


def _placed(reading: Reading, newest: Version, zone: ZoneInfo) -> list[list[Version]] | None:
    """The versions that each date of a reading may mean in a zone so that all descend and none is after the newest: one; two where the
    order does not tell which of two passes of the clock is meant. None where a date does not exist in the zone, or nothing descends."""
    possible: list[list[Version]] = []
    bound = newest.at + 1
    for wall in reading.walls:
        before = [version for version in _in_zone(wall, zone) if version.at < bound]
        if not before:
            return None
        possible.append(before)
        bound = before[-1].at
    for older, newer in pairwise(reversed(possible)):
        if len(newer) > 1:
            newer[:] = [version for version in newer if version.at > older[0].at]
    return possible


def _in_zone(wall: datetime, zone: ZoneInfo) -> list[Version]:
    """The versions that a local time may mean in a zone, oldest first: two where clocks are set back over it, none where forward."""
    local = wall.replace(tzinfo=zone)
    before, after = local.utcoffset() or _NO_TIME, local.replace(fold=1).utcoffset() or _NO_TIME
    if before == after:
        return [_at(wall, before)]
    return [_at(wall, before), _at(wall, after)] if before > after else []


def _at(wall: datetime, offset: timedelta, *, exact: bool = True) -> Version:
    return Version(Instant((wall - _EPOCH - offset) // _MILLISECOND), offset // _MINUTE, exact)
