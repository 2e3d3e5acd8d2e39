"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at"], unique=False)

    op.create_table(
        "fleet_day",
        sa.Column("date", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("runs", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("uploaded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duration_ticks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("source_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stored_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("versions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("warnings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_fleet_day")),
    )
    op.create_table(
        "login_failure",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("locks", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_failure")),
    )
    op.create_table(
        "rejected_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_report")),
    )
    op.create_table(
        "server",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("has_machine_id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("alias", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("password_enc", sa.LargeBinary(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("adopted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("operating_system", sa.Text(), server_default="", nullable=False),
        sa.Column("operating_system_detailed", sa.Text(), server_default="", nullable=False),
        sa.Column("installation_type", sa.Text(), server_default="", nullable=False),
        sa.Column("update_channel", sa.Text(), server_default="", nullable=False),
        sa.Column("described_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["adopted_by"], ["server.id"], name=op.f("fk_server_adopted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server")),
        sa.UniqueConstraint("key", name=op.f("uq_server_key")),
    )
    with op.batch_alter_table("server", schema=None) as batch_op:
        batch_op.create_index("ix_server_adopted_by", ["adopted_by"], unique=False)
        batch_op.create_index("ix_server_name", ["name"], unique=False)

    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_key", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_admin", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("must_change_password", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.Column("last_login_ip", sa.Text(), nullable=True),
        sa.Column("display", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("username_key", name=op.f("uq_user_username_key")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("server_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("backup_id", sa.Text(), server_default="", nullable=False),
        sa.Column("destination_type", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_uid", sa.Text(), nullable=True),
        sa.Column("last_begun_at", sa.BigInteger(), nullable=True),
        sa.Column("last_ended_at", sa.BigInteger(), nullable=True),
        sa.Column("last_status", sa.Text(), nullable=True),
        sa.Column("last_duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_warnings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_uploaded", sa.BigInteger(), nullable=True),
        sa.Column("last_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("run_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("uploaded_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=True),
        sa.Column("files_at", sa.BigInteger(), nullable=True),
        sa.Column("source_size", sa.BigInteger(), nullable=True),
        sa.Column("source_size_at", sa.BigInteger(), nullable=True),
        sa.Column("stored_size", sa.BigInteger(), nullable=True),
        sa.Column("stored_size_at", sa.BigInteger(), nullable=True),
        sa.Column("versions_count", sa.BigInteger(), nullable=True),
        sa.Column("versions_count_at", sa.BigInteger(), nullable=True),
        sa.Column("versions", sa.Text(), nullable=True),
        sa.Column("versions_seen", sa.Text(), nullable=True),
        sa.Column("recent", sa.Text(), server_default="[]", nullable=False),
        sa.Column("last_good_at", sa.BigInteger(), nullable=True),
        sa.Column("next_run", sa.BigInteger(), nullable=True),
        sa.Column("next_run_at", sa.BigInteger(), nullable=True),
        sa.Column("restored_at", sa.BigInteger(), nullable=True),
        sa.Column("restored_result", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("verified_result", sa.Text(), nullable=True),
        sa.Column("live_started_at", sa.BigInteger(), nullable=True),
        sa.Column("live_reported_at", sa.BigInteger(), nullable=True),
        sa.Column("live_state", sa.Text(), nullable=True),
        sa.Column("live_phase", sa.Text(), nullable=True),
        sa.Column("live_progress", sa.Double(), nullable=True),
        sa.Column("live_operation", sa.Text(), nullable=True),
        sa.Column("schedule", sa.Text(), server_default="unscheduled", nullable=False),
        sa.Column("schedule_since", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="good", nullable=False),
        sa.Column("activity", sa.Text(), server_default="idle", nullable=False),
        sa.Column("silence", sa.Text(), server_default="none", nullable=False),
        sa.Column("expected_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("due_source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_job_server_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("server_id", "name", name=op.f("uq_job_server_id")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "job_due", ["due_at"], unique=False, sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL")
        )

    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_session_public_id")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index("ix_session_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_session_user_id", ["user_id"], unique=False)

    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("from_value", sa.Text(), nullable=False),
        sa.Column("to_value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_change_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index("ix_change_job_id", ["job_id", "at"], unique=False)

    op.create_table(
        "day",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("date", sa.Integer(), nullable=False),
        sa.Column("runs", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("uploaded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duration_ticks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("source_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stored_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("versions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("warnings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stored_size_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_day_job_id")),
        sa.PrimaryKeyConstraint("job_id", "date", name=op.f("pk_day")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "origin",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.Text(), server_default="", nullable=False),
        sa.Column("machine_name", sa.Text(), server_default="", nullable=False),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("backup_id", sa.Text(), server_default="", nullable=False),
        sa.Column("server_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("named_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_origin_job_id")),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_origin_server_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_origin")),
        sa.UniqueConstraint("machine_id", "machine_name", "job_name", "backup_id", name="uq_origin_names"),
    )
    with op.batch_alter_table("origin", schema=None) as batch_op:
        batch_op.create_index("ix_origin_job_id", ["job_id"], unique=False)
        batch_op.create_index("ix_origin_machine_name", ["machine_name"], unique=False)
        batch_op.create_index("ix_origin_server_id", ["server_id"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("origin_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("warnings_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_activity_job_id")),
        sa.ForeignKeyConstraint(["origin_id"], ["origin.id"], name=op.f("fk_activity_origin_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("origin_id", "operation", "begun_at", name=op.f("uq_activity_origin_id")),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index("ix_activity_job_id", ["job_id", "operation", "begun_at"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("origin_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("duration_ticks", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("parsed_result", sa.Text(), server_default="", nullable=False),
        sa.Column("partial", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("interrupted", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reduced", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("at_arrival", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("messages_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("warnings_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quota_error", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("quota_warning", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("sends_next_run", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_run", sa.BigInteger(), nullable=True),
        sa.Column("last_version_at", sa.BigInteger(), nullable=True),
        sa.Column("last_version_offset", sa.Integer(), nullable=True),
        sa.Column("listed_versions", sa.Text(), nullable=True),
        sa.Column("deleted_versions", sa.Text(), nullable=True),
        sa.Column("nested", sa.Text(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("examined_files", sa.BigInteger(), nullable=True),
        sa.Column("size_of_examined_files", sa.BigInteger(), nullable=True),
        sa.Column("opened_files", sa.BigInteger(), nullable=True),
        sa.Column("size_of_opened_files", sa.BigInteger(), nullable=True),
        sa.Column("added_files", sa.BigInteger(), nullable=True),
        sa.Column("size_of_added_files", sa.BigInteger(), nullable=True),
        sa.Column("modified_files", sa.BigInteger(), nullable=True),
        sa.Column("size_of_modified_files", sa.BigInteger(), nullable=True),
        sa.Column("deleted_files", sa.BigInteger(), nullable=True),
        sa.Column("not_processed_files", sa.BigInteger(), nullable=True),
        sa.Column("too_large_files", sa.BigInteger(), nullable=True),
        sa.Column("files_with_error", sa.BigInteger(), nullable=True),
        sa.Column("timestamp_changed_files", sa.BigInteger(), nullable=True),
        sa.Column("added_folders", sa.BigInteger(), nullable=True),
        sa.Column("modified_folders", sa.BigInteger(), nullable=True),
        sa.Column("deleted_folders", sa.BigInteger(), nullable=True),
        sa.Column("added_symlinks", sa.BigInteger(), nullable=True),
        sa.Column("modified_symlinks", sa.BigInteger(), nullable=True),
        sa.Column("deleted_symlinks", sa.BigInteger(), nullable=True),
        sa.Column("remote_calls", sa.BigInteger(), nullable=True),
        sa.Column("bytes_uploaded", sa.BigInteger(), nullable=True),
        sa.Column("bytes_downloaded", sa.BigInteger(), nullable=True),
        sa.Column("files_uploaded", sa.BigInteger(), nullable=True),
        sa.Column("files_downloaded", sa.BigInteger(), nullable=True),
        sa.Column("remote_files_deleted", sa.BigInteger(), nullable=True),
        sa.Column("folders_created", sa.BigInteger(), nullable=True),
        sa.Column("retry_attempts", sa.BigInteger(), nullable=True),
        sa.Column("unknown_file_size", sa.BigInteger(), nullable=True),
        sa.Column("unknown_file_count", sa.BigInteger(), nullable=True),
        sa.Column("known_file_size", sa.BigInteger(), nullable=True),
        sa.Column("known_file_count", sa.BigInteger(), nullable=True),
        sa.Column("known_filesets", sa.BigInteger(), nullable=True),
        sa.Column("backup_list_count", sa.BigInteger(), nullable=True),
        sa.Column("total_quota_space", sa.BigInteger(), nullable=True),
        sa.Column("free_quota_space", sa.BigInteger(), nullable=True),
        sa.Column("assigned_quota_space", sa.BigInteger(), nullable=True),
        sa.Column("restored_files", sa.BigInteger(), nullable=True),
        sa.Column("size_of_restored_files", sa.BigInteger(), nullable=True),
        sa.Column("verifications", sa.BigInteger(), nullable=True),
        sa.Column("verification_problems", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_run_job_id")),
        sa.ForeignKeyConstraint(["origin_id"], ["origin.id"], name=op.f("fk_run_origin_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("job_id", "begun_at", name=op.f("uq_run_job_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_run_uid")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index("ix_run_begun_at", ["begun_at"], unique=False)
        batch_op.create_index("ix_run_origin_id", ["origin_id", "begun_at"], unique=False)
        batch_op.create_index("ix_run_status", ["job_id", "status", "begun_at"], unique=False)

    op.create_table(
        "raw_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("origin_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_raw_report_job_id")),
        sa.ForeignKeyConstraint(["origin_id"], ["origin.id"], name=op.f("fk_raw_report_origin_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_raw_report_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_report")),
    )
    with op.batch_alter_table("raw_report", schema=None) as batch_op:
        batch_op.create_index("ix_raw_report_job_id", ["job_id", "id"], unique=False)
        batch_op.create_index("ix_raw_report_run_id", ["run_id"], unique=False)

    op.create_table(
        "run_log",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_log_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_log")),
    )
