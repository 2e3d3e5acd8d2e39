"""Reports as Duplicati posts them. In: an event; out: the JSON document, its fields, order and quirks as the machine's version at that
time writes them, as the bytes of the request's body."""

from __future__ import annotations

from typing import Any

import orjson

from duplistatus.clock import MINUTE, SECOND, Instant, moment
from duplistatus.ingest.demo.event import Event, Operation
from duplistatus.ingest.demo.fleet import Trouble
from duplistatus.ingest.demo.log_lines import Told, index_size, list_size, local_with_offset, removes, tell_log

CONTENT_TYPE = "application/json"

_NEVER = "0001-01-01T00:00:00"
_NOT_LISTED = {Trouble.UNREACHABLE, Trouble.CREDENTIALS}
_ENDS_EARLY = {*_NOT_LISTED, Trouble.MISSING_VOLUMES}
_NAMED_SETS = 20
_NO_MESSAGES = {"MessagesActualLength": 0, "WarningsActualLength": 0, "ErrorsActualLength": 0}

# A part of a document on its way to JSON; it never leaves this module.
_Fields = dict[str, Any]


def document(event: Event) -> bytes:
    """The body of the request."""
    told = tell_log(event)
    data = {**_OWN_FIELDS[event.operation](event, told), **_base(event, told), "BackendStatistics": _statistics(event, told)}
    return orjson.dumps({"Data": data, "Extra": _extra(event), "LogLines": _log_lines(event, told), "Exception": told.mishap.exception})


def _log_lines(event: Event, told: Told) -> list[str]:
    """Duplicati keeps the first lines and says how many it left out."""
    most = event.machine.log_lines
    if not most or len(told.lines) <= most:
        return told.lines
    return [*told.lines[:most], f"... and {len(told.lines) - most} more"]


def _utc(event: Event, at: Instant) -> str:
    """.NET writes ten-millionths of a second and drops trailing zeros; what lies below the millisecond is the event's own."""
    ticks = f"{at % SECOND:03d}{event.key % 10_000:04d}".rstrip("0")
    whole = moment(Instant(at - at % SECOND)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ticks}Z" if ticks else f"{whole}Z"


def _span(milliseconds: int) -> str:
    """.NET's TimeSpan: `[d.]hh:mm:ss[.fffffff]`."""
    minutes, rest = divmod(milliseconds, MINUTE)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    seconds, rest = divmod(rest, SECOND)
    fraction = f".{rest * 10_000:07d}" if rest else ""
    return f"{f'{days}.' if days else ''}{hours:02}:{minutes:02}:{seconds:02}{fraction}"


def _base(event: Event, told: Told) -> _Fields:
    return {
        "ParsedResult": told.mishap.result,
        "Interrupted": event.trouble is Trouble.STOPPED and event.release.lean_statistics,
        "Version": event.release.text,
        "EndTime": _utc(event, event.ended_at),
        "BeginTime": _utc(event, event.begun_at),
        "Duration": _span(event.ended_at - event.begun_at),
        "MessagesActualLength": told.messages,
        "WarningsActualLength": told.warnings,
        "ErrorsActualLength": told.errors,
    }


def _nested(event: Event, own: _Fields, statistics: _Fields, share: float) -> _Fields:
    """A result inside a result, with its own fields first: it took a moment after `share` of the time and counts no messages."""
    begun = Instant(int(event.begun_at + (event.ended_at - event.begun_at) * share))
    ended = min(event.ended_at, Instant(begun + 12 + event.key % 900))
    return {
        **own,
        "ParsedResult": "Success",
        "Interrupted": False,
        "Version": event.release.text,
        "EndTime": _utc(event, ended),
        "BeginTime": _utc(event, begun),
        "Duration": _span(ended - begun),
        **_NO_MESSAGES,
        "BackendStatistics": statistics,
    }


