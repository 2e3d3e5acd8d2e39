"""Recorded requests told to a database, and what the database then says, without the numbers of rows, so that two databases can be
compared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duplistatus.clock import Instant
from duplistatus.report.reading import read_body
from duplistatus.report.report import LiveStatus, Report
from duplistatus.store.activities import record_live
from duplistatus.store.arrivals import Arrival, Recorded, packed_log
from duplistatus.store.compression import pack
from duplistatus.store.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duplistatus.store.database import Connection, Database

REPORTS = Path(__file__).parent.parent / "data" / "duplicati" / "reports"
NOON = Instant(1_795_262_400_000)
SENDER = "192.0.2.7"


@dataclass(frozen=True)
class Recording:
    """A recorded request."""

    name: str
    body: bytes
    content_type: str | None
    parsed: Report | LiveStatus

    @property
    def begun(self) -> int:
        """Begin of what it tells of, 0 where it does not say."""
        return (self.parsed.started_at if isinstance(self.parsed, LiveStatus) else self.parsed.begun_at) or 0


def recordings(folder: str) -> list[Recording]:
    """The recorded requests of a folder that are posted, in the order of their begin."""
    found = []
    for file in sorted((REPORTS / folder).glob("*.json")):
        request = json.loads(file.read_text(encoding="utf-8"))
        if request["method"] != "POST":
            continue
        headers = {name.lower(): value for name, value in request["headers"]}
        body = request["body"].encode()
        parsed = read_body(body, headers.get("content-type"), headers.get("content-encoding"), 1 << 25)
        found.append(Recording(f"{folder}/{file.name}", body, headers.get("content-type"), parsed))
    return sorted(found, key=lambda each: (each.begun, each.name))


def arrival(body: bytes, parsed: Report, at: Instant = NOON, sender: str = SENDER) -> Arrival:
    """How a document came."""
    return Arrival(at, sender, "application/json", len(body), hashlib.sha256(body).hexdigest(), pack(body), packed_log(parsed))


def tell(connection: Connection, each: Recording, at: Instant = NOON, sender: str = SENDER) -> Recorded:
    """Records one recorded request in a transaction of its own."""
    connection.script("BEGIN")
    done = put(connection, each, at, sender)
    connection.script("COMMIT")
    return done


def put(connection: Connection, each: Recording, at: Instant = NOON, sender: str = SENDER) -> Recorded:
    """Records one recorded request, in whatever transaction there is."""
    if isinstance(each.parsed, LiveStatus):
        return record_live(connection, at, sender, each.parsed)
    return record(connection, arrival(each.body, each.parsed, at, sender), each.parsed)


def tell_all(database: Database, stories: Iterable[Recording], at: Instant = NOON) -> list[Recorded]:
    connection = database.connect()
    try:
        return [tell(connection, each, at) for each in stories]
    finally:
        connection.close()


_JOB = "FROM {table} t JOIN job j ON j.id = t.job_id JOIN server s ON s.id = j.server_id"
_SUMMARY = """j.backup_id, destination_type, last_begun_at, last_ended_at, last_status, last_duration_ms, last_warnings, last_errors,
    last_messages, last_uploaded, last_reason, run_count, uploaded_total, files, source_size, stored_size, versions_count, versions,
    recent, last_good_at, next_run, restored_at, restored_result, verified_at, verified_result, schedule, outcome,
    expected_at, overdue_at, due_at,
    due_source, zone_evidence"""
_DAY = "runs, uploaded, t.duration_ticks, files, source_size, stored_size, versions, warnings, errors, failures"
_TEXTS = {
    "servers": """SELECT key, name, (SELECT h.key FROM server h WHERE h.id = s.adopted_by) AS host, version, operating_system,
        installation_type, described_at, zone, zone_source FROM server s""",
    "jobs": f"SELECT s.key AS server, j.name, {_SUMMARY} FROM job j JOIN server s ON s.id = j.server_id",
    "runs": f"""SELECT s.key AS server, j.name, t.begun_at, t.status, t.duration_ticks, t.examined_files, t.bytes_uploaded, t.kinds,
        t.listed_versions {_JOB.format(table="run")}""",
    "days": f"SELECT s.key AS server, j.name, date, {_DAY.replace('runs', 't.runs', 1)}, stored_size_at {_JOB.format(table='day')}".replace(
        "files, source_size, stored_size, versions,", "t.files, t.source_size, t.stored_size, t.versions,"
    ).replace(", stored_size_at FROM", ", t.stored_size_at FROM"),
    "fleet": f"SELECT date, {_DAY} FROM fleet_day t",
    "activities": f"SELECT s.key AS server, j.name, t.operation, t.begun_at, t.result, t.dry_run {_JOB.format(table='activity')}",
}


def state(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything that counts, in a form that two databases can be compared by."""
    told = {}
    with database.read() as connection:
        for name, text in _TEXTS.items():
            cursor = connection.raw.execute(text)
            columns = [column[0] for column in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            told[name] = sorted(rows, key=lambda row: [str(value) for value in row.values()])
    return told
