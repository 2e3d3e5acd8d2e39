"""What messages about jobs are made of: results of runs, overdue jobs, jobs that report again. In: a notice with the numbers of its moment,
and the database as it is; out: the values of the variables, and what stands around the text. A job or a run that is gone meanwhile
leaves its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from duplistatus.clock import SECOND, TICKS, Instant, iso
from duplistatus.evaluate.interval import Interval
from duplistatus.evaluate.notice import Event, event_of
from duplistatus.i18n.formats import day as day_text
from duplistatus.i18n.formats import locale_of
from duplistatus.i18n.spans import distance, interval_text, rough_span, span
from duplistatus.i18n.wording import Wording
from duplistatus.notify.filling import BLANK, NOTHING, Block, Value
from duplistatus.notify.log_excerpt import excerpt
from duplistatus.notify.mail_html import Band, Fact, Kind, preformatted
from duplistatus.notify.parts import Parts
from duplistatus.notify.phrasebook import Texts
from duplistatus.report.report import Status
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, RunId
from duplistatus.store.outbox import Delivery
from duplistatus.store.own_address import run_address, server_address
from duplistatus.store.runs import RunLog, log_of, run_by_id
from duplistatus.store.subjects import Subject, details_of, interval_of, subject_of, uid_of

KINDS: Mapping[Event, Kind] = {
    Event.SUCCESS: "ok",
    Event.WARNING: "warn",
    Event.ERROR: "error",
    Event.FATAL: "error",
    Event.OVERDUE: "late",
    Event.BACK: "ok",
}
_RUN_FACTS = ("status", "backup_date", "duration", "uploaded_size", "storage_size", "available_versions", "file_count", "file_size")
_LABELS = {
    "status": "facts.status",
    "backup_date": "facts.begun",
    "duration": "facts.duration",
    "uploaded_size": "facts.uploaded",
    "storage_size": "facts.stored",
    "available_versions": "facts.versions",
    "file_count": "facts.files",
    "file_size": "facts.source",
    "warnings_count": "facts.warnings",
    "errors_count": "facts.errors",
    "last_backup_date": "facts.last",
    "expected_date": "facts.expected",
    "backup_interval": "facts.interval",
    "overdue_tolerance": "facts.tolerance",
    "overdue_since": "facts.since",
    "overdue_duration": "facts.lateness",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """What every message is made with: `address` is that of this product, or empty."""

    connection: Connection
    texts: Texts
    wording: Wording
    address: str

    def date(self, at: Instant | None) -> Value:
        """`21 Nov 2026, 06:58`, as the language joins the two."""
        if at is None:
            return NOTHING
        day = day_text(self.wording.local(at).date(), self.wording.locale, year=True)
        joined = str(locale_of(self.wording.locale).datetime_formats["medium"])
        return Value(joined.replace("{1}", day).replace("{0}", self.wording.time_of_day(at)))

    def ago(self, at: Instant | None, now: Instant) -> Value:
        """`2 days ago`."""
        return NOTHING if at is None else Value(distance(now - at, self.wording.locale))

    def number(self, value: int | None) -> Value:
        return NOTHING if value is None else Value(self.wording.number(value))

    def size(self, value: int | None) -> Value:
        return NOTHING if value is None else Value(self.wording.size(value))

    def facts(self, values: Mapping[str, Value], names: tuple[str, ...]) -> list[tuple[str, Fact]]:
        """Rows of the table of facts of what is known."""
        known = [(name, values[name]) for name in names if not values[name].is_empty]
        return [(name, Fact(self.texts.word(_LABELS[name]), value.text)) for name, value in known]


def run_parts(telling: Telling, delivery: Delivery) -> Parts:
    """Of the result of a run."""
    subject = _subject(telling, delivery)
    values = _values_of(subject) | _run_values(telling, delivery, delivery.details)
    uid = _uid(telling, delivery)
    link = run_address(telling.address, subject.server_key, uid) if uid else server_address(telling.address, subject.server_key)
    status = str(delivery.details.get("status") or "")
    band = Band(KINDS[delivery.event], telling.texts.word(f"band.{_status_word(status)}"))
    names = _RUN_FACTS[2:] if status == Status.SUCCESS else (*_RUN_FACTS[2:], "warnings_count", "errors_count")
    data = subject_data(subject) | {"run": _run_data(uid, delivery.details)}
    return Parts(values | _link(link), band, telling.facts(values, names), link, data)


def overdue_parts(telling: Telling, delivery: Delivery) -> Parts:
    """Of a job that is overdue."""
    subject, details = _subject(telling, delivery), delivery.details
    expected, overdue, last = (_instant(details, name) for name in ("expected_at", "overdue_at", "last_begun_at"))
    interval = interval_of(telling.connection, JobId(delivery.job_id), details.get("source")) if delivery.job_id is not None else None
    if interval is None and isinstance(details.get("interval"), int):
        interval = details["interval"]
    tolerance = overdue - expected if overdue is not None and expected is not None else None
    locale = telling.wording.locale
    repeat = NOTHING
    if interval is not None:
        repeat = Value(interval_text(interval, locale) if isinstance(interval, Interval) else rough_span(interval, locale))
    values = _values_of(subject) | {
        "last_backup_date": telling.date(last),
        "last_elapsed": telling.ago(last, delivery.at),
        "expected_date": telling.date(expected),
        "expected_elapsed": telling.ago(expected, delivery.at),
        "backup_interval": repeat,
        "backup_interval_value": repeat,
        "backup_interval_type": BLANK,
        "overdue_tolerance": NOTHING if tolerance is None else Value(span(tolerance, locale)),
    }
    link = server_address(telling.address, subject.server_key)
    names = ("expected_date", "last_backup_date", "backup_interval", "overdue_tolerance")
    data = subject_data(subject) | {"overdue": overdue_data(details, delivery.at)}
    band = Band("late", telling.texts.word("band.overdue"))
    return Parts(values | _link(link), band, telling.facts(values, names), link, data)


def back_parts(telling: Telling, delivery: Delivery) -> Parts:
    """Of a job that was overdue and reports again. The notice has few numbers of the run: the others are those of its row."""
    subject, details = _subject(telling, delivery), delivery.details
    since = _instant(details, "overdue_since")
    values = _values_of(subject) | _run_values(telling, delivery, _with_row(telling.connection, delivery))
    values |= {
        "overdue_since": telling.date(since),
        "overdue_duration": NOTHING if since is None else Value(rough_span(delivery.at - since, telling.wording.locale)),
    }
    uid = _uid(telling, delivery)
    link = run_address(telling.address, subject.server_key, uid) if uid else server_address(telling.address, subject.server_key)
    status = str(details.get("status") or "")
    kind = KINDS[event_of(status)]
    band = Band(kind, telling.texts.word("band.back") if kind == "ok" else telling.texts.word(f"band.{_status_word(status)}"))
    names = ("overdue_since", "overdue_duration", "backup_date", "status", "duration", "uploaded_size")
    data = subject_data(subject) | {"run": _run_data(uid, details), "overdue": {"since": iso(since) if since is not None else None}}
    return Parts(values | _link(link), band, telling.facts(values, names), link, data)


def overdue_data(details: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """The facts of an overdue job for programs."""
    found = {name: _instant(details, name) for name in ("last_begun_at", "expected_at", "overdue_at")}
    late = found["expected_at"]
    return {
        "expected_at": iso(late) if late is not None else None,
        "overdue_since": iso(found["overdue_at"]) if found["overdue_at"] is not None else None,
        "last_run_at": iso(found["last_begun_at"]) if found["last_begun_at"] is not None else None,
        "last_status": details.get("last_status"),
        "late_seconds": (now - late) // SECOND if late is not None else None,
        "source": details.get("source"),
    }


def gone(texts: Texts) -> Subject:
    """What is said of a job that nobody knows any more."""
    return Subject("", texts.word("gone.server"), job_name=texts.word("gone.backup"))


def _subject(telling: Telling, delivery: Delivery) -> Subject:
    found = subject_of(telling.connection, delivery.job_id, delivery.server_id)
    if found is not None and found.job_name:
        return found
    names = delivery.details.get("names")
    if isinstance(names, dict):
        return Subject(
            str(names.get("server_key", "")),
            str(names.get("server_name", "")),
            str(names.get("server_alias", "")),
            str(names.get("server_note", "")),
            str(names.get("server_url", "")),
            str(names.get("job_name", "")),
        )
    lost = gone(telling.texts)
    return replace(found, job_name=lost.job_name) if found is not None else lost


def _values_of(subject: Subject) -> dict[str, Value]:
    return {
        "server_name": Value(subject.server_name or subject.label),
        "server_alias": Value(subject.label),
        "server_note": Value(subject.server_note) if subject.server_note.strip() else BLANK,
        "server_url": Value(subject.server_url, is_url=True) if subject.server_url else Value("", is_empty=True, is_url=True),
        "backup_name": Value(subject.job_name),
    }


def _link(address: str) -> dict[str, Value]:
    return {"duplistatus_link": Value(address, is_empty=not address, is_url=True)}


def _run_values(telling: Telling, delivery: Delivery, details: Mapping[str, Any]) -> dict[str, Value]:
    ticks = details.get("duration_ticks")
    log = log_of(telling.connection, RunId(delivery.run_id)) if delivery.run_id is not None else _invented_log(details)
    lines = excerpt(log, str(details.get("reason") or ""), telling.texts)
    return {
        "status": Value(telling.texts.word(f"status.{_status_word(str(details.get('status') or ''))}")),
        "backup_date": telling.date(_instant(details, "begun_at")),
        "duration": NOTHING if ticks is None else Value(span(ticks // (TICKS // SECOND), telling.wording.locale)),
        "uploaded_size": telling.size(details.get("uploaded")),
        "storage_size": telling.size(details.get("stored_size")),
        "available_versions": telling.number(details.get("versions")),
        "file_count": telling.number(details.get("files")),
        "file_size": telling.size(details.get("source_size")),
        "messages_count": telling.number(details.get("messages")),
        "warnings_count": telling.number(details.get("warnings")),
        "errors_count": telling.number(details.get("errors")),
        "log_text": _log_value(lines),
    }


def _invented_log(details: Mapping[str, Any]) -> RunLog:
    """The log of a run that is in no database: of a preview."""
    return RunLog((), tuple(details.get("log_warnings", ())), tuple(details.get("log_errors", ())))


def _log_value(lines: list[str]) -> Value:
    text = "\n".join(lines)
    fence = "```"
    while fence in text:
        fence += "`"
    return Value(text, is_empty=not lines, block=Block(text, f"{fence}\n{text}\n{fence}", preformatted(escape(text, quote=False))))


def _with_row(connection: Connection, delivery: Delivery) -> dict[str, Any]:
    """The numbers of a notice, and of its run where it is still there."""
    row = run_by_id(connection, RunId(delivery.run_id)) if delivery.run_id is not None else None
    return (details_of(row) if row is not None else {}) | dict(delivery.details)


def _status_word(status: str) -> str:
    return status.lower() if status in Status.__members__.values() else "unknown"


def _instant(details: Mapping[str, Any], name: str) -> Instant | None:
    value = details.get(name)
    return Instant(value) if isinstance(value, int) else None


def _uid(telling: Telling, delivery: Delivery) -> str:
    return uid_of(telling.connection, RunId(delivery.run_id)) if delivery.run_id is not None else ""


def subject_data(subject: Subject) -> dict[str, Any]:
    """Server and job for programs; null where they are gone."""
    known = bool(subject.server_key)
    server = {"id": subject.server_key, "name": subject.server_name, "alias": subject.server_alias or None} if known else None
    return {"server": server, "job": {"id": subject.job_id, "name": subject.job_name} if known and subject.job_name else None}


def _run_data(uid: str, details: Mapping[str, Any]) -> dict[str, Any]:
    begun, ended, ticks = _instant(details, "begun_at"), _instant(details, "ended_at"), details.get("duration_ticks")
    return {
        "id": uid or None,
        "status": details.get("status"),
        "begun_at": iso(begun) if begun is not None else None,
        "ended_at": iso(ended) if ended is not None else None,
        "duration_seconds": round(ticks / TICKS, 3) if ticks is not None else None,
        "uploaded_bytes": details.get("uploaded"),
        "stored_bytes": details.get("stored_size"),
        "source_bytes": details.get("source_size"),
        "files": details.get("files"),
        "versions": details.get("versions"),
        "messages": details.get("messages"),
        "warnings": details.get("warnings"),
        "errors": details.get("errors"),
        "reason": details.get("reason") or None,
    }
