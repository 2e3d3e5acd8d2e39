"""The JSON document that Duplicati posts after an operation: a parsed document in, a `Report` out. Holds for every operation and
every version since 2.0.6, failed runs included; what cannot be a report raises `NotAReport`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from zoneinfo import ZoneInfo

from duplistatus.clock import Instant
from duplistatus.report.extra import read_host, read_next_run, read_origin, unknown_keys
from duplistatus.report.fields import Section, count, flag, items, name, subsection, text
from duplistatus.report.figures import read_figures, read_newest_version
from duplistatus.report.log import read_log
from duplistatus.report.rejection import NotAReport, bad_value
from duplistatus.report.report import Kind, Report, Status
from duplistatus.report.timestamps import in_zone, read_date_time, read_time_span
from duplistatus.report.versions import listed_versions

_REQUIRED_OF_A_BACKUP = ("ParsedResult", "BeginTime", "Duration")
_STATUSES = {status.value: status for status in Status}
_OF_AN_EXCEPTION = ("ClassName", "StackTraceString", "StackTrace", "HResult", "InnerException")
_MOST_INNER_EXCEPTIONS = 10


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The parts of a document after it is clear what it reports. `data` is empty where there is only an exception."""

    operation: str
    data: Section
    extra: Section
    exception: str | None
    reduced: bool
    complete: bool
    """False where Duplicati itself leaves fields out: exceptions of 2.0.7 and older, reduced reporting."""


def read_document(document: Section, kind: Kind, zone: ZoneInfo | None) -> Report:
    """The report that a document holds; `zone` is the zone of the server that sent it, where it is known."""
    outcome = _read_outcome(document)
    data, extra = outcome.data, outcome.extra
    origin = read_origin(extra)
    if outcome.operation == "Backup" and outcome.complete:
        _require_fields_of_a_backup(data)
    log = read_log(data, items(document, "LogLines"), outcome.exception)
    warnings_count = _stated(data, "WarningsActualLength", len(log.warnings))
    parsed_result = _parsed_result(outcome)
    status = _STATUSES.get(parsed_result, Status.UNKNOWN)
    if status is Status.SUCCESS and warnings_count > 0:
        status = Status.WARNING
    ended_at = _moment(data, "EndTime")
    newest = read_newest_version(data, zone)
    dry_run = flag(data, "Dryrun")
    next_run = read_next_run(extra)
    backend = subsection(data, "BackendStatistics")
    return Report(
        kind=kind,
        origin=origin,
        operation=outcome.operation,
        status=status,
        parsed_result=parsed_result,
        begun_at=_moment(data, "BeginTime"),
        ended_at=ended_at,
        duration_seconds=_duration(data, ended_at),
        sends_next_run=next_run.sent,
        next_run=next_run.at,
        partial=flag(data, "PartialBackup"),
        dry_run=dry_run,
        interrupted=flag(data, "Interrupted"),
        reduced=outcome.reduced,
        messages_count=_stated(data, "MessagesActualLength", len(log.lines)),
        warnings_count=warnings_count,
        errors_count=_stated(data, "ErrorsActualLength", len(log.errors)),
        quota_error=flag(backend, "ReportedQuotaError"),
        quota_warning=flag(backend, "ReportedQuotaWarning"),
        exception=outcome.exception,
        figures=read_figures(data, outcome.operation, failed=status is Status.FATAL, newest=newest),
        host=read_host(extra, text(data, "Version")),
        log=log,
        last_version=newest,
        # A dry run says what it would delete and deletes nothing.
        listed_versions=None if dry_run else listed_versions(log.lines, newest, zone),
        deleted_versions=() if dry_run else tuple(_deleted_versions(data, outcome.operation, zone)),
        nested=tuple(_nested(data)),
        unknown_extra=unknown_keys(extra),
    )


def _read_outcome(document: Section) -> _Outcome:
    """What a document reports, in the order in which existing clients see it refused: no operation, then no `Extra`."""
    data, extra = document.get("Data"), document.get("Extra")
    reduced = isinstance(extra, dict) and extra.get("report-mode") == "reduced"
    if data is None and reduced and "Data" in document:
        data = {}
    if not isinstance(data, dict):
        _refuse_without_operation(document, data)
    failure = None if "MainOperation" in data else _exception_text(data)
    complete = failure is None and not reduced
    if complete and name(data, "MainOperation") is None:
        _refuse_without_operation(document, data)
    if not isinstance(extra, dict):
        raise NotAReport("missing_extra", "Missing Extra section in request data")
    return _Outcome(
        # Without `send-http-any-operation` Duplicati reports backups only.
        operation=name(data, "MainOperation") or name(extra, "OperationName") or "Backup",
        data={} if failure is not None else data,
        extra=extra,
        exception=failure or text(document, "Exception") or text(data, "Exception"),
        reduced=reduced,
        complete=complete,
    )


