"""The tables of what the servers' own APIs are asked: how each is reached, what it answered last, what it does now, and the collections
that people start. `columns.py` says how values are kept."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text

from duplistatus.store.columns import Id, at, count, flag, id_column, metadata, text

# How a server's API is reached (beside `server.url` and `server.password_enc`), and how that went. Servers without an address have none.
server_link = Table(
    "server_link",
    metadata,
    Column("server_id", Id, ForeignKey("server.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # SHA-256 of the certificate that somebody agreed to, in hexadecimal; empty: authorities decide
    text("certificate"),
    # minutes between two collections by time; null: none
    Column("timer", Integer),
    # when it is collected by time next
    at("next_at"),
    # start, stop, pause and resume are allowed
    flag("controls"),
    # its live state is watched
    Column("watch", SmallInteger, nullable=False, server_default="1"),
    # the newest try, the newest that brought an answer to everything, and what came of the newest: a code of `Trouble`, empty for none
    at("tried_at"),
    at("collected_at"),
    text("trouble"),
    # JSON: the facts of the sentence for people
    Column("trouble_facts", Text, nullable=False, server_default="{}"),
    # tries in vain, one after the other
    count("failures"),
    count("found"),
    count("known"),
    count("errors"),
    # what the API said of itself; the id can be another than that of the reports
    text("machine_id"),
    text("machine_name"),
    text("version"),
    text("channel"),
    at("told_at"),
    # live state: unknown, idle, running, paused, gone
    Column("live", Text, nullable=False, server_default="unknown"),
    at("live_at"),
    at("pause_ends"),
    # JSON: {"task": number, "job": id in the API, "job_id": id or null, "phase": text, "progress": share or null}; null: nothing runs
    Column("active", Text),
    # JSON: ids in the API of the jobs that wait, the next one first
    Column("queue", Text, nullable=False, server_default="[]"),
    text("live_trouble"),
    # the timer looks for what is due
    Index("ix_server_link_next_at", "next_at"),
)

# The jobs of a server as its API lists them, so that a job can be started by its own id.
api_job = Table(
    "api_job",
    metadata,
    Column("server_id", Id, ForeignKey("server.id", ondelete="CASCADE"), nullable=False),
    # the id in the API: a number as text
    Column("api_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    # null: it has no run yet, and so no job here
    Column("job_id", Id, ForeignKey("job.id", ondelete="SET NULL")),
    PrimaryKeyConstraint("server_id", "api_id"),
    Index("ix_api_job_job_id", "job_id"),
)

# Hosts that have been reached by HTTPS: from then on none of them is asked in the clear unless somebody types it.
https_host = Table(
    "https_host",
    metadata,
    Column("host", Text, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)

# A collection that somebody started: of one server, of several, of all.
collection = Table(
    "collection",
    metadata,
    id_column(),
    Column("uid", Text, nullable=False, unique=True),
    Column("started_at", BigInteger, nullable=False),
    at("ended_at"),
    # the process that works at it, and when it last said so
    text("holder"),
    at("heard_at"),
    Column("started_by", Text, nullable=False),
    # JSON: id, address and program of whoever that is, for the audit log
    Column("actor", Text, nullable=False, server_default="{}"),
    # what is wanted: all, or schedules alone; and the document to download
    flag("schedules_only"),
    flag("keeps_document"),
    flag("cancelled"),
    Index("ix_collection_started_at", "started_at"),
)

collection_part = Table(
    "collection_part",
    metadata,
    id_column(),
    Column("collection_id", Id, ForeignKey("collection.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    # null as long as it is not known which server it is
    Column("server_id", Id, ForeignKey("server.id", ondelete="CASCADE")),
    # as typed, or that of the server
    Column("url", Text, nullable=False),
    # waiting, running, asks, done, failed, cancelled
    Column("state", Text, nullable=False),
    # a step while it runs: connect, login, jobs, log, store
    text("step"),
    count("jobs_done"),
    count("jobs_total"),
    count("found"),
    count("known"),
    count("errors"),
    text("trouble"),
    Column("trouble_facts", Text, nullable=False, server_default="{}"),
    # JSON: what somebody has to decide: {"kind": "certificate" | "plain" | "which", …}; and what was decided
    Column("question", Text),
    Column("answer", Text),
    # minutes between collections by time that were chosen with it; null: as it is
    Column("timer", Integer),
    # the password of a server that is not stored yet; empty once it is, or the part has ended
    text("secret"),
    # zstd of the collected JSON, for the download
    Column("document", LargeBinary),
    Index("ix_collection_part_collection_id", "collection_id", "position"),
    Index("ix_collection_part_server_id", "server_id"),
)

# Servers that are being asked now, so that none is asked twice at once: by host and port, and `server <id>` where it is known.
being_asked = Table(
    "being_asked",
    metadata,
    Column("place", Text, primary_key=True),
    # the process that asks, and when it last said so
    Column("holder", Text, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
)
