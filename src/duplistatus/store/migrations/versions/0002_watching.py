"""What people set for jobs, silences, tags, tasks; what a verdict is made of beside the expected moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("name_key", name=op.f("uq_tag_name_key")),
    )
    op.create_table(
        "task_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("runs", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("error_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("runner", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_task_state")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("renewed_at", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    # There from the start, so that two processes can never both make it.
    op.execute("INSERT INTO lease (name) VALUES ('scheduler')")
    op.create_table(
        "maintenance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("server_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("enabled", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("recurring", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("days", sa.Text(), nullable=True),
        sa.Column("start_minute", sa.Integer(), nullable=True),
        sa.Column("length_minutes", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_maintenance_server_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_maintenance_tag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
    )
    with op.batch_alter_table("maintenance", schema=None) as batch_op:
        batch_op.create_index("ix_maintenance_server_id", ["server_id"], unique=False)
        batch_op.create_index("ix_maintenance_tag_id", ["tag_id"], unique=False)

    op.create_table(
        "server_tag",
        sa.Column("server_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_server_tag_server_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_server_tag_tag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("server_id", "tag_id", name=op.f("pk_server_tag")),
    )
    with op.batch_alter_table("server_tag", schema=None) as batch_op:
        batch_op.create_index("ix_server_tag_tag_id", ["tag_id"], unique=False)

    op.create_table(
        "acknowledgement",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_acknowledgement_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_acknowledgement")),
    )
    op.create_table(
        "job_setting",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("watched", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("use_mine", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("interval", sa.Text(), nullable=True),
        sa.Column("days", sa.Text(), nullable=True),
        sa.Column("time_of_day", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Integer(), nullable=True),
        sa.Column("tolerance", sa.BigInteger(), nullable=True),
        sa.Column("notify", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_setting_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_setting")),
    )
    op.create_table(
        "snooze",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("server_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_snooze_job_id")),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_snooze_server_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snooze")),
    )
    with op.batch_alter_table("snooze", schema=None) as batch_op:
        batch_op.create_index("ix_snooze_job_id", ["job_id"], unique=False)
        batch_op.create_index("ix_snooze_server_id", ["server_id"], unique=False)

    with op.batch_alter_table("job", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("proposed_run", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("proposed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("server_schedule", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("server_schedule_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("schedule_slot", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("setting_slot", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("zone_evidence", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("live_heard_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("live_files_done", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("live_files_total", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("live_bytes_done", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("live_bytes_total", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("live_interval", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("stuck_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("overdue_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("silence_at", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("server", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("zone", sa.Text(), server_default="UTC", nullable=False))
        batch_op.add_column(sa.Column("zone_source", sa.Text(), server_default="assumed", nullable=False))
        batch_op.add_column(sa.Column("zone_set", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("zone_told", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("host_zone", sa.Text(), nullable=True))
        batch_op.drop_column("time_zone")
    # Until now the tolerance was two hours for all.
    op.execute("UPDATE job SET due_source = 'report' WHERE due_source IS NOT NULL")
    op.execute("UPDATE job SET overdue_at = expected_at + 7200000 WHERE expected_at IS NOT NULL")
