"""Reports made of what a server's own API tells: of a row of a job's log, which holds the `Data` of the report that was or was not sent,
and of an error that the server keeps of a job without a row. In: these, and who they are of; out: `Report` values, equal to those of
the sent documents as far as the rows hold the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from duplistatus.clock import Instant
from duplistatus.report.document import read_document
from duplistatus.report.extra import normal_backup_id
from duplistatus.report.fields import Section
from duplistatus.report.log import read_log
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Host, Kind, Origin, Report, Status
from duplistatus.report.server_answers import ApiJob, ServerIdentity
from duplistatus.report.timestamps import read_date_time


def origin_of(job: ApiJob, machine_id: str, machine_name: str) -> Origin:
    """As whom a job's documents are recorded."""
    return Origin(machine_id or None, machine_name or None, job.name, normal_backup_id(job.id))


def begin_of(data: Section) -> Instant | None:
    """When the operation of a row began, without reading the rest of it; None where it does not say."""
    value = data.get("BeginTime")
    try:
        found = read_date_time(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
    return found.at if found is not None else None


def read_log_row(data: Section, origin: Origin, job: ApiJob, identity: ServerIdentity) -> Report:
    """The report of a row. Raises NotAReport."""
    report = read_document({"Data": data, "Extra": _extra(origin, job, identity)}, Kind.JSON, None)
    if report.begun_at is None:
        # Without it the row would be another operation each time it is read.
        raise NotAReport("missing_fields", "The row does not say when the operation began")
    if report.status is Status.FATAL and report.exception is None:
        return replace(report, exception=_exception(report.log.errors))
    return report


def _exception(errors: Sequence[str]) -> str | None:
    """What ended the operation: the text below the line of the newest error that has one. Rows have no exception of their own."""
    return next((below for error in reversed(errors) if (below := error.partition("\n")[2].strip())), None)


def _extra(origin: Origin, job: ApiJob, identity: ServerIdentity) -> dict[str, str | None]:
    """What reports say of their sender; a row says nothing of it."""
    return {
        "machine-id": origin.machine_id,
        "machine-name": origin.machine_name,
        "backup-name": origin.job_name,
        "backup-id": origin.backup_id,
        "operating-system": identity.operating_system,
        "operating-system-detailed": identity.operating_system_detailed,
        "installation-type": identity.installation_type,
        "update-channel": identity.update_channel,
        "destination-type": job.destination_type,
    }


def failed_run(failed_at: Instant, failure: str, origin: Origin, job: ApiJob) -> Report:
    """The run that ended with an error and left nothing else."""
    return Report(
        kind=Kind.JSON,
        origin=origin,
        operation="Backup",
        status=Status.FATAL,
        parsed_result=Status.FATAL.value,
        begun_at=failed_at,
        ended_at=None,
        duration_seconds=None,
        errors_count=1,
        exception=failure,
        host=Host(destination_type=job.destination_type),
        log=read_log({}, None, failure),
    )
