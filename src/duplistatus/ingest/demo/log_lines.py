"""The log of an operation as Duplicati writes it. In: an event; out: its lines in order and what the results need to know of them: the
volumes verified and the calls made. Every line begins with the machine's local time in its culture."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from duplistatus.clock import SECOND, Instant, moment
from duplistatus.ingest.demo.event import Event, Operation
from duplistatus.ingest.demo.fleet import Trouble
from duplistatus.ingest.demo.mishaps import Line, Mishap, mishap
from duplistatus.ingest.demo.wording import CULTURES

_MAIN = "Duplicati.Library.Main"
_EVENT = ("Information", f"{_MAIN}.BasicResults-BackendEvent")
_DELETE = f"{_MAIN}.Operation.DeleteHandler"
_POLICY = f"{_DELETE}:RetentionPolicy"
_NOT_LISTED = {Trouble.UNREACHABLE, Trouble.CREDENTIALS}
_ENDS_EARLY = {*_NOT_LISTED, Trouble.MISSING_VOLUMES}


@dataclass(slots=True)
class Told:
    """The lines and what was counted while they were written."""

    mishap: Mishap
    lines: list[str] = field(default_factory=list)
    warnings: int = 0
    errors: int = 0
    messages: int = 0
    calls: int = 0
    retries: int = 0
    downloaded: int = 0
    downloads: int = 0
    verified: list[str] = field(default_factory=list)


class _Pen:
    """Writes lines; time passes from the begin to the end of the event as it writes."""

    def __init__(self, event: Event, told: Told, chance: Random) -> None:
        self.event, self.told, self.chance = event, told, chance
        self.culture = CULTURES[event.machine.culture]
        self.old_units = not event.release.full_extra
        self.begin = moment(event.begun_at).astimezone(ZoneInfo(event.machine.zone))
        self.seconds = max(0, (event.ended_at - event.begun_at) // SECOND)
        offset = self.begin.utcoffset() or timedelta()
        self.offset = offset
        self.hours = f"{int(offset / timedelta(hours=1)):+03d}"
        self.suffix = ".zip.aes" if event.machine.encrypted else ".zip"
        self.at(0.0)

    def at(self, share: float) -> None:
        """Moves to that share of the operation's time."""
        local = self.begin + timedelta(seconds=int(self.seconds * share))
        colon = self.culture.colon
        clock = f"{local.hour:02}{colon}{local.minute:02}{colon}{local.second:02}"
        self.stamp = f"{local.year}-{local.month:02}-{local.day:02} {clock} {self.hours} - ["

    def write(self, level: str, source: str, message: str) -> None:
        told = self.told
        if level == "Information":
            told.messages += 1
            if not self.event.machine.information:
                return
        elif level == "Warning":
            told.warnings += 1
        else:
            told.errors += 1
        told.lines.append(f"{self.stamp}{level}-{source}]: {message}")

    def write_line(self, line: Line) -> None:
        self.write(line.level, line.source, line.message)

    def text(self, size: int) -> str:
        return self.culture.size(size, old_units=self.old_units)

    def local(self, at: Instant) -> str:
        """A version's time in the culture, with the zone's offset at that time."""
        return self.culture.date_time(moment(at).astimezone(self.begin.tzinfo))

    def call(self, action: str, name: str, size: str) -> None:
        """The two lines of a finished transfer."""
        self.told.calls += 1
        self.write(*_EVENT, f"Backend event: {action} - Started: {name} ({size})")
        self.write(*_EVENT, f"Backend event: {action} - Completed: {name} ({size})")

    def list_destination(self) -> None:
        self.told.calls += 1
        self.write(*_EVENT, "Backend event: List - Started:  ()")
        if self.event.trouble in _NOT_LISTED:
            for _ in range(5):
                self.told.retries += 1
                self.write(*_EVENT, "Backend event: List - Retrying:  ()")
                self.write(*_EVENT, "Backend event: List - Started:  ()")
            self.write(*_EVENT, "Backend event: List - Failed:  ()")
            return
        self.write(*_EVENT, f"Backend event: List - Completed:  ({self.text(self.event.destination.files)})")
        if self.event.release.full_extra:
            self.told.calls += 1
            self.write(*_EVENT, "Backend event: QuotaInfo - Started:  ()")

    def volume(self, letter: str) -> str:
        kind = "dblock" if letter == "b" else "dindex"
        return f"duplicati-{letter}{self.chance.getrandbits(128):032x}.{kind}{self.suffix}"

    def file_list(self, at: Instant) -> str:
        return f"duplicati-{moment(at):%Y%m%dT%H%M%SZ}.dlist{self.suffix}"

    def get(self, name: str, size: int) -> None:
        self.told.downloads += 1
        self.told.downloaded += size
        self.call("Get", name, self.text(size))


