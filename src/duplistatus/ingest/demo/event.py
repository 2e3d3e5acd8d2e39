"""What happened: one finished operation of one job. Out of the story, into the documents; nothing here is text yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from duplistatus.clock import Instant
from duplistatus.ingest.demo.fleet import Job, Machine, Trouble
from duplistatus.ingest.demo.releases import Release
from duplistatus.ingest.demo.retention import Removal


class Operation(StrEnum):
    """As in `Extra.OperationName`."""

    BACKUP = "Backup"
    RESTORE = "Restore"
    TEST = "Test"
    REPAIR = "Repair"


@dataclass(frozen=True, slots=True)
class Change:
    """What the source looked like and what of it was new; sizes in bytes."""

    examined_files: int = 0
    examined_size: int = 0
    added_files: int = 0
    added_size: int = 0
    modified_files: int = 0
    modified_size: int = 0
    deleted_files: int = 0
    added_folders: int = 0
    restored_files: int = 0
    restored_size: int = 0

    @property
    def opened_files(self) -> int:
        return self.added_files + self.modified_files

    @property
    def opened_size(self) -> int:
        return self.added_size + self.modified_size


@dataclass(frozen=True, slots=True)
class Destination:
    """What lay at the destination after the operation. `versions` newest first."""

    files: int = 0
    size: int = 0
    versions: tuple[Instant, ...] = ()
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One finished operation. `next_run` None: started by hand. `uploaded` are the sizes of the data volumes sent, in bytes;
    `considered` the versions that a retention policy looked at. `key` seeds whatever the documents invent, such as volume names."""

    machine: Machine
    job: Job
    job_name: str
    release: Release
    operation: Operation
    begun_at: Instant
    ended_at: Instant
    next_run: Instant | None
    key: int
    trouble: Trouble | None = None
    dry_run: bool = False
    change: Change = field(default_factory=Change)
    uploaded: tuple[int, ...] = ()
    considered: tuple[Instant, ...] = ()
    before: tuple[Instant, ...] = ()
    """The versions, newest first, before any was removed."""
    removal: Removal = field(default_factory=Removal)
    compacted: int = 0
    """Bytes that compacting freed."""
    destination: Destination = field(default_factory=Destination)
