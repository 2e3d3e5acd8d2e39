"""Rows of `run`. In: a report; out: its columns, the row and its log, and the facts that summaries take from it."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import fields
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, insert, update

from duplistatus.clock import TICKS, Instant
from duplistatus.evaluate.job_summary import RunFacts
from duplistatus.evaluate.reason import reason_of
from duplistatus.evaluate.version_history import VersionNews
from duplistatus.report.report import Figures, Host, Kind, Report
from duplistatus.store.arrivals import Arrival
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, OriginId, RunId
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import versions_text
from duplistatus.store.tables import FIGURES, run, run_log

_HOST = tuple(field.name for field in fields(Host))
_FIELDS_OF_HOST = attrgetter(*_HOST)
_FIGURES_OF = attrgetter(*FIGURES)
_PLAIN = (
    "ended_at",
    "duration_ticks",
    "status",
    "parsed_result",
    "partial",
    "interrupted",
    "reduced",
    "messages_count",
    "warnings_count",
    "errors_count",
    "quota_error",
    "quota_warning",
    "sends_next_run",
    "next_run",
    "last_version_at",
    "last_version_offset",
    "listed_versions",
    "deleted_versions",
    "nested",
    "extra",
    "host",
    "version",
    "reason",
    *FIGURES,
)
_OWN = ("uid", "origin_id", "job_id", "begun_at", "arrived_at", "kinds", "at_arrival", "fingerprint")
_INSERT_RUN = Statement(insert(run).values({name: bindparam(name) for name in (*_OWN, *_PLAIN)}).returning(run.c.id))
_COMPLETE_RUN = Statement(
    update(run).where(run.c.id == bindparam("id_")).values({name: bindparam(name) for name in ("begun_at", "kinds", *_PLAIN)})
)
_REPLACE_RUN = Statement(
    update(run)
    .where(run.c.id == bindparam("id_"))
    .values({name: bindparam(name) for name in (*(name for name in _OWN if name not in {"uid", "job_id"}), *_PLAIN)})
)
_SET_KINDS = Statement(update(run).where(run.c.id == bindparam("id_")).values(kinds=bindparam("kinds")))
_INSERT_LOG = Statement(insert(run_log).values(run_id=bindparam("run_id"), body=bindparam("body")))
_DELETE_LOG = Statement(delete(run_log).where(run_log.c.run_id == bindparam("run_id")))


def run_facts_of(run_id: RunId, uid: str, begun_at: Instant, report: Report) -> RunFacts:
    """Facts of a run straight from its report: the same that `summaries.run_facts` reads back."""
    figures = report.figures
    count = report.versions_count
    newest = report.last_version
    return RunFacts(
        run_id=run_id,
        uid=uid,
        begun_at=begun_at,
        ended_at=report.ended_at,
        status=report.status.value,
        duration_ticks=_ticks(report.duration_seconds),
        partial=report.partial,
        warnings=report.warnings_count,
        errors=report.errors_count,
        messages=report.messages_count,
        uploaded=figures.bytes_uploaded,
        files=figures.examined_files,
        source_size=figures.size_of_examined_files,
        stored_size=figures.known_file_size,
        versions_count=count,
        sends_next_run=report.sends_next_run,
        next_run=report.next_run,
        reason=reason_of(report),
        destination_type=report.host.destination_type or "",
        news=VersionNews(newest, report.listed_versions, report.deleted_versions, count, begun_at),
    )


def _ticks(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * TICKS)


def new_uid(at: Instant) -> str:
    """A public id: a UUID of version 7 (RFC 9562). New ones sort last, so that the index of ids grows at one end."""
    number = at << 80 | 0x7 << 76 | secrets.randbits(76) & ~(0b11 << 62) | 0b10 << 62
    return str(uuid.UUID(int=number))


def insert_run(
    connection: Connection, arrival: Arrival, report: Report, origin_id: OriginId, begun_at: Instant, kind: int, job_id: JobId | None
) -> tuple[RunId, str]:
    """Inserts a run with its log; `job_id` None keeps it uncounted. Its row and public id."""
    uid = new_uid(arrival.at)
    own = {
        "uid": uid,
        "origin_id": origin_id,
        "job_id": job_id,
        "begun_at": begun_at,
        "arrived_at": arrival.at,
        "kinds": kind,
        "at_arrival": int(report.begun_at is None),
        "fingerprint": arrival.fingerprint if report.begun_at is None else None,
    }
    run_id = RunId(connection.value(_INSERT_RUN, own | columns_of(report)))
    if arrival.log is not None:
        connection.run(_INSERT_LOG, {"run_id": run_id, "body": arrival.log})
    return run_id, uid


def add_document(connection: Connection, arrival: Arrival, report: Report, run_id: RunId, begun_at: Instant, kinds: int) -> None:
    """The other document of a known run: a JSON one tells all that the text did, and the rest; a text adds nothing."""
    if report.kind == Kind.TEXT:
        connection.run(_SET_KINDS, {"id_": run_id, "kinds": kinds})
        return
    connection.run(_COMPLETE_RUN, {"id_": run_id, "begun_at": begun_at, "kinds": kinds} | columns_of(report))
    _replace_log(connection, arrival, run_id)


def replace_run(
    connection: Connection, arrival: Arrival, report: Report, run_id: RunId, origin_id: OriginId, begun_at: Instant, kind: int
) -> None:
    """The first document of a run of which only the error was known: all that it says, and where it comes from, takes that one's place."""
    own = {
        "origin_id": origin_id,
        "begun_at": begun_at,
        "arrived_at": arrival.at,
        "kinds": kind,
        "at_arrival": int(report.begun_at is None),
        "fingerprint": arrival.fingerprint if report.begun_at is None else None,
    }
    connection.run(_REPLACE_RUN, {"id_": run_id} | own | columns_of(report))
    _replace_log(connection, arrival, run_id)


