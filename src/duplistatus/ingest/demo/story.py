"""What happened to the fleet. In: the machines, a seed, the present moment and the years to look back; out: events in the order in which
they ended, without end: those after the present go on as the past did. Pure and seeded: the same arguments tell the same story, and
every job has a source of chance of its own, so that a change to one leaves the others as they were."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from random import Random
from zoneinfo import ZoneInfo

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, moment
from duplistatus.ingest.demo.event import Change, Destination, Event, Operation
from duplistatus.ingest.demo.fleet import GIB, Job, Machine, Rhythm, Trouble
from duplistatus.ingest.demo.machines import MACHINES
from duplistatus.ingest.demo.releases import release_of
from duplistatus.ingest.demo.retention import Removal, removal
from duplistatus.ingest.demo.seasons import factor, is_holiday
from duplistatus.ingest.demo.slots import slots

YEAR = 365 * DAY
_WARM_UP = 400 * DAY
_FOREVER = Instant(2**62)
# These end a run before anything is stored.
_FATAL = {Trouble.UNREACHABLE, Trouble.CREDENTIALS, Trouble.MISSING_VOLUMES}
_FILES_A_SECOND = 2_500
_MOST_VOLUMES = 900


def tell(seed: int, now: Instant, years: float = 2.0, machines: tuple[Machine, ...] = MACHINES) -> Iterator[Event]:
    """The events from `now` minus `years` on, in the order of their ends."""
    begin = Instant(int(now - years * YEAR))
    lives = [_Life(machine, job, seed, now).events(begin) for machine in machines for job in machine.jobs]
    return heapq.merge(*lives, key=lambda event: event.ended_at)


class _Life:
    """The state of one job while its story is told."""

    def __init__(self, machine: Machine, job: Job, seed: int, now: Instant) -> None:
        self.machine, self.job, self.now = machine, job, now
        self.chance = Random(f"{seed} {machine.name} {job.name}")  # noqa: S311 - a story, not a secret
        self.zone = ZoneInfo(machine.zone)
        self.files = job.files
        self.size = job.size
        self.stored = int(job.size * self.chance.uniform(0.55, 0.8))
        self.versions: tuple[Instant, ...] = ()
        self.free_at = Instant(0)
        self.wasted = 0
        self.imports = sorted((Instant(int(now - days * DAY)), size) for days, size in job.imports)

    def events(self, begin: Instant) -> Iterator[Event]:
        """All operations that began at `begin` or later. Older starts only leave their versions behind."""
        job = self.job
        born = Instant(int(self.now - job.began_days_ago * DAY)) if job.began_days_ago is not None else None
        first = born if born is not None and born > begin else None
        silence = Instant(int(self.now - self.machine.silent_days * DAY)) if self.machine.silent_days else _FOREVER
        for slot, after in self._starts(first or Instant(begin - _WARM_UP)):
            if slot >= silence:
                return
            if slot < begin:
                self._remember(slot)
                continue
            if self._is_off(slot):
                continue
            if job.schedule is not None and job.schedule.every_hours == 24 and slot < self.free_at:  # noqa: PLR2004 - a day
                continue
            run = self._backup(slot, after, initial=first is not None and not self.versions)
            yield run
            yield from self._by_hand(run, silence)

    def _starts(self, after: Instant) -> Iterator[tuple[Instant, Instant | None]]:
        """Planned starts, each with the one after it; starts by hand have none."""
        if self.job.schedule is None:
            at = after
            while True:
                at = Instant(at + int(self.chance.uniform(24, 37) * DAY))
                local = moment(at).astimezone(self.zone)
                at = Instant(at - (local.hour - self.chance.choice((9, 10, 14, 16))) * HOUR - max(0, local.weekday() - 4) * DAY)
                yield at, None
        previous: Instant | None = None
        for slot in slots(self.job.schedule, self.zone, after):
            if previous is not None:
                yield previous, slot
            previous = slot

    def _is_off(self, slot: Instant) -> bool:
        """Machines of people are off at times, more often in holidays."""
        if not self.machine.off_share:
            return False
        day = moment(slot).astimezone(self.zone).date()
        return self.chance.random() < (0.75 if is_holiday(day) else self.machine.off_share)

    def _remember(self, slot: Instant) -> None:
        """A run before the story: only its version counts."""
        version = Instant(slot // SECOND * SECOND + SECOND)
        versions = (version, *self.versions)
        gone = set(removal(versions, self.job.retention, slot).all)
        self.versions = tuple(each for each in versions if each not in gone)

    def _trouble(self, slot: Instant) -> Trouble | None:
        ago = (self.now - slot) / DAY
        for episode in self.job.episodes:
            if episode.begin >= ago and (ago > episode.end or episode.end == 0) and self.chance.random() < episode.share:
                return episode.trouble
        for trouble, probability in self.job.hiccups:
            if self.chance.random() < probability:
                return trouble
        return None

    def _backup(self, slot: Instant, after: Instant | None, *, initial: bool) -> Event:
        """1. the source changes; 2. what is new goes to the destination; 3. retention; 4. compacting."""
        begun_at = Instant(max(slot, self.free_at) + self.chance.randint(20, 4_800))
        trouble = None if initial else self._trouble(slot)
        change = self._grow(begun_at, initial=initial)
        fatal = trouble in _FATAL
        volumes = () if fatal else self._volumes(change, initial=initial)
        before = self.versions
        if volumes and trouble is not Trouble.STOPPED:
            before = (Instant(begun_at // SECOND * SECOND + SECOND), *self.versions)
        gone = Removal() if fatal or trouble in {Trouble.STOPPED, Trouble.DAMAGED_VOLUME} else removal(before, self.job.retention, begun_at)
        self.versions = tuple(version for version in before if version not in gone.all) if gone.all else before
        self.stored += sum(volumes)
        compacted = self._compact(len(gone.all), change)
        seconds = self._seconds(change, sum(volumes), trouble)
        ended_at = Instant(begun_at + int(seconds * SECOND))
        self.free_at = Instant(ended_at + MINUTE)
        return Event(
            machine=self.machine,
            job=self.job,
            job_name=self._name(begun_at),
            release=release_of(self.machine, begun_at),
            operation=Operation.BACKUP,
            begun_at=begun_at,
            ended_at=ended_at,
            next_run=after,
            key=self.chance.getrandbits(62),
            trouble=trouble,
            change=Change() if fatal else change,
            uploaded=volumes,
            considered=before[1:] if self.job.retention.frames else (),
            before=before,
            removal=gone,
            compacted=compacted,
            destination=self._destination(),
        )

    def _grow(self, at: Instant, *, initial: bool) -> Change:
        """Changes the source as the season says, plus what came at once since the run before."""
        job, chance = self.job, self.chance
        if initial:
            return Change(self.files, self.size, self.files, self.size, added_folders=self.files // 14)
        day = moment(at).astimezone(self.zone).date()
        share = 7.0 if job.schedule and len(job.schedule.weekdays) == 1 else 30.0 if job.schedule is None else 1.0
        share *= job.schedule.every_hours / 24 if job.schedule else 1.0
        activity = (1.0 if share > 1 else factor(job.rhythm, day)) * share * chance.lognormvariate(-0.125, 0.5)
        if activity < 0.05 and job.rhythm is Rhythm.OFFICE and chance.random() < 0.6:  # noqa: PLR2004 - an empty office
            return Change(self.files, self.size)
        modified = int(self.size * job.change * activity)
        added = int(self.size * job.growth / 365 * activity) + self._imported(at)
        mean = max(1, self.size // self.files)
        change = Change(
            examined_files=self.files,
            examined_size=self.size,
            added_files=min(1 + added // mean, 40_000),
            added_size=added,
            modified_files=max(1, min(int(modified / (mean * chance.uniform(0.8, 3.0))), self.files // 3)),
            modified_size=modified,
            deleted_files=int(chance.expovariate(1.0) * (1 + added // mean) * 0.35),
            added_folders=added // mean // 15,
        )
        self.size += int(added * 0.93)
        self.files = max(10, self.files + change.added_files - change.deleted_files)
        return change

    def _imported(self, at: Instant) -> int:
        total = 0
        while self.imports and self.imports[0][0] <= at:
            total += self.imports.pop(0)[1]
        return total

    def _volumes(self, change: Change, *, initial: bool) -> tuple[int, ...]:
        """Sizes of the data volumes: full ones and a last one; none when nothing changed."""
        left = int(change.opened_size * self.chance.uniform(0.35, 0.75))
        if left <= 0:
            return ()
        if initial:
            self.stored = 0
        full = min(left // self.job.volume_size, _MOST_VOLUMES)
        size = max(self.job.volume_size, left // (full + 1))
        return (*(size - self.chance.randint(1_000, 90_000) for _ in range(full)), max(2_000, left - full * size))

    def _compact(self, removed: int, change: Change) -> int:
        """Removed versions leave waste; from time to time it is compacted away."""
        self.wasted += int(removed * change.modified_size * 0.5)
        if self.wasted < self.stored * 0.02 or removed == 0:
            return 0
        freed = min(self.wasted, self.stored // 3)
        self.wasted = 0
        self.stored -= freed
        return freed

    def _seconds(self, change: Change, uploaded: int, trouble: Trouble | None) -> float:
        """Duration: looking through the files, sending, and what comes with every run."""
        noise = self.chance.lognormvariate(0.0, 0.18)
        if trouble is Trouble.UNREACHABLE:
            return 52 + 4 * noise
        if trouble in _FATAL:
            return 1.5 * noise + 0.4
        spent = 11 + change.examined_files / _FILES_A_SECOND + uploaded / self.machine.uplink
        spent += 2 * self.job.volume_size / self.machine.downlink
        return spent * noise * (0.4 if trouble is Trouble.STOPPED else 1.0)

    def _by_hand(self, run: Event, silence: Instant) -> Iterator[Event]:
        """Verifications and restores that somebody starts some hours after a good run, and a repair once volumes are missing."""
        hours = 24 if self.job.schedule is None else self.job.schedule.every_hours * 7 / len(self.job.schedule.weekdays)
        runs_a_year = 365 * 24 / hours
        operation = None
        if run.trouble is None and self.versions:
            roll = self.chance.random() * runs_a_year
            if roll < self.job.restores_a_year:
                operation = Operation.RESTORE
            elif roll < self.job.restores_a_year + self.job.tests_a_year:
                operation = Operation.TEST
        elif run.trouble is Trouble.DAMAGED_VOLUME:
            operation = Operation.REPAIR
        begun_at = Instant(run.ended_at + self.chance.randint(20 * MINUTE, 100 * MINUTE))
        if operation is None or begun_at >= silence:
            return
        files = self.chance.randint(1, 400) if operation is Operation.RESTORE else 0
        size = files * max(1, self.size // self.files)
        ended_at = Instant(begun_at + int((6 + size / self.machine.downlink + 3 * self.job.volume_size / self.machine.downlink) * SECOND))
        self.free_at = Instant(max(self.free_at, ended_at + MINUTE))
        yield Event(
            machine=self.machine,
            job=self.job,
            job_name=self._name(begun_at),
            release=release_of(self.machine, begun_at),
            operation=operation,
            begun_at=begun_at,
            ended_at=ended_at,
            next_run=None,
            key=self.chance.getrandbits(62),
            change=Change(restored_files=files, restored_size=size),
            before=self.versions,
            destination=self._destination(),
        )

    def _name(self, at: Instant) -> str:
        former = self.job.former_name
        return former if former is not None and at < self.now - self.job.renamed_days_ago * DAY else self.job.name

    def _destination(self) -> Destination:
        data = max(1, self.stored // self.job.volume_size)
        return Destination(int(2 * data + len(self.versions)), self.stored, self.versions, self.machine.quota or 8_000 * GIB)