def _refuse_without_operation(document: Section, data: object) -> NoReturn:
    if "test" in document and "Data" not in document:
        raise NotAReport("connection_test", "The connection works, but this is a test document and no report")
    if "Data" not in document and "Extra" not in document:
        raise NotAReport("no_report", "This is no report of Duplicati: it has neither Data nor Extra")
    sentence = "Data does not say which operation it reports" if isinstance(data, dict) else "The document has no Data section"
    raise NotAReport("no_operation", sentence, answer="Only backup operations are supported")


def _require_fields_of_a_backup(data: Section) -> None:
    missing = [key for key in _REQUIRED_OF_A_BACKUP if text(data, key) is None]
    if missing:
        raise NotAReport(
            "missing_fields",
            f"Missing required fields in Data section: {', '.join(missing)}",
            missing=missing,
            section=("dataSection", data),
        )


def _parsed_result(outcome: _Outcome) -> str:
    """`ParsedResult` as it came. Without one, an exception is Fatal; a reduced report may name the result in `Extra`."""
    found = name(outcome.data, "ParsedResult")
    if found is None and outcome.reduced:
        found = name(outcome.extra, "ParsedResult")
    if found is None:
        found = Status.FATAL.value if outcome.exception is not None else Status.UNKNOWN.value
    return found


def _exception_text(data: Section) -> str | None:
    """The text of an exception that stands in place of a result (Duplicati 2.0.7 and older, in two shapes); None for a result."""
    if not isinstance(data.get("Message"), str) or not any(key in data for key in _OF_AN_EXCEPTION):
        return None
    parts: list[str] = []
    exception: object = data
    while isinstance(exception, dict) and len(parts) < _MOST_INNER_EXCEPTIONS:
        head = ": ".join(part for part in (text(exception, "ClassName"), text(exception, "Message")) if part)
        stack = text(exception, "StackTraceString") or text(exception, "StackTrace")
        parts.append(f"{head}\n{stack.rstrip()}" if stack else head)
        exception = exception.get("InnerException")
    return "\n ---> ".join(parts)


def _stated(data: Section, key: str, listed: int) -> int:
    """A count that the document states, or the number of texts that it lists."""
    stated = count(data, key)
    return listed if stated is None else stated


def _moment(data: Section, key: str) -> Instant | None:
    value = data.get(key)
    if value is None or value == "":
        return None
    try:
        moment = read_date_time(value) if isinstance(value, str) else None
    except (ValueError, OverflowError) as error:
        raise bad_value(key, value, "a date and time") from error
    if moment is None and not isinstance(value, str):
        raise bad_value(key, value, "a date and time")
    return moment.at if moment is not None else None


def _duration(data: Section, ended_at: Instant | None) -> float | None:
    """Seconds. A run that never set its end has no duration either, although it writes `00:00:00`."""
    value = data.get("Duration")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise bad_value("Duration", value, "a duration")
    try:
        seconds = read_time_span(value)
    except ValueError as error:
        raise bad_value("Duration", value, "a duration of the form [d.]hh:mm:ss[.fffffff]") from error
    return None if seconds == 0 and ended_at is None else seconds


def _deleted_versions(data: Section, operation: str, zone: ZoneInfo | None) -> Iterator[Instant]:
    """`DeletedSets`, which holds at most 20 versions, with their offset."""
    deletion = data if operation == "Delete" else subsection(data, "DeleteResults")
    if flag(deletion, "Dryrun"):
        return
    for entry in items(deletion, "DeletedSets") or ():
        written = text(entry, "Item2") if isinstance(entry, dict) else None
        try:
            moment = read_date_time(written) if written is not None else None
            if moment is not None and moment.offset_minutes is None and zone is not None:
                moment = in_zone(moment, zone)
        except (ValueError, OverflowError):
            continue
        if moment is not None and moment.offset_minutes is not None:
            yield moment.at


def _nested(data: Section) -> Iterator[tuple[str, str]]:
    """Operation and result of each nested result; a list of them for remote synchronizations."""
    for key, value in data.items():
        if key.endswith("Results"):
            results: list[object] = value if isinstance(value, list) else [value]
            for result in results:
                if isinstance(result, dict) and (parsed := text(result, "ParsedResult")) is not None:
                    yield text(result, "MainOperation") or key.removesuffix("Results"), parsed
