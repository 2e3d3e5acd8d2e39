"""The numbers of a run: `Data` with its `BackendStatistics` in, `Figures` and the newest version out. Fillers are told from figures:
Duplicati writes zeros and the year 1 where a run did not get as far as knowing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from duplistatus.report.fields import Section, count, items, subsection, text
from duplistatus.report.report import Figures, Version
from duplistatus.report.timestamps import in_zone, read_date_time

_OF_DATA = {
    "examined_files": "ExaminedFiles",
    "size_of_examined_files": "SizeOfExaminedFiles",
    "opened_files": "OpenedFiles",
    "size_of_opened_files": "SizeOfOpenedFiles",
    "added_files": "AddedFiles",
    "size_of_added_files": "SizeOfAddedFiles",
    "modified_files": "ModifiedFiles",
    "size_of_modified_files": "SizeOfModifiedFiles",
    "deleted_files": "DeletedFiles",
    "not_processed_files": "NotProcessedFiles",
    "too_large_files": "TooLargeFiles",
    "files_with_error": "FilesWithError",
    "timestamp_changed_files": "TimestampChangedFiles",
    "added_folders": "AddedFolders",
    "modified_folders": "ModifiedFolders",
    "deleted_folders": "DeletedFolders",
    "added_symlinks": "AddedSymlinks",
    "modified_symlinks": "ModifiedSymlinks",
    "deleted_symlinks": "DeletedSymlinks",
    "restored_files": "RestoredFiles",
    "size_of_restored_files": "SizeOfRestoredFiles",
}
_OF_BACKEND = {
    "remote_calls": "RemoteCalls",
    "bytes_uploaded": "BytesUploaded",
    "bytes_downloaded": "BytesDownloaded",
    "files_uploaded": "FilesUploaded",
    "files_downloaded": "FilesDownloaded",
    "remote_files_deleted": "FilesDeleted",
    "folders_created": "FoldersCreated",
    "retry_attempts": "RetryAttempts",
    "unknown_file_size": "UnknownFileSize",
    "unknown_file_count": "UnknownFileCount",
    "known_file_size": "KnownFileSize",
    "known_file_count": "KnownFileCount",
    "known_filesets": "KnownFilesets",
    "backup_list_count": "BackupListCount",
}
_NEVER_ZERO = {"total_quota_space": "TotalQuotaSpace", "assigned_quota_space": "AssignedQuotaSpace"}


def read_figures(data: Section, operation: str, *, failed: bool, newest: Version | None) -> Figures:
    """The figures of a result.

    A zero is a filler in two cases: anywhere in a run that failed by an exception, and in `BackendStatistics` without a newest
    version, since then the destination was not counted (dry run, stopped run, early failure, operations other than Backup, Test,
    Repair and Restore). A backup that examined nothing and knows no version did not get as far as counting either.
    """
    backend = subsection(data, "BackendStatistics")
    of_data = {figure: count(data, key) for figure, key in _OF_DATA.items()}
    of_backend = {figure: count(backend, key) for figure, key in _OF_BACKEND.items()}
    if failed or (newest is None and operation == "Backup" and not of_data["examined_files"]):
        of_data = {figure: value or None for figure, value in of_data.items()}
    if failed or newest is None:
        of_backend = {figure: value or None for figure, value in of_backend.items()}
    quota = {figure: count(backend, key) or None for figure, key in _NEVER_ZERO.items()}
    # A full destination has no free space, but says how much there is in all.
    free = count(backend, "FreeQuotaSpace") if quota["total_quota_space"] is not None else count(backend, "FreeQuotaSpace") or None
    verifications, problems = _verification(data if operation == "Test" else subsection(data, "TestResults"))
    return Figures(**of_data, **of_backend, **quota, free_quota_space=free, verifications=verifications, verification_problems=problems)


def read_newest_version(data: Section, zone: ZoneInfo | None) -> Version | None:
    """`LastBackupDate`, which Duplicati writes with its offset; without one it needs the server's zone."""
    written = text(subsection(data, "BackendStatistics"), "LastBackupDate")
    try:
        moment = read_date_time(written) if written is not None else None
        if moment is not None and moment.offset_minutes is None and zone is not None:
            moment = in_zone(moment, zone)
    except (ValueError, OverflowError):
        return None
    if moment is None or moment.offset_minutes is None:
        return None
    return Version(at=moment.at, offset_minutes=moment.offset_minutes, exact=True)


def _verification(tests: Section) -> tuple[int | None, int | None]:
    """How many remote volumes were verified, and how many of them had a problem.

    Duplicati lists the first 20 only, so that no problem in a list that is cut short is unknown. Files that nobody expects
    (`Extra`) are no problem. Reduced reports list empty entries, which tell nothing.
    """
    verified = count(tests, "VerificationsActualLength")
    volumes = items(tests, "Verifications")
    if volumes is None:
        return verified, None
    problems = 0
    for volume in volumes:
        if not isinstance(volume, dict) or "Value" not in volume:
            return verified, None
        problems += any(_is_problem(entry) for entry in items(volume, "Value") or ())
    cut_short = verified is not None and verified > len(volumes)
    return verified, None if cut_short and problems == 0 else problems


def _is_problem(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("Key") != "Extra"
