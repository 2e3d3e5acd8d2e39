"""Live-status documents (Duplicati's `http-report-status-url`), which users point at the same address as reports: a parsed document
in, a `LiveStatus` out."""

from __future__ import annotations

from duplistatus.clock import Instant
from duplistatus.report.extra import read_host, read_origin
from duplistatus.report.fields import Section, count, name, subsection, text
from duplistatus.report.rejection import NotAReport, bad_value
from duplistatus.report.report import LiveStatus
from duplistatus.report.timestamps import read_date_time

# The same facts stand in reports under other names.
_NAMES_IN_EXTRA = {
    "machineId": "machine-id",
    "machineName": "machine-name",
    "backupName": "backup-name",
    "backupId": "backup-id",
    "operatingSystem": "operating-system",
    "operatingSystemDetailed": "operating-system-detailed",
    "installationType": "installation-type",
    "destinationType": "destination-type",
    "destinationHostSuffix": "destination-host-suffix",
    "updateChannel": "update-channel",
}


def is_live_status(document: Section) -> bool:
    """True for `status` and `metadata` at the top level and no `Data`."""
    return "Data" not in document and "status" in document and isinstance(document.get("metadata"), dict)


def read_live_status(document: Section) -> LiveStatus:
    """The state of an operation in progress. Absent keys are null; figures are unknown until Duplicati has counted something."""
    metadata = subsection(document, "metadata")
    extra = {_NAMES_IN_EXTRA.get(key, key): value for key, value in metadata.items()}
    operation, state = name(document, "operation"), name(document, "status")
    if operation is None or state is None:
        missing = [key for key, value in (("operation", operation), ("status", state)) if value is None]
        raise NotAReport("missing_fields", f"Missing required fields in status document: {', '.join(missing)}", missing=missing)
    progress = subsection(document, "progress")
    # While it still counts, the totals grow and say nothing of how far it is.
    counting = progress.get("countingFiles") is True
    return LiveStatus(
        origin=read_origin(extra),
        operation=operation,
        state=state,
        started_at=_moment(document, "startedUtc"),
        reported_at=_moment(document, "reportedUtc"),
        phase=text(progress, "phase"),
        progress=_share(progress),
        files_processed=_figure(progress, "filesProcessed", "fileCount"),
        files_total=None if counting else _figure(progress, "fileCount", "filesProcessed"),
        bytes_processed=_figure(progress, "fileSizeProcessed", "fileSize"),
        bytes_total=None if counting else _figure(progress, "fileSize", "fileSizeProcessed"),
        error=text(document, "errorMessage"),
        host=read_host(extra, text(metadata, "duplicatiVersion")),
    )


def _figure(progress: Section, key: str, other: str) -> int | None:
    """A count; zero of zero is written before anything is counted, and again at the end, when it no longer holds."""
    figure = count(progress, key)
    return None if figure == 0 and not count(progress, other) else figure


def _share(progress: Section) -> float | None:
    value = progress.get("progress")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(1.0, max(0.0, float(value)))


def _moment(document: Section, key: str) -> Instant | None:
    value = text(document, key)
    try:
        moment = read_date_time(value) if value is not None else None
    except (ValueError, OverflowError) as error:
        raise bad_value(key, value, "a date and time") from error
    return moment.at if moment is not None else None