def tell_log(event: Event) -> Told:
    """The log of an event."""
    chance = Random(event.key)  # noqa: S311 - invented volume names
    told = Told(mishap(event, chance))
    pen = _Pen(event, told, chance)
    pen.write("Information", f"{_MAIN}.Controller-StartingOperation", pen.culture.started.format(event.operation))
    pen.list_destination()
    for line in told.mishap.early:
        pen.write_line(line)
    if event.trouble not in _ENDS_EARLY:
        _AFTER_LISTING[event.operation](pen)
    pen.at(1.0)
    for line in told.mishap.late:
        pen.write_line(line)
    return told


def _backup(pen: _Pen) -> None:
    event = pen.event
    _send(pen)
    if event.trouble is Trouble.STOPPED:
        return
    pen.at(0.9)
    _remove(pen)
    if event.compacted or event.uploaded:
        _compact(pen)
    pen.at(0.94)
    pen.list_destination()
    _verify(pen)


def _send(pen: _Pen) -> None:
    volumes = pen.event.uploaded
    for number, size in enumerate(volumes):
        pen.at(0.1 + 0.75 * number / len(volumes))
        pen.call("Put", pen.volume("b"), pen.text(size))
        pen.call("Put", pen.volume("i"), pen.text(index_size(size)))
    if volumes and pen.event.trouble is not Trouble.STOPPED:
        pen.call("Put", pen.file_list(pen.event.before[0]), pen.text(list_size(pen.event)))


def index_size(volume: int) -> int:
    """Size of the index of a data volume, in bytes."""
    return 540 + volume // 310


def list_size(event: Event) -> int:
    """Size of a version's list of files, in bytes."""
    return 1_400 + event.change.examined_files * 41


def _remove(pen: _Pen) -> None:
    event, retention = pen.event, pen.event.job.retention
    if retention.frames:
        frames = ", ".join(f"{days}.00:00:00 / {'Keep all' if every is None else f'{every}.00:00:00'}" for days, every in retention.frames)
        for name, text in (
            ("StartCheck", "Start checking if backups can be removed"),
            ("FramesAndIntervals", f"Time frames and intervals pairs: {frames}"),
            ("BackupList", f"Backups to consider: {_dates(pen, event.considered)}"),
            ("BackupsToDelete", f"Backups outside of all time frames and thus getting deleted: {_dates(pen, event.removal.outside)}"),
            ("AllBackupsToDelete", f"All backups to delete: {_dates(pen, event.removal.all)}"),
        ):
            pen.write("Information", f"{_POLICY}-{name}", text)
    if event.removal.all:
        count = len(event.removal.all)
        pen.write("Information", f"{_DELETE}-DeleteRemoteFileset", f"Deleting {count} remote fileset(s) ...")
        for version in event.removal.all:
            pen.call("Delete", pen.file_list(version), pen.text(list_size(event)))
        pen.write("Information", f"{_DELETE}-DeleteResults", f"Deleted {count} remote fileset(s)")
    elif removes(event) and event.release.full_extra:
        pen.write("Information", f"{_DELETE}-NoFilesetsToDelete", "No remote filesets should be deleted")
    elif removes(event):
        pen.write("Information", f"{_DELETE}-DeleteResults", "No remote filesets were deleted")


