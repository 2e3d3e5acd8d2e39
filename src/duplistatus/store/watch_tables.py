"""The tables of watching: what people set for a job, what silences messages, the tags of servers, and the tasks that run by time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, Table, Text

from duplistatus.store.columns import Id, at, count, flag, id_column, metadata, text

# What people set for a job; a job without a row, or with nulls, follows what its server says and the settings for all.
job_setting = Table(
    "job_setting",
    metadata,
    Column("job_id", Id, ForeignKey("job.id"), primary_key=True, autoincrement=False),
    # 0: schedule is `off`
    Column("watched", SmallInteger, nullable=False, server_default="1"),
    # 1: the setting goes before what the server says
    flag("use_mine"),
    # Duplicati's grammar, such as 1D; null: not set
    Column("interval", Text),
    # weekdays, 0 is Sunday, such as 1,2,3,4,5; null: all
    Column("days", Text),
    # minutes after midnight in the server's zone, and the day (since 1970) that its phase counts from; null: counts from the last run
    Column("time_of_day", Integer),
    Column("first_day", Integer),
    # milliseconds; null: the tolerance for all
    Column("tolerance", BigInteger),
    # JSON: what is told of the job, and to whom
    Column("notify", Text),
    at("changed_at"),
    text("changed_by"),
)

# Messages of a job, or of all jobs of a server, are held back until a moment.
snooze = Table(
    "snooze",
    metadata,
    id_column(),
    Column("job_id", Id, ForeignKey("job.id")),
    Column("server_id", Id, ForeignKey("server.id")),
    Column("until", BigInteger, nullable=False),
    text("comment"),
    Column("created_at", BigInteger, nullable=False),
    text("created_by"),
    Index("ix_snooze_job_id", "job_id"),
    Index("ix_snooze_server_id", "server_id"),
)

tag = Table(
    "tag",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    # the name folded to one case: names are case-insensitive
    Column("name_key", Text, nullable=False, unique=True),
    text("color"),
)

server_tag = Table(
    "server_tag",
    metadata,
    Column("server_id", Id, ForeignKey("server.id"), primary_key=True),
    Column("tag_id", Id, ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_server_tag_tag_id", "tag_id"),
)

# A window is one stretch of time (`starts_at` to `ends_at`), or comes again: on `days` from `start_minute` of the day in `zone` for
# `length_minutes`, from `first_day` to `last_day` (since 1970, in that zone) where these are set.
maintenance = Table(
    "maintenance",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    # all, server or tag
    Column("scope", Text, nullable=False),
    Column("server_id", Id, ForeignKey("server.id")),
    Column("tag_id", Id, ForeignKey("tag.id", ondelete="CASCADE")),
    Column("enabled", SmallInteger, nullable=False, server_default="1"),
    flag("recurring"),
    at("starts_at"),
    at("ends_at"),
    Column("zone", Text),
    Column("days", Text),
    Column("start_minute", Integer),
    Column("length_minutes", Integer),
    Column("first_day", Integer),
    Column("last_day", Integer),
    text("comment"),
    Column("created_at", BigInteger, nullable=False),
    text("created_by"),
    Index("ix_maintenance_server_id", "server_id"),
    Index("ix_maintenance_tag_id", "tag_id"),
)

# Somebody knows of a job's trouble; ends when the trouble does.
acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("job_id", Id, ForeignKey("job.id"), primary_key=True, autoincrement=False),
    # JSON: the facts that were wrong then, such as {"schedule": "overdue"}
    Column("trouble", Text, nullable=False),
    text("comment"),
    Column("at", BigInteger, nullable=False),
    text("by"),
)

# What runs by time: when it ran last, how that went, when it runs next.
task_state = Table(
    "task_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("enabled", SmallInteger, nullable=False, server_default="1"),
    at("started_at"),
    at("finished_at"),
    count("runs"),
    text("result"),
    # of the newest run that failed; an empty text when the newest run succeeded
    text("error"),
    at("error_at"),
    at("next_at"),
    # the process that runs it now; empty: none does
    text("runner"),
)

# Which of several processes does what must be done once: the one named in the row, until then.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    text("holder"),
    at("since"),
    at("renewed_at"),
    at("until"),
)
