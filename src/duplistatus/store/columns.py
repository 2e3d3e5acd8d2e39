"""What all tables are made of: one `metadata` for SQLite and PostgreSQL, and the kinds of columns. Times are milliseconds since 1970 (UTC),
sizes bytes, ticks 100 ns, flags 0 or 1, and what is read only as a whole is JSON text, so that a row is the same plain values on
both drivers and needs no conversion."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, Text

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


def id_column() -> Column[int]:
    return Column("id", Id, primary_key=True)


def flag(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False, server_default="0")


def count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def at(name: str) -> Column[int]:
    """A moment; null when there was none."""
    return Column(name, BigInteger)


def text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")