def removes(event: Event) -> bool:
    """True when the job has a rule that removes versions."""
    retention = event.job.retention
    return bool(retention.frames) or retention.versions is not None or retention.days is not None


def _dates(pen: _Pen, versions: tuple[Instant, ...]) -> str:
    return ", ".join(map(pen.local, versions))


def _compact(pen: _Pen) -> None:
    event = pen.event
    database = f"{_MAIN}.Database.{'Local.' if event.release.since_2_3 else ''}LocalDeleteDatabase"
    if not event.compacted:
        pen.write("Information", f"{database}-CompactReason", "Compacting not required")
        return
    wasted = 25 + pen.chance.random() * 4
    pen.write("Information", f"{database}-CompactReason", f"Compacting because there is {wasted:.2f}% wasted space and the limit is 25%")
    volume = event.job.volume_size
    count = min(40, max(2, event.compacted // volume))
    for _ in range(count):
        pen.get(pen.volume("b"), volume)
    pen.call("Put", pen.volume("b"), pen.text(volume))
    pen.call("Put", pen.volume("i"), pen.text(index_size(volume)))
    for _ in range(count):
        pen.call("Delete", pen.volume("b"), pen.text(volume))
        pen.call("Delete", pen.volume("i"), pen.text(index_size(volume)))
    message = (
        f"Downloaded {count} file(s) with a total size of {pen.text(count * volume)}, deleted {2 * count} file(s) with a total size of "
        f"{pen.text(count * (volume + index_size(volume)))}, and compacted to 2 file(s) with a size of {pen.text(volume)}, which reduced "
        f"storage by {2 * count - 2} file(s) and {pen.text(event.compacted)}"
    )
    pen.write("Information", f"{_MAIN}.Operation.CompactHandler-CompactResults", message)


def _verify(pen: _Pen) -> None:
    """Downloads one file of each kind and says so."""
    event, told = pen.event, pen.told
    if not event.before:
        return
    version = event.before[0] if event.uploaded else event.before[pen.chance.randrange(len(event.before))]
    told.verified = [pen.file_list(version), pen.volume("i"), pen.volume("b")]
    volume = event.job.volume_size
    for name, size in zip(told.verified, (list_size(event), index_size(volume), volume), strict=True):
        pen.at(0.95)
        pen.get(name, size)
    if event.trouble is not Trouble.DAMAGED_VOLUME:
        pen.write("Information", f"{_MAIN}.Operation.TestHandler-Test results", pen.culture.verified.format(len(told.verified)))


def _restore(pen: _Pen) -> None:
    event = pen.event
    found = moment(event.before[0])
    text = CULTURES["invariant"].date_time(found)
    pen.write("Information", f"{_MAIN}.Database.LocalRestoreDatabase-SearchingBackup", f"Searching backup 0 ({text}) ...")
    count = min(24, 1 + event.change.restored_size // event.job.volume_size)
    for number in range(count):
        pen.at(0.1 + 0.8 * number / count)
        pen.get(pen.volume("b"), event.job.volume_size)


def _repair(pen: _Pen) -> None:
    message = "Destination and database are synchronized, not making any changes"
    pen.write("Information", f"{_MAIN}.Operation.RepairHandler-DatabaseIsSynchronized", message)


_AFTER_LISTING = {Operation.BACKUP: _backup, Operation.TEST: _verify, Operation.RESTORE: _restore, Operation.REPAIR: _repair}


def local_with_offset(event: Event, at: Instant) -> str:
    """`2026-07-10T03:00:01+02:00`: how a version's time is written in results."""
    local: datetime = moment(at).astimezone(ZoneInfo(event.machine.zone))
    return local.isoformat(timespec="seconds")