def _statistics(event: Event, told: Told) -> _Fields:
    """Zeros and year 1 stand for what the run did not find out: it ended before it had listed the destination, or was stopped."""
    destination, release = event.destination, event.release
    listed = event.trouble not in _NOT_LISTED
    known = listed and event.trouble is not Trouble.STOPPED
    sent = sum(event.uploaded) + sum(map(index_size, event.uploaded))
    full = bool(event.uploaded) and event.trouble is not Trouble.STOPPED
    quota = destination.quota or 0
    fields: _Fields = {
        "RemoteCalls": told.calls,
        "BytesUploaded": sent + (list_size(event) if full else 0),
        "BytesDownloaded": told.downloaded,
        "FilesUploaded": 2 * len(event.uploaded) + (1 if full else 0),
        "FilesDownloaded": told.downloads,
        "FilesDeleted": len(event.removal.all),
        "FoldersCreated": 0,
        "RetryAttempts": told.retries,
        "UnknownFileSize": 0,
        "UnknownFileCount": 0,
        "KnownFileCount": destination.files if known else 0,
        "KnownFileSize": destination.size if known else 0,
    }
    if release.full_extra:
        fields["KnownFilesets"] = len(destination.versions) if known else 0
    fields |= {
        "LastBackupDate": local_with_offset(event, destination.versions[0]) if known and destination.versions else _NEVER,
        "BackupListCount": len(destination.versions) if known else 0,
        "TotalQuotaSpace": quota if listed else 0,
        "FreeQuotaSpace": max(0, quota - destination.size) if listed else 0,
        "AssignedQuotaSpace": -1 if listed else 0,
        "ReportedQuotaError": False,
        "ReportedQuotaWarning": event.trouble is Trouble.NEARLY_FULL,
    }
    end: _Fields = {"ParsedResult": "Success", "Interrupted": False, "Version": release.text}
    if release.lean_statistics:
        return {**fields, **end, **_NO_MESSAGES}
    times = {"EndTime": _NEVER, "BeginTime": _utc(event, event.begun_at), "Duration": "00:00:00"}
    return {**fields, "MainOperation": str(event.operation), **end, **times, **_NO_MESSAGES}


def _backup(event: Event, told: Told) -> _Fields:
    change, release = event.change, event.release
    fields: _Fields = {
        "DeletedFiles": change.deleted_files,
        "DeletedFolders": change.deleted_files // 40,
        "ModifiedFiles": change.modified_files,
        "ExaminedFiles": change.examined_files,
        "OpenedFiles": change.opened_files,
        "AddedFiles": change.added_files,
        "SizeOfModifiedFiles": change.modified_size,
        "SizeOfAddedFiles": change.added_size,
        "SizeOfExaminedFiles": change.examined_size,
        "SizeOfOpenedFiles": change.opened_size,
        "NotProcessedFiles": 0,
        "AddedFolders": change.added_folders,
        "TooLargeFiles": 0,
        "FilesWithError": 0,
    }
    if release.full_extra:
        fields["TimestampChangedFiles"] = 0
    fields |= {
        "ModifiedFolders": change.modified_files // 9,
        "ModifiedSymlinks": 0,
        "AddedSymlinks": 0,
        "DeletedSymlinks": 0,
        "PartialBackup": event.trouble is Trouble.STOPPED,
        "Dryrun": event.dry_run,
        "MainOperation": "Backup",
    }
    return {**fields, **_nested_results(event, told)}


def _nested_results(event: Event, told: Told) -> _Fields:
    """Results of what a run does besides; null for what it did not come to."""
    statistics = _statistics(event, told)
    ended_early = event.trouble in _ENDS_EARLY or event.trouble is Trouble.STOPPED
    compact = delete = test = None
    if not ended_early and (event.uploaded or event.compacted):
        compact = _nested(event, _compacting(event, told), statistics, 0.92)
    if not ended_early and removes(event) and event.trouble is not Trouble.DAMAGED_VOLUME:
        delete = _nested(event, {**_removing(event), "CompactResults": compact}, statistics, 0.91)
    if told.verified:
        test = _nested(event, _test(event, told), statistics, 0.97)
    results: _Fields = {"CompactResults": compact, "VacuumResults": None, "DeleteResults": delete}
    results |= {"RepairResults": None, "TestResults": test}
    if event.release.since_2_3:
        results |= {"LockResults": None, "RemoteSynchronizationResults": []}
    return results


