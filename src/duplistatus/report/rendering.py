"""What was understood of a document, for people and scripts: a `Report`, a `LiveStatus` or a refusal in, plain JSON values out. Times
are ISO 8601 in UTC; null means that the document does not tell."""

from __future__ import annotations

from duplistatus.clock import Instant, iso
from duplistatus.report.report import LiveStatus, Origin, Report


def as_read(report: Report | LiveStatus) -> dict[str, object]:
    """The output of `duplistatus read`. Of a live status, `status` is its state, and nothing has ended yet."""
    if isinstance(report, LiveStatus):
        return _rendered(report.operation, report.state, report.origin, begun_at=report.started_at)
    return _rendered(
        report.operation,
        report.status.value,
        report.origin,
        begun_at=report.begun_at,
        ended_at=report.ended_at,
        duration_seconds=report.duration_seconds,
        next_run=report.next_run,
        versions={"count": report.versions_count, "at": _versions(report)},
    )


def _rendered(
    operation: str,
    status: str,
    origin: Origin,
    *,
    begun_at: Instant | None,
    ended_at: Instant | None = None,
    duration_seconds: float | None = None,
    next_run: Instant | None = None,
    versions: dict[str, object] | None = None,
) -> dict[str, object]:
    return {
        "operation": operation,
        "status": status,
        "server": {"machine_id": origin.machine_id, "name": origin.machine_name},
        "job": {"id": origin.backup_id, "name": origin.job_name},
        "begun_at": _time(begun_at),
        "ended_at": _time(ended_at),
        "duration_seconds": duration_seconds,
        "next_run": _time(next_run),
        "versions": versions or {"count": None, "at": None},
    }


def _versions(report: Report) -> list[str] | None:
    """Times of the versions at the destination, newest first: those of the log lines and the newest, which they leave out."""
    if report.listed_versions is None:
        return None
    found = {version.at for version in report.listed_versions}
    if report.last_version is not None:
        found.add(report.last_version.at)
    return [iso(at) for at in sorted(found, reverse=True)]


def _time(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
