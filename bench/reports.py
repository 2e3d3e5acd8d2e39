"""Reports to measure with. In: which run of which job; out: the JSON document that Duplicati would post, or the value that parsing it
yields, which fills large databases faster. Both say the same, which a test holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

import orjson

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant, moment
from duplistatus.report.reading import read_body
from duplistatus.report.report import Origin, Report, Status, Version

CONTENT_TYPE = "application/json"
_VERSION = "2.3.0.4 (2.3.0.4_stable_2026-07-09)"
_MAIN = "Duplicati.Library.Main"
_FILE = f"{_MAIN}.Operation.Backup.FileBlockProcessor.FileEntry"
_KEPT = 21
"""Versions that every job keeps."""
_SHORT_LINES, _LONG_LINES = 12, 196
"""Lines of a log: what a machine with few changes writes, and what makes a document of 40 KB."""


@dataclass(frozen=True, slots=True)
class Place:
    """Run `number` of a job, 0 the oldest, of a fleet whose newest runs have the number `newest` and lie within the day before `now`;
    later numbers are the runs that are reported while the fleet is measured."""

    server: int
    job: int
    number: int
    newest: int
    now: Instant

    @property
    def server_name(self) -> str:
        return f"server-{self.server:04d}"

    @property
    def machine_id(self) -> str:
        return sha256(self.server_name.encode()).hexdigest()[:32]

    @property
    def job_name(self) -> str:
        return f"Backup {self.job + 1}"

    @property
    def chance(self) -> int:
        """A number that looks random and is always the same for this run: Knuth's multiplicative hash of its place."""
        return ((self.server * 7 + self.job) * 1009 + self.number + 1) * 2_654_435_761 % 2**32

    @property
    def begun_at(self) -> Instant:
        return self._begin_of(self.number)

    def _begin_of(self, number: int) -> Instant:
        """Jobs are spread over the day; each runs once a day, and later ones every two seconds. One in 25 has been late for two days."""
        spread = (self.server * 37 + self.job * 211) % (23 * 60) * MINUTE + 11 * SECOND + self.server % 1000
        late = 2 * DAY if (self.server * 5 + self.job) % 25 == 24 else 0
        newest = self.now - HOUR - spread - late
        return Instant(newest - (self.newest - number) * DAY if number <= self.newest else newest + (number - self.newest) * 2 * SECOND)

    @property
    def version(self) -> Instant:
        """The version that the run makes."""
        return Instant(self.begun_at // SECOND * SECOND)

    @property
    def removed(self) -> Instant | None:
        """The version that the run removes: so many are kept."""
        return Instant(self._begin_of(self.number - _KEPT) // SECOND * SECOND) if self.number >= _KEPT else None

    @property
    def duration(self) -> int:
        """Milliseconds."""
        return 40 * SECOND + self.chance % (50 * MINUTE) if self.number <= self.newest else 61 * SECOND

    @property
    def status(self) -> Status:
        roll = self.chance % 100
        return Status.FATAL if roll == 0 else Status.ERROR if roll < 4 else Status.WARNING if roll < 10 else Status.SUCCESS


def document(place: Place, *, long: bool = True) -> bytes:
    """The body of the request: 40 KB, or 4 KB when not `long`."""
    lines = _LONG_LINES if long else _SHORT_LINES
    warnings, errors = _counts(place.status)
    figures = _figures(place)
    end = {"ParsedResult": place.status.value, "Interrupted": False, "Version": _VERSION}
    times = {
        "EndTime": _utc(Instant(place.begun_at + place.duration)),
        "BeginTime": _utc(place.begun_at),
        "Duration": _span(place.duration),
    }
    counts = {"MessagesActualLength": lines, "WarningsActualLength": warnings, "ErrorsActualLength": errors}
    backup = {key: value for key, value in figures.items() if key not in _BACKEND}
    flags = {"PartialBackup": False, "Dryrun": False, "MainOperation": "Backup"}
    results = {"CompactResults": None, "VacuumResults": None, "DeleteResults": _removal(place), "RepairResults": None, "TestResults": None}
    statistics = {
        **{key: figures[key] for key in _BACKEND},
        "LastBackupDate": _local(place.version),
        "ReportedQuotaError": False,
        "ReportedQuotaWarning": False,
        "MainOperation": "Backup",
        **end,
        "ParsedResult": "Success",
    }
    return orjson.dumps(
        {
            "Data": {**backup, **flags, **results, **end, **times, **counts, "BackendStatistics": statistics},
            "Extra": {
                "OperationName": "Backup",
                "backup-name": place.job_name,
                "backup-id": f"DB-{place.job + 1}",
                "next-scheduled-run": f"{moment(_next_run(place)):%Y%m%dT%H%M%SZ}",
                "machine-id": place.machine_id,
                "machine-name": place.server_name,
                "operating-system": "Linux",
                "installation-type": "linux-x64-cli.docker",
                "destination-type": "s3",
                "update-channel": "Stable",
                "operating-system-detailed": "Debian GNU/Linux 13 (trixie)",
                "destination-host-suffix": ".backblazeb2.com",
            },
            "LogLines": _log(lines, warnings, errors),
            "Exception": None,
        }
    )


def report(place: Place) -> Report:
    """What parsing the short document of that run yields."""
    removed = place.removed
    model = _model(place.status, removes=removed is not None)
    figures = _figures(place)
    return replace(
        model,
        origin=Origin(place.machine_id, place.server_name, place.job_name, f"DB-{place.job + 1}"),
        begun_at=place.begun_at,
        ended_at=Instant(place.begun_at + place.duration),
        duration_seconds=place.duration / SECOND,
        next_run=_next_run(place),
        last_version=Version(place.version, 0, exact=True),
        deleted_versions=() if removed is None else (removed,),
        figures=replace(
            model.figures,
            examined_files=figures["ExaminedFiles"],
            size_of_examined_files=figures["SizeOfExaminedFiles"],
            bytes_uploaded=figures["BytesUploaded"],
            known_file_size=figures["KnownFileSize"],
            known_filesets=figures["KnownFilesets"],
            backup_list_count=figures["BackupListCount"],
        ),
    )


@lru_cache
def _model(status: Status, *, removes: bool) -> Report:
    """A parsed document of each kind; what differs from run to run is replaced."""
    first = _KEPT if removes else 0
    places = (Place(server, 1, number, 999, Instant(1_800_000_000_000)) for server in range(100) for number in range(first, first + 20))
    parsed = read_body(document(next(place for place in places if place.status is status), long=False), CONTENT_TYPE, None, 2**24)
    assert isinstance(parsed, Report)
    return parsed


def _removal(place: Place) -> dict[str, object] | None:
    if place.removed is None:
        return None
    sets = [{"Item1": _KEPT, "Item2": _local(place.removed)}]
    return {"DeletedSetsActualLength": 1, "DeletedSets": sets, "Dryrun": False, "MainOperation": "Delete", "ParsedResult": "Success"}


_BACKEND = (
    "RemoteCalls",
    "BytesUploaded",
    "BytesDownloaded",
    "FilesUploaded",
    "FilesDownloaded",
    "FilesDeleted",
    "FoldersCreated",
    "RetryAttempts",
    "UnknownFileSize",
    "UnknownFileCount",
    "KnownFileCount",
    "KnownFileSize",
    "KnownFilesets",
    "BackupListCount",
    "TotalQuotaSpace",
    "FreeQuotaSpace",
    "AssignedQuotaSpace",
)
_CONSTANT = {
    "DeletedFiles": 3,
    "DeletedFolders": 0,
    "ModifiedFiles": 41,
    "OpenedFiles": 52,
    "AddedFiles": 11,
    "SizeOfModifiedFiles": 48_230_111,
    "SizeOfAddedFiles": 7_990_013,
    "SizeOfOpenedFiles": 56_220_124,
    "NotProcessedFiles": 0,
    "AddedFolders": 1,
    "TooLargeFiles": 0,
    "FilesWithError": 0,
    "TimestampChangedFiles": 0,
    "ModifiedFolders": 4,
    "ModifiedSymlinks": 0,
    "AddedSymlinks": 0,
    "DeletedSymlinks": 0,
    "RemoteCalls": 90,
    "BytesDownloaded": 53_210_000,
    "FilesUploaded": 41,
    "FilesDownloaded": 3,
    "FilesDeleted": 0,
    "FoldersCreated": 0,
    "RetryAttempts": 0,
    "UnknownFileSize": 0,
    "UnknownFileCount": 0,
    "KnownFileCount": 812,
    "TotalQuotaSpace": 8_000_000_000_000,
    "FreeQuotaSpace": 5_100_000_000_000,
    "AssignedQuotaSpace": -1,
}


def _figures(place: Place) -> dict[str, int]:
    chance, size = place.chance, 5 * 10**8 + place.chance % 97 * 10**9
    versions = min(place.number + 1, _KEPT)
    return {
        **_CONSTANT,
        "ExaminedFiles": 5_000 + chance % 90_000,
        "SizeOfExaminedFiles": size,
        "BytesUploaded": 10**6 + chance % 10**8,
        "KnownFileSize": int(size * 0.8),
        "KnownFilesets": versions,
        "BackupListCount": versions,
    }


def _counts(status: Status) -> tuple[int, int]:
    return (3 if status is Status.WARNING else 0), (1 if status in {Status.ERROR, Status.FATAL} else 0)


def _next_run(place: Place) -> Instant:
    at = place.begun_at + DAY
    return Instant(at - at % SECOND)


def _utc(at: Instant) -> str:
    return f"{moment(at).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _local(at: Instant) -> str:
    return f"{moment(at):%Y-%m-%dT%H:%M:%S}+00:00"


def _span(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, SECOND)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest * 10_000:07d}"


@lru_cache
def _log(lines: int, warnings: int, errors: int) -> list[str]:
    """Lines as of a run with many volumes; the names look random, as real ones do."""
    stamp = "2026-11-20 03:00:39 +01 - ["
    found = [f"{stamp}Information-{_MAIN}.Controller-StartingOperation]: The operation Backup has started"]
    found += [f"{stamp}Warning-{_FILE}-PathProcessingFailed]: Failed to process path: -redacted-{number}" for number in range(warnings)]
    for number in range(lines - 1):
        name = sha256(f"volume {number // 2}".encode()).hexdigest()[:32]
        step = "Completed" if number % 2 else "Started"
        found.append(
            f"{stamp}Information-{_MAIN}.BasicResults-BackendEvent]: "
            f"Backend event: Put - {step}: duplicati-b{name}.dblock.zip.aes (49.95 MiB)"
        )
    found += [
        f"{stamp}Error-{_MAIN}.Operation.TestHandler-Test results]: Verified 3 remote files with {number + 1} problem(s)"
        for number in range(errors)
    ]
    return found