def _replace_log(connection: Connection, arrival: Arrival, run_id: RunId) -> None:
    connection.run(_DELETE_LOG, {"run_id": run_id})
    if arrival.log is not None:
        connection.run(_INSERT_LOG, {"run_id": run_id, "body": arrival.log})


def columns_of(report: Report) -> dict[str, Any]:
    """The columns of a run that come from its report."""
    figures, newest = report.figures, report.last_version
    values: dict[str, Any] = dict(zip(FIGURES, _FIGURES_OF(figures), strict=True))
    values |= {
        "ended_at": report.ended_at,
        "duration_ticks": _ticks(report.duration_seconds),
        "status": report.status.value,
        "parsed_result": report.parsed_result,
        "partial": int(report.partial),
        "interrupted": int(report.interrupted),
        "reduced": int(report.reduced),
        "messages_count": report.messages_count,
        "warnings_count": report.warnings_count,
        "errors_count": report.errors_count,
        "quota_error": int(report.quota_error),
        "quota_warning": int(report.quota_warning),
        "sends_next_run": int(report.sends_next_run),
        "next_run": report.next_run,
        "last_version_at": newest and newest.at,
        "last_version_offset": newest and newest.offset_minutes,
        "listed_versions": versions_text(report.listed_versions),
        "deleted_versions": as_json(report.deleted_versions),
        "nested": as_json(report.nested),
        "extra": as_json(dict(report.unknown_extra)),
        "host": as_json(known(report.host)),
        "version": report.host.duplicati_version or "",
        "reason": reason_of(report),
    }
    return values


def as_json(value: object) -> str | None:
    """JSON text; None for what is empty."""
    return orjson.dumps(value).decode() if value else None


def known(value: Host | Figures) -> dict[str, Any]:
    """The fields that are not None."""
    names, pick = (_HOST, _FIELDS_OF_HOST) if isinstance(value, Host) else (FIGURES, _FIGURES_OF)
    return {name: each for name, each in zip(names, pick(value), strict=True) if each is not None}
