"""What was collected of a server, as one JSON document for people to keep. In: answers and rows as they are read; out: the document. It
holds no destination but its scheme, no settings and no passwords, and never more than a few megabytes: the rest is counted."""

from __future__ import annotations

from typing import Any

import orjson

from duplistatus.clock import iso
from duplistatus.ingest.duplicati.said import Said
from duplistatus.report.fields import Section
from duplistatus.report.server_answers import ApiJob

MOST = 32 * 1024 * 1024
"""Bytes of rows that are kept."""
_OF_SYSTEM = (
    "MachineName",
    "ServerVersion",
    "ServerVersionName",
    "ServerVersionType",
    "ServerTime",
    "ServerTimeZone",
    "OSType",
    "OSVersion",
)
_OF_JOB = ("ID", "ExternalID", "Name", "Description", "Tags", "TargetURL", "OperationType", "DBPathExists", "Metadata")
_OF_SCHEDULE = ("ID", "Time", "Repeat", "LastRun", "Rule", "AllowedDays")


class CollectedDocument:
    """Grows row by row."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self._rows: dict[str, list[orjson.Fragment]] = {job.id: [] for job in said.jobs}
        self._left_out: dict[str, int] = {}
        self._size = 0

    def add(self, job: ApiJob, data: Section) -> None:
        """The result of one operation, in the form of a row of the log."""
        row = orjson.dumps({"Type": "Result", "Message": data})
        if self._size + len(row) > MOST:
            self._left_out[job.id] = self._left_out.get(job.id, 0) + 1
            return
        self._size += len(row)
        self._rows[job.id].append(orjson.Fragment(row))

    def as_bytes(self) -> bytes:
        """The document."""
        system, listed = self._said.answers
        # Names as 1.4.2 has them in its document.
        jobs = [_job(entry) for entry in listed] if isinstance(listed, list) else []
        document = {
            "collected_at": iso(self._said.at),
            "system_info": _system(system, self._said.identity.machine_id),
            "backups": [each for each in jobs if each is not None],
            "backup_logs": [
                {"backupId": job.id, "backupName": job.name, "messages": self._rows[job.id], "leftOut": self._left_out.get(job.id, 0)}
                for job in self._said.jobs
            ],
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _system(answer: object, machine_id: str | None) -> dict[str, Any]:
    found = _picked(answer, _OF_SYSTEM)
    return found | {"Options": [{"Name": "machine-id", "DefaultValue": machine_id or ""}]}


def _job(entry: object) -> dict[str, Any] | None:
    """A job of the list; what is opened by a password is not among it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("Backup"), dict):
        return None
    schedule = entry.get("Schedule")
    return {"Backup": _picked(entry["Backup"], _OF_JOB), "Schedule": _picked(schedule, _OF_SCHEDULE) if schedule is not None else None}


def _picked(answer: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: answer[name] for name in names if name in answer} if isinstance(answer, dict) else {}
