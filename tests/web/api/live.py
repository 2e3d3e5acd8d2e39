"""Live-status documents as Duplicati words them, made to measure."""

from __future__ import annotations

from typing import Any

from duplistatus.clock import Instant, iso
from tests.web.api.reports import backup_id


def status_document(
    state: str,
    started: Instant | None,
    reported: Instant | None,
    *,
    server: str = "alpha",
    job: str = "Files",
    operation: str = "Backup",
    **progress: object,
) -> dict[str, Any]:
    """The document; a moment that is None is left out of it. `progress`: what stands there."""
    times = {"startedUtc": started, "reportedUtc": reported}
    metadata = {"machineId": f"id-{server}", "machineName": server, "backupName": job, "backupId": backup_id(job)}
    made: dict[str, Any] = {"operation": operation, "status": state, "isCompleted": state in {"Completed", "Failed"}}
    made |= {key: iso(at) for key, at in times.items() if at is not None}
    return made | ({"progress": progress} if progress else {}) | {"recentLogLines": [], "metadata": metadata}
