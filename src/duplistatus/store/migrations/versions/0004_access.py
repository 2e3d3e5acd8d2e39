"""Keys of programs, the servers that a limited user sees, and what the audit log is searched by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("user", sa.Column("is_limited", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_table(
        "user_server",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("server_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_server_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_user_server_server_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "server_id", name=op.f("pk_user_server")),
    )
    op.create_index("ix_user_server_server_id", "user_server", ["server_id"])
    op.create_table(
        "api_key",
        sa.Column("id", _id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("is_disabled", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_address", sa.Text(), server_default="", nullable=False),
        sa.Column("uses", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.add_column("audit", sa.Column("times", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("audit", sa.Column("last_at", sa.BigInteger(), nullable=True))
    for name in ("user_id", "username", "action", "category", "status"):
        op.create_index(f"ix_audit_{name}", "audit", [name, "at"])
    op.create_table(
        "known_device",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_known_device_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("token_hash", "user_id", name=op.f("uq_known_device_token_hash")),
    )
    op.create_index("ix_known_device_user_id", "known_device", ["user_id"])
