"""The tables, one description for SQLite and PostgreSQL. Times are milliseconds since 1970 (UTC), sizes bytes, ticks 100 ns, flags 0 or
1, and what is read only as a whole is JSON text, so that a row is the same plain values on both drivers and needs no conversion."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from duplistatus.report.report import Figures

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column declared exactly INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

FIGURES: tuple[str, ...] = tuple(field.name for field in fields(Figures))
"""Names of the figures of a run; each is a column of `run`."""


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True)


def _flag(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False, server_default="0")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _at(name: str) -> Column[int]:
    """A moment; null when there was none."""
    return Column(name, BigInteger)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


server = Table(
    "server",
    metadata,
    _id(),
    # The id in the API: the machine-id, or `name:<machine-name>` for a server that sends none.
    Column("key", Text, nullable=False, unique=True),
    Column("has_machine_id", SmallInteger, nullable=False),
    _text("name"),
    _text("alias"),
    _text("note"),
    _text("url"),
    Column("password_enc", LargeBinary),
    Column("time_zone", Text),
    # A server without id that was recognised as another: its reports count there.
    Column("adopted_by", Id, ForeignKey("server.id")),
    _text("version"),
    _text("operating_system"),
    _text("operating_system_detailed"),
    _text("installation_type"),
    _text("update_channel"),
    # Begin of the report that the five columns above come from.
    _at("described_at"),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_server_adopted_by", "adopted_by"),
    Index("ix_server_name", "name"),
)

job = Table(
    "job",
    metadata,
    _id(),
    Column("server_id", Id, ForeignKey("server.id"), nullable=False),
    Column("name", Text, nullable=False),
    _text("backup_id"),
    _text("destination_type"),
    Column("created_at", BigInteger, nullable=False),
    # the newest run
    Column("last_run_id", Id),
    Column("last_uid", Text),
    _at("last_begun_at"),
    _at("last_ended_at"),
    Column("last_status", Text),
    Column("last_duration_ms", BigInteger),
    _count("last_warnings"),
    _count("last_errors"),
    _count("last_messages"),
    Column("last_uploaded", BigInteger),
    _text("last_reason"),
    # totals over all runs
    _count("run_count"),
    _count("uploaded_total"),
    # figures of the newest run that knows them, each with the begin of that run
    Column("files", BigInteger),
    _at("files_at"),
    Column("source_size", BigInteger),
    _at("source_size_at"),
    Column("stored_size", BigInteger),
    _at("stored_size_at"),
    Column("versions_count", BigInteger),
    _at("versions_count_at"),
    # JSON: versions at the destination, newest first, [[at, offset_minutes, exact], …]; null when the list is not known in full
    Column("versions", Text),
    # JSON `[count, [[at, offset_minutes, exact, sure], …]]`: versions seen so far, by which the wall-clock times of later lists are
    # recognised, which of them are surely there, and how many the newest run counted
    Column("versions_seen", Text),
    # JSON: newest 30 runs, oldest first, [[begun_at, status], …]
    Column("recent", Text, nullable=False, server_default="[]"),
    _at("last_good_at"),
    # what the newest run that announced a next run said
    _at("next_run"),
    _at("next_run_at"),
    # newest restore and verification
    _at("restored_at"),
    Column("restored_result", Text),
    _at("verified_at"),
    Column("verified_result", Text),
    # live status
    _at("live_started_at"),
    _at("live_reported_at"),
    Column("live_state", Text),
    Column("live_phase", Text),
    Column("live_progress", Double),
    Column("live_operation", Text),
    # the four facts
    Column("schedule", Text, nullable=False, server_default="unscheduled"),
    _at("schedule_since"),
    Column("outcome", Text, nullable=False, server_default="good"),
    Column("activity", Text, nullable=False, server_default="idle"),
    Column("silence", Text, nullable=False, server_default="none"),
    _at("expected_at"),
    _at("due_at"),
    Column("due_source", Text),
    UniqueConstraint("server_id", "name"),
)
# Partial on PostgreSQL too, as the migration makes it; to say so here would import that dialect at every start.
Index("job_due", job.c.due_at, sqlite_where=job.c.due_at.is_not(None))

# Each way in which documents have named their sender; which job that means is a function of all of them.
origin = Table(
    "origin",
    metadata,
    _id(),
    _text("machine_id"),
    _text("machine_name"),
    Column("job_name", Text, nullable=False),
    _text("backup_id"),
    Column("server_id", Id, ForeignKey("server.id"), nullable=False),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    # begin of the newest report that carried a machine name of its own; null when none did
    _at("named_at"),
    UniqueConstraint("machine_id", "machine_name", "job_name", "backup_id", name="uq_origin_names"),
    Index("ix_origin_server_id", "server_id"),
    Index("ix_origin_job_id", "job_id"),
    Index("ix_origin_machine_name", "machine_name"),
)

run = Table(
    "run",
    metadata,
    _id(),
    Column("uid", Text, nullable=False, unique=True),
    Column("origin_id", Id, ForeignKey("origin.id"), nullable=False),
    # null: the same run is already counted under another origin of the job
    Column("job_id", Id, ForeignKey("job.id")),
    Column("begun_at", BigInteger, nullable=False),
    _at("ended_at"),
    Column("duration_ticks", BigInteger),
    Column("arrived_at", BigInteger, nullable=False),
    # what is known of it: 1 JSON, 2 plain text, 4 found by collection
    Column("kinds", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    _text("parsed_result"),
    _flag("partial"),
    _flag("interrupted"),
    _flag("reduced"),
    # 1: the document has no begin time and counts from its arrival
    _flag("at_arrival"),
    Column("fingerprint", Text),
    _count("messages_count"),
    _count("warnings_count"),
    _count("errors_count"),
    _flag("quota_error"),
    _flag("quota_warning"),
    _flag("sends_next_run"),
    _at("next_run"),
    _at("last_version_at"),
    Column("last_version_offset", Integer),
    Column("listed_versions", Text),
    Column("deleted_versions", Text),
    Column("nested", Text),
    Column("extra", Text),
    Column("host", Text),
    _text("version"),
    _text("reason"),
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
    _id(),
    Column("origin_id", Id, ForeignKey("origin.id"), nullable=False),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("run_id", Id, ForeignKey("run.id")),
    Column("operation", Text, nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    _text("sender"),
    _text("content_type"),
    Column("size", BigInteger, nullable=False),
    # zstd of the body as it came, after Content-Encoding was undone
    Column("body", LargeBinary, nullable=False),
    Index("ix_raw_report_job_id", "job_id", "id"),
    Index("ix_raw_report_run_id", "run_id"),
)

rejected_report = Table(
    "rejected_report",
    metadata,
    _id(),
    Column("arrived_at", BigInteger, nullable=False),
    _text("sender"),
    _text("content_type"),
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
    *(_count(name) for name in _ROLLUP),
    # begin of the run that the stored size comes from; null: not known on that day
    _at("stored_size_at"),
    sqlite_with_rowid=False,
)

# The sum of `day` over all jobs, so that a chart of the fleet reads as many rows as it has days.
fleet_day = Table(
    "fleet_day",
    metadata,
    Column("date", Integer, primary_key=True, autoincrement=False),
    *(_count(name) for name in _ROLLUP),
)

activity = Table(
    "activity",
    metadata,
    _id(),
    Column("origin_id", Id, ForeignKey("origin.id"), nullable=False),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("operation", Text, nullable=False),
    _flag("dry_run"),
    Column("begun_at", BigInteger, nullable=False),
    _at("ended_at"),
    Column("duration_ms", BigInteger),
    Column("result", Text, nullable=False),
    _text("reason"),
    _count("warnings_count"),
    _count("errors_count"),
    Column("arrived_at", BigInteger, nullable=False),
    # JSON of the figures that are known
    Column("figures", Text),
    UniqueConstraint("origin_id", "operation", "begun_at"),
    Index("ix_activity_job_id", "job_id", "operation", "begun_at"),
)

change = Table(
    "change",
    metadata,
    _id(),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False),
    Column("fact", Text, nullable=False),
    Column("from_value", Text, nullable=False),
    Column("to_value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_change_job_id", "job_id", "at"),
)

user = Table(
    "user",
    metadata,
    Column("id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    # the name folded to one case: names are case-insensitive
    Column("username_key", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    _flag("is_admin"),
    _flag("must_change_password"),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    _at("last_login_at"),
    Column("last_login_ip", Text),
    # JSON: display settings
    Column("display", Text, nullable=False, server_default="{}"),
)

session = Table(
    "session",
    metadata,
    # SHA-256 of the cookie's value; the value itself is nowhere stored
    Column("token_hash", Text, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("user_id", Text, ForeignKey("user.id", ondelete="CASCADE")),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    _text("address"),
    _text("user_agent"),
    Index("ix_session_user_id", "user_id"),
    Index("ix_session_expires_at", "expires_at"),
)

# Failed sign-ins by `user:<name>` and `address:<ip>`.
login_failure = Table(
    "login_failure",
    metadata,
    Column("subject", Text, primary_key=True),
    _count("failures"),
    Column("first_at", BigInteger, nullable=False),
    _at("locked_until"),
    _count("locks"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", BigInteger, nullable=False),
    Column("user_id", Text),
    _text("username"),
    Column("action", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("target_type", Text),
    Column("target_id", Text),
    Column("details", Text),
    _text("address"),
    _text("user_agent"),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Index("ix_audit_at", "at"),
)

setting = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
