"""A Duplicati server's own log, as far as it tells which operations of jobs failed: parsed JSON in, frozen values out. An error that a
server keeps of a job does not say of which operation it is; this log does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from duplistatus.clock import SECOND, Instant
from duplistatus.report.server_answers import NotTheApi

_FAILED = re.compile(r"Failed while executing ([A-Za-z]{1,40}) ")
_LAST_SECOND = 253_402_300_800
"""Begin of the year 10000."""


@dataclass(frozen=True, slots=True)
class FailedOperation:
    """The job's id, the second of the entry, and which operation it was."""

    job_id: str
    at: Instant
    operation: str

    @property
    def is_backup(self) -> bool:
        """Newer versions name the method that does both."""
        return self.operation in {"Backup", "BackupOrSync"}


def read_failed_operations(answer: object) -> tuple[FailedOperation, ...]:
    """`GET /logdata/log`, newest first. Raises NotTheApi."""
    if not isinstance(answer, list):
        raise NotTheApi("The log is not one of Duplicati")
    found = []
    for entry in answer:
        if not isinstance(entry, dict):
            continue
        job_id, at, failed = entry.get("BackupID"), entry.get("Timestamp"), _FAILED.match(str(entry.get("Message") or ""))
        if failed and isinstance(job_id, int | str) and isinstance(at, int) and 0 <= at < _LAST_SECOND:
            found.append(FailedOperation(str(job_id), Instant(at * SECOND), failed[1]))
    return tuple(found)
