"""What a job is doing, in words. In: the operation at work, the reader; out: what `parts/live.html` shows of it. Names of phases and
operations are Duplicati's; those that are new to this product are shown as they read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.evaluate.live import Live
from duplistatus.i18n.wording import Wording

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class LiveView:
    """An operation at work. `kind` is its mark; `short` is `what` where there is little room; `share` from 0 to 1; `silent_since` only
    where it is stuck, `started_at` only where it is known; `ages`: its ages as texts, by which a kept row is recognised as old."""

    kind: str
    word: str
    what: str
    short: str
    share: float | None
    percent: str
    figures: tuple[str, ...]
    started_at: Instant | None
    silent_since: Instant | None
    ages: tuple[str, ...]

    @property
    def is_stuck(self) -> bool:
        return self.kind == "stuck"


def live_view(wording: Wording, live: Live, now: Instant) -> LiveView:
    """The operation as the reader sees it."""
    # A server whose clock is ahead began in the future; how long that is ago nobody knows.
    started = live.started_at if live.started_at is not None and now - live.started_at >= 0 else None
    silent = live.heard_at if live.is_stuck else None
    return LiveView(
        kind="stuck" if live.is_stuck else "run",
        word=wording.gettext("Stuck") if live.is_stuck else wording.gettext("Running"),
        what=work_text(wording, live),
        short=work_text(wording, live) if live.operation == "Backup" else operation_word(wording, live.operation or ""),
        share=live.progress,
        percent=wording.percent(live.progress) if live.progress is not None else "",
        figures=_figures(wording, live),
        started_at=started,
        silent_since=silent,
        ages=tuple(wording.age(now - at) for at in (started, silent) if at is not None),
    )


def work_text(wording: Wording, live: Live) -> str:
    """What is being done: of a backup its phase, of anything else its name and phase, without what says nothing."""
    phase = phase_word(wording, live.phase) if live.phase else ""
    if live.operation in {None, "Backup"}:
        return phase
    operation = operation_word(wording, live.operation or "")
    return f"{operation}: {phase}" if phase and phase.casefold() != operation.casefold() else operation


def phase_word(wording: Wording, phase: str) -> str:
    """A phase of Duplicati (`Backup_ProcessingFiles`) in a few words."""
    words = {
        "Starting_Operation": wording.gettext("Starting"),
        "Backup_Begin": wording.gettext("Starting"),
        "Backup_PreBackupVerify": wording.gettext("Checking the destination"),
        "Backup_PostBackupTest": wording.gettext("Testing samples"),
        "Backup_PreviousBackupFinalize": wording.gettext("Finishing the previous backup"),
        "Backup_ProcessingFiles": wording.gettext("Processing files"),
        "Backup_Finalize": wording.gettext("Finishing"),
        "Backup_WaitForUpload": wording.gettext("Waiting for uploads"),
        "Backup_Delete": wording.gettext("Deleting old versions"),
        "Backup_Compact": wording.gettext("Compacting"),
        "Backup_Lock": wording.gettext("Locking files"),
        "Backup_VerificationUpload": wording.gettext("Uploading the list of files"),
        "Backup_PostBackupVerify": wording.gettext("Checking what was uploaded"),
        "Backup_Complete": wording.gettext("Finishing"),
        "Backup_RemoteSynchronization": wording.gettext("Copying to further destinations"),
        "Restore_Begin": wording.gettext("Starting"),
        "Restore_RecreateDatabase": wording.gettext("Rebuilding the database"),
        "Restore_PreRestoreVerify": wording.gettext("Checking the destination"),
        "Restore_CreateFileList": wording.gettext("Listing files"),
        "Restore_CreateTargetFolders": wording.gettext("Making folders"),
        "Restore_ScanForExistingFiles": wording.gettext("Looking for files that are there"),
        "Restore_ScanForLocalBlocks": wording.gettext("Looking for local data"),
        "Restore_PatchWithLocalBlocks": wording.gettext("Using local data"),
        "Restore_DownloadingRemoteFiles": wording.gettext("Downloading files"),
        "Restore_PostRestoreVerify": wording.gettext("Checking restored files"),
        "Restore_Finalize": wording.gettext("Finishing"),
        "Restore_Complete": wording.gettext("Finishing"),
        "Recreate_Running": wording.gettext("Rebuilding the database"),
        "ReadLockInfo_Running": wording.gettext("Reading locks"),
        "Vacuum_Running": wording.gettext("Tidying the database"),
        "Verify_Running": wording.gettext("Verifying"),
        "BugReport_Running": wording.gettext("Making a bug report"),
        "Delete_Listing": wording.gettext("Listing versions"),
        "Delete_Deleting": wording.gettext("Deleting versions"),
        "PurgeFiles_Begin": wording.gettext("Starting"),
        "PurgeFiles_Process": wording.gettext("Purging files"),
        "PurgeFiles_Compact": wording.gettext("Compacting"),
        "PurgeFiles_Complete": wording.gettext("Finishing"),
        "Sync_Begin": wording.gettext("Starting"),
        "Sync_CountingFiles": wording.gettext("Counting files"),
        "Sync_ProcessingFiles": wording.gettext("Processing files"),
        "Sync_WaitForUpload": wording.gettext("Waiting for uploads"),
        "Sync_Complete": wording.gettext("Finishing"),
        "RunScript_Running": wording.gettext("Running a script"),
        "Error": wording.gettext("Error"),
    }
    return words.get(phase) or _read(phase.partition("_")[2] or phase)


def operation_word(wording: Wording, operation: str) -> str:
    """An operation of Duplicati (`Test`) in a word or two."""
    words = {
        "Backup": wording.gettext("Backup"),
        "Restore": wording.gettext("Restore"),
        "Test": wording.gettext("Verification"),
        "Verify": wording.gettext("Verification"),
        "Compact": wording.gettext("Compacting"),
        "Vacuum": wording.gettext("Tidying the database"),
        "Delete": wording.gettext("Deleting versions"),
        "Repair": wording.gettext("Repair"),
        "Recreate": wording.gettext("Rebuilding the database"),
        "RepairUpdate": wording.gettext("Rebuilding the database"),
        "PurgeFiles": wording.gettext("Purging files"),
        "List": wording.gettext("Listing files"),
        "Sync": wording.gettext("Synchronization"),
        "CreateLogDb": wording.gettext("Making a bug report"),
        "CreateBugReport": wording.gettext("Making a bug report"),
    }
    return words.get(operation) or _read(operation)


def _read(name: str) -> str:
    """`ProcessingNewThings_Too` as `Processing new things too`; what is no name of this kind stays as it is."""
    text = _HUMP.sub(" ", name.replace("_", " ")).strip()
    return text[:1].upper() + text[1:].lower() if text.isascii() else text


def _figures(wording: Wording, live: Live) -> tuple[str, ...]:
    """How many files and bytes are done, of how many."""
    told: list[str] = []
    done, total = live.files_done, live.files_total
    if done is not None:
        if total:
            text = wording.ngettext("%(done)s of %(num)s file", "%(done)s of %(num)s files", total)
            told.append(text % {"done": wording.number(done), "num": wording.number(total)})
        else:
            told.append(wording.ngettext("%(num)s file", "%(num)s files", done) % {"num": wording.number(done)})
    if live.bytes_done is not None:
        size = wording.size(live.bytes_done)
        if live.bytes_total:
            size = wording.gettext("%(done)s of %(total)s") % {"done": size, "total": wording.size(live.bytes_total)}
        told.append(size)
    return tuple(told)
