"""Reports as Duplicati words them, made to measure, and their way into the running application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import orjson

from duplistatus.clock import DAY, SECOND, TICKS, Instant, iso, moment

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@dataclass(frozen=True)
class Made:
    """What a test says of a run; the rest is the same in all of them."""

    begun: Instant
    server: str = "alpha"
    server_id: str | None = None
    job: str = "Files"
    result: str = "Success"
    duration: str = "00:21:52.9281590"
    files: int = 100
    source: int = 5_000
    uploaded: int = 700
    stored: int = 3_000
    versions: int = 3
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    next_run: Instant | None = None
    lines: tuple[str, ...] = ("line one", "line «two»")


def backup_id(job: str) -> str:
    """One a job: two names with one id would be one renamed job."""
    return f"DB-{crc32(job.encode())}"


def warning(text: str) -> str:
    """A line of a log that warns."""
    return f"2026-07-10 11:00:00 +00 - [Warning-Duplicati.Library.Main.Operation.Backup-Trouble]: {text}"


def document(made: Made) -> dict[str, Any]:
    """The report."""
    listed = [moment(Instant(made.begun - age * DAY)).strftime("%d/%m/%Y %H:%M:%S") for age in range(1, made.versions)]
    head = moment(made.begun).strftime("%Y-%m-%d %H:%M:%S +00")
    policy = f"{head} - [Information-Duplicati.Library.Main.Operation.DeleteHandler:RetentionPolicy"
    retention = [
        f"{policy}-BackupList]: Backups to consider: {', '.join(listed)}",
        f"{policy}-AllBackupsToDelete]: All backups to delete: ",
    ]
    lines = [*made.lines, *(retention if listed else []), *made.warnings, *made.errors]
    length = ticks(made.duration) * SECOND // TICKS
    extra: dict[str, Any] = {
        "OperationName": "Backup",
        "machine-id": made.server_id or f"id-{made.server}",
        "machine-name": made.server,
        "backup-name": made.job,
        "backup-id": backup_id(made.job),
        "operating-system": "Linux",
    }
    if made.next_run is not None:
        extra["next-scheduled-run"] = moment(made.next_run).strftime("%Y%m%dT%H%M%SZ")
    return {
        "Data": {
            "ExaminedFiles": made.files,
            "SizeOfExaminedFiles": made.source,
            "MainOperation": "Backup",
            "ParsedResult": made.result,
            "Version": "2.3.0.4 (2.3.0.4_stable_2026-07-09)",
            "BeginTime": iso(made.begun),
            "EndTime": iso(Instant(made.begun + length)),
            "Duration": made.duration,
            "MessagesActualLength": len(lines),
            "WarningsActualLength": len(made.warnings),
            "ErrorsActualLength": len(made.errors),
            "BackendStatistics": {
                "BytesUploaded": made.uploaded,
                "KnownFileSize": made.stored,
                "KnownFileCount": 12,
                "BackupListCount": made.versions,
                "KnownFilesets": made.versions,
                "LastBackupDate": iso(made.begun),
            },
        },
        "Extra": extra,
        "LogLines": lines,
        "Exception": None,
    }


def send(client: TestClient, *runs: Made) -> None:
    """Uploads the reports, one after the other."""
    for each in runs:
        answer = client.post("/api/upload", content=orjson.dumps(document(each)), headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text


def ticks(duration: str) -> int:
    """Ticks of `[d.]hh:mm:ss[.fffffff]`."""
    hours, minutes, seconds = duration.split(":")
    days, _, hours = hours.rpartition(".")
    whole, _, fraction = seconds.partition(".")
    return (((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(whole)) * TICKS + int(fraction.ljust(7, "0") or 0)
