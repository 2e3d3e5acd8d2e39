"""The tables of telling: the channels by which people are told, what is to be told, what became of it on each channel, and of which jobs
people know already that they are overdue."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, Table, Text, UniqueConstraint

from duplistatus.store.columns import Id, at, count, id_column, metadata, text

# A way to reach people. The two of 1.4.2, ntfy and e-mail for all, have a key of their own and are never removed.
channel = Table(
    "channel",
    metadata,
    id_column(),
    Column("key", Text, unique=True),
    # ntfy, email, webhook, apprise
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("enabled", SmallInteger, nullable=False, server_default="1"),
    # JSON: what may be shown
    Column("config", Text, nullable=False, server_default="{}"),
    # JSON of tokens and passwords, encrypted under the key file; empty: there are none
    text("secret"),
    # JSON of the filter: {"events", "servers", "tags", "jobs"}; of the two of 1.4.2 none, their jobs say what goes there
    Column("filter", Text, nullable=False, server_default="{}"),
    Column("created_at", BigInteger, nullable=False),
    text("created_by"),
    at("changed_at"),
    text("changed_by"),
    # health: since when deliveries fail, when and why the newest did; when somebody took note; when one worked last
    at("failing_since"),
    at("failed_at"),
    text("error"),
    at("cleared_at"),
    at("delivered_at"),
)

# Something to tell, with the numbers of that moment; the words are found when it is sent.
notice = Table(
    "notice",
    metadata,
    id_column(),
    # what makes it one and the same: a cause that comes again is told once
    Column("key", Text, nullable=False, unique=True),
    Column("event", Text, nullable=False),
    Column("job_id", Id, ForeignKey("job.id")),
    Column("server_id", Id, ForeignKey("server.id")),
    # the run that it tells of; it may be gone
    Column("run_id", Id),
    Column("at", BigInteger, nullable=False),
    # JSON, moments in milliseconds since 1970
    Column("details", Text, nullable=False, server_default="{}"),
    Index("ix_notice_job_id", "job_id"),
    Index("ix_notice_server_id", "server_id"),
    Index("ix_notice_at", "at"),
)

# One delivery: a notice, a channel, a destination of it.
outbox = Table(
    "outbox",
    metadata,
    id_column(),
    # goes out with the message, the same at each try
    Column("uid", Text, nullable=False, unique=True),
    Column("notice_id", Id, ForeignKey("notice.id"), nullable=False),
    Column("channel_id", Id, ForeignKey("channel.id"), nullable=False),
    # an address or topic besides the channel's own; empty: the channel's own
    text("destination"),
    # waiting, sending, sent, failed, held
    Column("state", Text, nullable=False),
    at("next_try_at"),
    count("tries"),
    # the process that sends it now
    text("claimed_by"),
    at("claimed_at"),
    Column("created_at", BigInteger, nullable=False),
    # when it was delivered or given up
    at("ended_at"),
    # milliseconds that the try took that delivered it
    Column("took", Integer),
    # of the newest try that failed, or why it is held back
    text("error"),
    UniqueConstraint("notice_id", "channel_id", "destination", name="uq_outbox_notice_id"),
    Index("ix_outbox_channel_id", "channel_id", "id"),
    Index("ix_outbox_state", "state", "id"),
)
# Partial on PostgreSQL too, as the migration makes it; to say so here would import that dialect at every start.
Index("outbox_waiting", outbox.c.channel_id, outbox.c.next_try_at, sqlite_where=outbox.c.state == "waiting")

# Who was told that a job is overdue, and when last: the clock of its reminders. Gone when the job reports again.
reminder = Table(
    "reminder",
    metadata,
    Column("job_id", Id, ForeignKey("job.id"), primary_key=True, autoincrement=False),
    Column("channel_id", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("destination", Text, primary_key=True),
    # from when on it counted as overdue when they were told first
    at("overdue_at"),
    Column("told_at", BigInteger, nullable=False),
    count("times"),
    Index("ix_reminder_channel_id", "channel_id"),
)
