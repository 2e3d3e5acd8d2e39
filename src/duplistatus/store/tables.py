"""The tables of servers, jobs and what their reports told. `columns.py` says how values are kept."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint

from duplistatus.report.report import Figures
from duplistatus.store.columns import Id, at, count, flag, id_column, metadata, text

FIGURES: tuple[str, ...] = tuple(field.name for field in fields(Figures))
"""Names of the figures of a run; each is a column of `run`."""

server = Table(
    "server",
    metadata,
    id_column(),
    # The id in the API: the machine-id, or `name:<machine-name>` for a server that sends none.
    Column("key", Text, nullable=False, unique=True),
    Column("has_machine_id", SmallInteger, nullable=False),
    text("name"),
    text("alias"),
    text("note"),
    text("url"),
    # JSON: whom besides to tell of its jobs, where these have nothing of their own
    Column("notify", Text),
    # the encrypted password of its API; empty: none
    text("secret"),
    # the zone in which its scheduler counts, by IANA name, and how that is known: a value of `ZoneSource`
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("zone_source", Text, nullable=False, server_default="assumed"),
    # what the user set; what the server's own setting says (empty: UTC); the zone of its host, where the server told it
    Column("zone_set", Text),
    Column("zone_told", Text),
    Column("host_zone", Text),
    # A server without id that was recognised as another: its reports count there.
    Column("adopted_by", Id, ForeignKey("server.id")),
    text("version"),
    text("operating_system"),
    text("operating_system_detailed"),
    text("installation_type"),
    text("update_channel"),
    # Begin of the report that the five columns above come from.
    at("described_at"),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_server_adopted_by", "adopted_by"),
    Index("ix_server_name", "name"),
)

job = Table(
    "job",
    metadata,
    id_column(),
    Column("server_id", Id, ForeignKey("server.id"), nullable=False),
    Column("name", Text, nullable=False),
    text("backup_id"),
    text("destination_type"),
    Column("created_at", BigInteger, nullable=False),
    # the newest run
    Column("last_run_id", Id),
    Column("last_uid", Text),
    at("last_begun_at"),
    at("last_ended_at"),
    Column("last_status", Text),
    Column("last_duration_ms", BigInteger),
    count("last_warnings"),
    count("last_errors"),
    count("last_messages"),
    Column("last_uploaded", BigInteger),
    text("last_reason"),
    # totals over all runs
    count("run_count"),
    count("uploaded_total"),
    # figures of the newest run that knows them, each with the begin of that run
    Column("files", BigInteger),
    at("files_at"),
    Column("source_size", BigInteger),
    at("source_size_at"),
    Column("stored_size", BigInteger),
    at("stored_size_at"),
    Column("versions_count", BigInteger),
    at("versions_count_at"),
    # JSON: versions at the destination, newest first, [[at, offset_minutes, exact], …]; null when the list is not known in full
    Column("versions", Text),
    # JSON `[count, [[at, offset_minutes, exact, sure], …]]`: versions seen so far, by which the wall-clock times of later lists are
    # recognised, which of them are surely there, and how many the newest run counted
    Column("versions_seen", Text),
    # JSON: newest 30 runs, oldest first, [[begun_at, status, good, told], …]; told: 0 says nothing of next runs, 1 announced one,
    # 2 was started by hand
    Column("recent", Text, nullable=False, server_default="[]"),
    at("last_good_at"),
    # what the newest run that announced a next run said
    at("next_run"),
    at("next_run_at"),
    # what the server's API said: the next run that it proposes, and JSON of its schedule
    at("proposed_run"),
    at("proposed_at"),
    Column("server_schedule", Text),
    at("server_schedule_at"),
    # the slots that the runs have led to since, by the server's schedule and by the user's setting
    at("schedule_slot"),
    at("setting_slot"),
    # JSON: by what its slots tell in which zone the server counts
    Column("zone_evidence", Text),
    # newest restore and verification
    at("restored_at"),
    Column("restored_result", Text),
    at("verified_at"),
    Column("verified_result", Text),
    # live status
    at("live_started_at"),
    at("live_reported_at"),
    Column("live_state", Text),
    Column("live_phase", Text),
    Column("live_progress", Double),
    Column("live_operation", Text),
    # when it came, by the clock of this machine
    at("live_heard_at"),
    Column("live_files_done", BigInteger),
    Column("live_files_total", BigInteger),
    Column("live_bytes_done", BigInteger),
    Column("live_bytes_total", BigInteger),
    # usual milliseconds between two live-status documents; from when on a running job that says nothing is stuck
    Column("live_interval", BigInteger),
    at("stuck_at"),
    # the four facts
    Column("schedule", Text, nullable=False, server_default="unscheduled"),
    at("schedule_since"),
    Column("outcome", Text, nullable=False, server_default="good"),
    Column("activity", Text, nullable=False, server_default="idle"),
    Column("silence", Text, nullable=False, server_default="none"),
    at("expected_at"),
    # the expected moment and the tolerance of the job
    at("overdue_at"),
    # the next moment at which its silence can change
    at("silence_at"),
    # the next moment at which any of the facts can change by time alone
    at("due_at"),
    Column("due_source", Text),
    UniqueConstraint("server_id", "name"),
)
# Partial on PostgreSQL too, as the migration makes it; to say so here would import that dialect at every start.
Index("job_due", job.c.due_at, sqlite_where=job.c.due_at.is_not(None))

# Each way in which documents have named their sender; which job that means is a function of all of them.
origin = Table(
    "origin",
    metadata,
    id_column(),
    text("machine_id"),
    text("machine_name"),
    Column("job_name", Text, nullable=False),
    text("backup_id"),
    Column("server_id", Id, ForeignKey("server.id"), nullable=False),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    # begin of the newest report that carried a machine name of its own; null when none did
    at("named_at"),
    UniqueConstraint("machine_id", "machine_name", "job_name", "backup_id", name="uq_origin_names"),
    Index("ix_origin_server_id", "server_id"),
    Index("ix_origin_job_id", "job_id"),
    Index("ix_origin_machine_name", "machine_name"),
)

run = Table(
    "run",
    metadata,
    id_column(),
    Column("uid", Text, nullable=False, unique=True),
    Column("origin_id", Id, ForeignKey("origin.id"), nullable=False),
    # null: the same run is already counted under another origin of the job
    Column("job_id", Id, ForeignKey("job.id")),
    Column("begun_at", BigInteger, nullable=False),
    at("ended_at"),
    Column("duration_ticks", BigInteger),
    Column("arrived_at", BigInteger, nullable=False),
    # what is known of it: 1 JSON, 2 plain text, 4 found by collection
    Column("kinds", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    text("parsed_result"),
    flag("partial"),
    flag("interrupted"),
    flag("reduced"),
    # 1: the document has no begin time and counts from its arrival
    flag("at_arrival"),
    Column("fingerprint", Text),
    count("messages_count"),
    count("warnings_count"),
    count("errors_count"),
    flag("quota_error"),
    flag("quota_warning"),
    flag("sends_next_run"),
    at("next_run"),
    at("last_version_at"),
    Column("last_version_offset", Integer),
    Column("listed_versions", Text),
    Column("deleted_versions", Text),
    Column("nested", Text),
    Column("extra", Text),
    Column("host", Text),
    text("version"),
    text("reason"),
    *(Column(name, BigInteger) for name in FIGURES),
    UniqueConstraint("job_id", "begun_at"),
    Index("ix_run_origin_id", "origin_id", "begun_at"),
    Index("ix_run_begun_at", "begun_at"),
    # the runs of one status in the history of a job
    Index("ix_run_status", "job_id", "status", "begun_at"),
)

run_log = Table(
    "run_log",
    metadata,
    Column("run_id", Id, ForeignKey("run.id"), primary_key=True, autoincrement=False),
    # zstd of JSON: {"lines", "warnings", "errors", "exception", "left_out"}
    Column("body", LargeBinary, nullable=False),
)

raw_report = Table(
    "raw_report",
    metadata,
    id_column(),
    Column("origin_id", Id, ForeignKey("origin.id"), nullable=False),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("run_id", Id, ForeignKey("run.id")),
    Column("operation", Text, nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    text("sender"),
    text("content_type"),
    Column("size", BigInteger, nullable=False),
    # zstd of the body as it came, after Content-Encoding was undone
    Column("body", LargeBinary, nullable=False),
    Index("ix_raw_report_job_id", "job_id", "id"),
    Index("ix_raw_report_run_id", "run_id"),
)

rejected_report = Table(
    "rejected_report",
    metadata,
    id_column(),
    Column("arrived_at", BigInteger, nullable=False),
    text("sender"),
    text("content_type"),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

_ROLLUP = ("runs", "uploaded", "duration_ticks", "files", "source_size", "stored_size", "versions", "warnings", "errors", "failures")

# One row a job and UTC day: sums, but for the last known stored size and the most versions.
day = Table(
    "day",
    metadata,
    Column("job_id", Id, ForeignKey("job.id"), primary_key=True),
    Column("date", Integer, primary_key=True),
    *(count(name) for name in _ROLLUP),
    # begin of the run that the stored size comes from; null: not known on that day
    at("stored_size_at"),
    sqlite_with_rowid=False,
)

# The sum of `day` over all jobs, so that a chart of the fleet reads as many rows as it has days.
fleet_day = Table(
    "fleet_day",
    metadata,
    Column("date", Integer, primary_key=True, autoincrement=False),
    *(count(name) for name in _ROLLUP),
)

activity = Table(
    "activity",
    metadata,
    id_column(),
    Column("origin_id", Id, ForeignKey("origin.id"), nullable=False),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("operation", Text, nullable=False),
    flag("dry_run"),
    Column("begun_at", BigInteger, nullable=False),
    at("ended_at"),
    Column("duration_ms", BigInteger),
    Column("result", Text, nullable=False),
    text("reason"),
    count("warnings_count"),
    count("errors_count"),
    Column("arrived_at", BigInteger, nullable=False),
    # JSON of the figures that are known
    Column("figures", Text),
    UniqueConstraint("origin_id", "operation", "begun_at"),
    Index("ix_activity_job_id", "job_id", "operation", "begun_at"),
)

change = Table(
    "change",
    metadata,
    id_column(),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("fact", Text, nullable=False),
    Column("from_value", Text, nullable=False),
    Column("to_value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_change_job_id", "job_id", "at"),
)
