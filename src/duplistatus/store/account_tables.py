"""The tables of people and programs: accounts, sessions, known browsers, failed sign-ins, keys of programs, the audit log, and the
product's own settings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from duplistatus.store.columns import Id, at, count, flag, id_column, metadata, text

user = Table(
    "user",
    metadata,
    Column("id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    # the name folded to one case: names are case-insensitive
    Column("username_key", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    flag("is_admin"),
    flag("must_change_password"),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    at("last_login_at"),
    Column("last_login_ip", Text),
    # JSON: display settings
    Column("display", Text, nullable=False, server_default="{}"),
    # sees the servers of `user_server` alone; without effect for administrators
    flag("is_limited"),
)

# The servers that a limited user sees.
user_server = Table(
    "user_server",
    metadata,
    Column("user_id", Text, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("server_id", Id, ForeignKey("server.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("user_id", "server_id"),
    Index("ix_user_server_server_id", "server_id"),
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
    text("address"),
    text("user_agent"),
    Index("ix_session_user_id", "user_id"),
    Index("ix_session_expires_at", "expires_at"),
)

# Browsers from which somebody has signed in: whoever guesses elsewhere does not lock them out.
known_device = Table(
    "known_device",
    metadata,
    Column("id", Text, primary_key=True),
    # SHA-256 of the cookie's value; people who share a browser share it
    Column("token_hash", Text, nullable=False),
    Column("user_id", Text, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    UniqueConstraint("token_hash", "user_id"),
    Index("ix_known_device_user_id", "user_id"),
)

# Keys by which programs call.
api_key = Table(
    "api_key",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    # SHA-256 of the key; the key itself is told once and stored nowhere
    Column("key_hash", Text, nullable=False, unique=True),
    # names of scopes, parted by spaces
    Column("scopes", Text, nullable=False),
    flag("is_disabled"),
    Column("created_at", BigInteger, nullable=False),
    text("created_by"),
    at("expires_at"),
    at("last_used_at"),
    text("last_used_address"),
    count("uses"),
)

# Failed sign-ins by what `security.lockout` counts together: a name, an address, a known browser, a signed-in user.
login_failure = Table(
    "login_failure",
    metadata,
    Column("subject", Text, primary_key=True),
    count("failures"),
    Column("first_at", BigInteger, nullable=False),
    at("locked_until"),
    count("locks"),
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", BigInteger, nullable=False),
    Column("user_id", Text),
    text("username"),
    Column("action", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("target_type", Text),
    Column("target_id", Text),
    Column("details", Text),
    text("address"),
    text("user_agent"),
    Column("status", Text, nullable=False),
    Column("error", Text),
    # how often it happened, and when last, where several of the same kind are one entry
    Column("times", BigInteger, nullable=False, server_default="1"),
    at("last_at"),
    Index("ix_audit_at", "at"),
    # what is sought for alone; each goes on in the order of time, so that a page is read and not sorted
    Index("ix_audit_user_id", "user_id", "at"),
    Index("ix_audit_username", "username", "at"),
    Index("ix_audit_action", "action", "at"),
    Index("ix_audit_category", "category", "at"),
    Index("ix_audit_status", "status", "at"),
)

setting = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
