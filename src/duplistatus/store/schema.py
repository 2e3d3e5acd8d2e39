"""The schema of the database. In: a database; out: the same at the newest schema."""

from __future__ import annotations

from sqlalchemy import create_engine

from duplistatus.store.database import Database
from duplistatus.store.tables import metadata


def migrate(database: Database) -> None:
    """Brings the database to the newest schema."""
    url = database.url.replace("postgresql://", "postgresql+psycopg://", 1) if database.url else f"sqlite:///{database.file}"
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