def _compacting(event: Event, told: Told) -> _Fields:
    freed = event.compacted
    return {
        "DeletedFileCount": freed // event.job.volume_size,
        "DownloadedFileCount": max(0, told.downloads - len(told.verified)),
        "UploadedFileCount": 2 if freed else 0,
        "DeletedFileSize": freed,
        "DownloadedFileSize": freed,
        "UploadedFileSize": event.job.volume_size if freed else 0,
        "Dryrun": False,
        "VacuumResults": None,
        "MainOperation": "Compact",
    }


def _removing(event: Event) -> _Fields:
    """What retention removed; of many versions only the first are named."""
    places = {version: place for place, version in enumerate(event.before)}
    gone = event.removal.all
    sets = [{"Item1": places[version], "Item2": local_with_offset(event, version)} for version in gone[:_NAMED_SETS]]
    return {"DeletedSetsActualLength": len(gone), "DeletedSets": sets, "Dryrun": False, "MainOperation": "Delete"}


def _verifications(told: Told) -> _Fields:
    found: list[_Fields] = [{"Key": name, "Value": []} for name in told.verified]
    if told.mishap.problem is not None:
        name = told.mishap.problem.split()[2]
        found.append({"Key": name, "Value": [{"Key": "Error", "Value": told.mishap.problem}]})
    return {"VerificationsActualLength": len(found), "Verifications": found}


def _test(_: Event, told: Told) -> _Fields:
    return {"MainOperation": "Test", **_verifications(told)}


def _restore(event: Event, told: Told) -> _Fields:
    change = event.change
    restored = {"RestoredFiles": change.restored_files, "SizeOfRestoredFiles": change.restored_size}
    folders = {"RestoredFolders": change.restored_files // 6, "RestoredSymlinks": 0, "PatchedFiles": 0}
    deleted = {"DeletedFiles": 0, "DeletedFolders": 0, "DeletedSymlinks": 0}
    end: _Fields = {"MainOperation": "Restore", "RecreateDatabaseResults": None}
    if not event.release.full_extra:
        return {**restored, **folders, **deleted, **end}
    broken: _Fields = {"BrokenLocalFiles": [], "BrokenRemoteFiles": []}
    if not event.release.since_2_3:
        return {**broken, **restored, **folders, **deleted, **end}
    own = {
        "UnmodifiedFiles": 0,
        "SizeOfUnmodifiedFiles": 0,
        "RestorePath": "/restore",
        "TotalVolumesAccessed": told.downloads,
    }
    return {**broken, **restored, "SizeOfRestoredData": change.restored_size, **folders, **deleted, **own, **end}


def _repair(_: Event, __: Told) -> _Fields:
    return {"MainOperation": "Repair", "RecreateDatabaseResults": None}


_OWN_FIELDS = {Operation.BACKUP: _backup, Operation.TEST: _test, Operation.RESTORE: _restore, Operation.REPAIR: _repair}


def _extra(event: Event) -> _Fields:
    machine, release = event.machine, event.release
    job = {"backup-name": event.job_name, "backup-id": f"DB-{event.job.number}"}
    operation = {"OperationName": str(event.operation)}
    if not release.full_extra:
        name = {"machine-name": machine.name} if release.machine_name else {}
        return {**operation, "machine-id": machine.id, **name, **job}
    next_run = {"next-scheduled-run": f"{moment(event.next_run):%Y%m%dT%H%M%SZ}" if event.next_run is not None else None}
    extra: _Fields = {**operation, **job}
    if event.next_run is not None:
        extra |= next_run
    extra |= {
        "machine-id": machine.id,
        "machine-name": machine.name,
        "operating-system": machine.system,
        "installation-type": machine.installation,
        "destination-type": machine.destination,
    }
    if event.next_run is None:
        extra |= next_run
    extra["update-channel"] = machine.channel
    if release.since_2_3:
        extra |= {"operating-system-detailed": machine.system_detailed, "destination-host-suffix": machine.destination_suffix}
    return extra
