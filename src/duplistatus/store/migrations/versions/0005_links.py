"""How the servers' own APIs are reached, what they do now, and collections from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _flag(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), server_default=default, nullable=False)


def _at(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def upgrade() -> None:
    # No release has stored a password yet.
    op.drop_column("server", "password_enc")
    op.add_column("server", _text("secret"))
    op.create_table(
        "server_link",
        sa.Column("server_id", _id(), autoincrement=False, nullable=False),
        _text("certificate"),
        sa.Column("timer", sa.Integer(), nullable=True),
        _at("next_at"),
        _flag("controls"),
        _flag("watch", "1"),
        _at("tried_at"),
        _at("collected_at"),
        _text("trouble"),
        _text("trouble_facts", "{}"),
        *(_count(name) for name in ("failures", "found", "known", "errors")),
        *(_text(name) for name in ("machine_id", "machine_name", "version", "channel")),
        _at("told_at"),
        _text("live", "unknown"),
        _at("live_at"),
        _at("pause_ends"),
        sa.Column("active", sa.Text(), nullable=True),
        _text("queue", "[]"),
        _text("live_trouble"),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_server_link_server_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_server_link")),
    )
    op.create_index("ix_server_link_next_at", "server_link", ["next_at"])
    op.create_table(
        "api_job",
        sa.Column("server_id", _id(), nullable=False),
        sa.Column("api_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("job_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_api_job_server_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_api_job_job_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("server_id", "api_id", name=op.f("pk_api_job")),
    )
    op.create_index("ix_api_job_job_id", "api_job", ["job_id"])
    op.create_table(
        "https_host",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_https_host")),
    )
    _collections()


def _collections() -> None:
    op.create_table(
        "collection",
        sa.Column("id", _id(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        _at("ended_at"),
        _text("holder"),
        _at("heard_at"),
        sa.Column("started_by", sa.Text(), nullable=False),
        _text("actor", "{}"),
        *(_flag(name) for name in ("schedules_only", "keeps_document", "cancelled")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("uid", name=op.f("uq_collection_uid")),
    )
    op.create_index("ix_collection_started_at", "collection", ["started_at"])
    op.create_table(
        "collection_part",
        sa.Column("id", _id(), nullable=False),
        sa.Column("collection_id", _id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("server_id", _id(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _text("step"),
        *(_count(name) for name in ("jobs_done", "jobs_total", "found", "known", "errors")),
        _text("trouble"),
        _text("trouble_facts", "{}"),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("timer", sa.Integer(), nullable=True),
        _text("secret"),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_collection_part_collection_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_collection_part_server_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_part")),
    )
    op.create_index("ix_collection_part_collection_id", "collection_part", ["collection_id", "position"])
    op.create_index("ix_collection_part_server_id", "collection_part", ["server_id"])
    op.create_table(
        "being_asked",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_being_asked")),
    )
    op.execute("INSERT INTO lease (name) VALUES ('asking')")
