"""Channels, messages to send and what became of them; additional destinations of servers."""

from __future__ import annotations

import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("id", _id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("config", sa.Text(), server_default="{}", nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.Column("filter", sa.Text(), server_default="{}", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("key", name=op.f("uq_channel_key")),
    )
    op.create_table(
        "notice",
        sa.Column("id", _id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("job_id", _id(), nullable=True),
        sa.Column("server_id", _id(), nullable=True),
        sa.Column("run_id", _id(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_notice_job_id")),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_notice_server_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_at", ["at"], unique=False)
        batch_op.create_index("ix_notice_job_id", ["job_id"], unique=False)
        batch_op.create_index("ix_notice_server_id", ["server_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", _id(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("notice_id", _id(), nullable=False),
        sa.Column("channel_id", _id(), nullable=False),
        sa.Column("destination", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("took", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_outbox_channel_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_outbox_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("notice_id", "channel_id", "destination", name="uq_outbox_notice_id"),
        sa.UniqueConstraint("uid", name=op.f("uq_outbox_uid")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_channel_id", ["channel_id", "id"], unique=False)
        batch_op.create_index("ix_outbox_state", ["state", "id"], unique=False)
        batch_op.create_index(
            "outbox_waiting",
            ["channel_id", "next_try_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "reminder",
        sa.Column("job_id", _id(), autoincrement=False, nullable=False),
        sa.Column("channel_id", _id(), autoincrement=False, nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("overdue_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_reminder_channel_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_reminder_job_id")),
        sa.PrimaryKeyConstraint("job_id", "channel_id", "destination", name=op.f("pk_reminder")),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index("ix_reminder_channel_id", ["channel_id"], unique=False)

    with op.batch_alter_table("server", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("notify", sa.Text(), nullable=True))
    _add_own_channels()
    _follow_servers()


def _add_own_channels() -> None:
    """The two that are always there; both are silent until somebody sets them up."""
    now = time.time_ns() // 1_000_000
    channel = sa.table(
        "channel", *(sa.column(name) for name in ("key", "kind", "name", "enabled", "config", "secret", "filter", "created_at"))
    )
    rows = [
        {"key": kind, "kind": kind, "name": name, "enabled": 0, "config": "{}", "secret": "", "filter": "{}", "created_at": now}
        for kind, name in (("ntfy", "ntfy"), ("email", "E-mail"))
    ]
    op.bulk_insert(channel, rows)


def _follow_servers() -> None:
    """An empty additional destination meant none; now a job that says nothing of its own follows its server."""
    table = sa.table("job_setting", sa.column("job_id"), sa.column("notify"))
    connection = op.get_bind()
    for job_id, text in connection.execute(sa.select(table.c.job_id, table.c.notify).where(table.c.notify.is_not(None))).fetchall():
        try:
            notify = json.loads(text)
            kept = {name: value for name, value in notify.items() if value or not name.startswith("additional_")}
        except (ValueError, AttributeError):
            continue
        connection.execute(sa.update(table).where(table.c.job_id == job_id).values(notify=json.dumps(kept, ensure_ascii=False)))
