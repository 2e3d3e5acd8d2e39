"""The schema of the database. In: a database; out: the same at the newest schema, changed in one transaction or not at all, or
`SchemaError` with a sentence for the person who started the product. A database that has the newest schema costs one look; Alembic
is imported only when there is something to do."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import column, select, table

from duplistatus.store.database import Connection, Database, StoreError, StoreUnavailable, driver_errors, is_unavailable
from duplistatus.store.statement import Statement

if TYPE_CHECKING:
    import sqlalchemy
    from alembic.config import Config

NEWEST = "0005"
"""The revision of `all_tables.py`: the newest file in `migrations/versions/`."""
MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x6475706C  # any number that no other program locks in this database
_VERSION = Statement(select(column("version_num")).select_from(table("alembic_version")))
_log = structlog.get_logger()


class SchemaError(StoreError):
    """A database that this release cannot work with, and must not change."""


def migrate(database: Database) -> None:
    """Brings the database to the newest schema; makes the file of an SQLite database that is not there. Raises SchemaError,
    StoreUnavailable."""
    if database.dialect == "sqlite":
        make_file(database.file)
    if revision(database) != NEWEST:
        _upgrade(database)


def revision(database: Database) -> str | None:
    """The revision that the database has; None when it tells none. Raises SchemaError, StoreUnavailable."""
    connection = _open(database)
    try:
        return _revision(connection)
    finally:
        connection.close()


def make_file(file: Path) -> None:
    """Only the account of the product may read it: it holds hashes of passwords, and names of files from everybody's backups."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreUnavailable(f"the database {file} cannot be made: {error.strerror}") from error


def _open(database: Database) -> Connection:
    try:
        return database.connect()
    except StoreUnavailable as error:
        if getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise SchemaError(f"{database.file} is no SQLite database; move it away to begin with an empty one") from error
        raise


def _revision(connection: Connection) -> str | None:
    """The revision that the database has; None when it tells none."""
    try:
        found = connection.value(_VERSION)
    except driver_errors() as error:
        if is_unavailable(error):
            raise StoreUnavailable(f"the database cannot be read: {error}") from error
        return None
    return str(found) if found is not None else None


def _upgrade(database: Database) -> None:
    """Runs the missing steps in one transaction, which holds the only right to write: of two processes that start at once, the second
    finds the work done."""
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = engine_of(database)
    try:
        with engine.begin() as connection:
            if database.dialect == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            found = _checked_revision(database, connection)
            if found == NEWEST:
                return
            if found is not None and database.dialect == "sqlite":
                _keep_copy(database)
            command.upgrade(alembic_config(connection), NEWEST)
            _check_references(database, connection)
    except DBAPIError as error:
        trouble = error.orig or error
        if is_unavailable(trouble):
            raise StoreUnavailable(f"the database cannot be written: {trouble}") from error
        raise SchemaError(f"the database could not be brought to schema {NEWEST} and is as it was: {trouble}") from error
    finally:
        engine.dispose()
    _log.info("database has a new schema", before=found or "none", now=NEWEST)


def alembic_config(connection: sqlalchemy.Connection) -> Config:
    """What Alembic needs to know to work on a connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def engine_of(database: Database) -> sqlalchemy.Engine:
    """An engine over the store's own connections, whose transactions include changes of tables."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    def connect() -> object:
        raw = database.connect().raw
        if database.dialect == "sqlite":
            # A table that is written anew must not take with it what refers to it; the references are checked at the end.
            raw.execute("PRAGMA foreign_keys=OFF")
        else:
            raw.autocommit = False
        return raw

    engine = create_engine("sqlite://" if database.dialect == "sqlite" else "postgresql+psycopg://", creator=connect, poolclass=NullPool)
    if database.dialect == "sqlite":
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _checked_revision(database: Database, connection: sqlalchemy.Connection) -> str | None:
    """The revision, None for an empty database. Raises SchemaError for a database of another program or a newer release."""
    from alembic.script import ScriptDirectory
    from sqlalchemy import inspect

    from duplistatus.store.all_tables import metadata

    there = set(inspect(connection).get_table_names())
    if "alembic_version" not in there:
        # A PostgreSQL database may be shared with another program, as long as no name is taken; a file is ours or not.
        foreign = there if database.dialect == "sqlite" else there & set(metadata.tables)
        if foreign:
            raise SchemaError(f"the database {_place(database)} holds tables of another program ({', '.join(sorted(foreign)[:5])})")
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config(connection)).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaError(
            f"the database {_place(database)} has the schema {found}, which this release does not know (its own is {NEWEST}). A newer "
            "release has changed it: start that one, or go back to the copy of the database that was made before the change"
        )
    return found


def _place(database: Database) -> str:
    """Where the database is, without the password."""
    if database.url is None:
        return str(database.file)
    from psycopg.conninfo import conninfo_to_dict

    return str(conninfo_to_dict(database.url).get("dbname", "of DATABASE_URL"))


def _keep_copy(database: Database) -> None:
    """A copy of the file as it was before this change, in the same folder, for the way back. A copy is there in full or not at all."""
    copy = database.file.with_name(f"{database.file.name}.before-{NEWEST}")
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    source = database.connect()
    try:
        make_file(part)
        target = sqlite3.connect(part, isolation_level=None)
        try:
            source.raw.backup(target)
        finally:
            target.close()
        part.replace(copy)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreUnavailable(f"the database is not changed, because the copy {copy} could not be written first: {error}") from error
    finally:
        source.close()
    _log.info("copy of the database kept", file=str(copy))


def _check_references(database: Database, connection: sqlalchemy.Connection) -> None:
    if database.dialect == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
        raise SchemaError(f"the database could not be brought to schema {NEWEST} and is as it was: {len(broken)} rows refer to nothing")
