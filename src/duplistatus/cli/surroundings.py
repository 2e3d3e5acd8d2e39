"""What commands find around them: settings of the environment and of the command line, the data folder, the database. Trouble that a person
can mend comes out as one plain sentence."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from duplistatus.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from duplistatus.store.database import Database

DATA_DIR = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of database, key file and logs.")


def settings_with(host: str | None = None, port: int | None = None, data_dir: Path | None = None) -> Settings:
    """Settings of the environment; what was given on the command line goes first."""
    try:
        told = read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    return dataclasses.replace(told, host=host or told.host, port=port or told.port, data_dir=data_dir or told.data_dir)


def newest_database(settings: Settings) -> Database:
    """The database, brought to the newest schema; made where there is none."""
    from duplistatus.store.database import Database, StoreError
    from duplistatus.store.schema import migrate

    answers_alone()
    database = Database(settings.database_file, settings.database_url)
    try:
        with folder_of(settings):
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        migrate(database)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    return database


def database_in_use(settings: Settings) -> Database:
    """The database as it is, beside a product that may be running on it: neither made nor changed here."""
    from duplistatus.store.database import Database, StoreError
    from duplistatus.store.schema import NEWEST, revision

    answers_alone()
    if settings.database_url is None and not settings.database_file.exists():
        raise click.ClickException(
            f"there is no database {settings.database_file}: name the data folder by --data-dir or DUPLISTATUS_DATA_DIR, or start the "
            "product once"
        )
    database = Database(settings.database_file, settings.database_url)
    try:
        found = revision(database)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    if found != NEWEST:
        raise click.ClickException(
            f"the database has the schema {found or 'of another program'}, this release works with {NEWEST}: use the release that serves, "
            "or bring it to the newest schema by “duplistatus migrate”"
        )
    return database


def answers_alone() -> None:
    """Standard output is for answers, the log goes to standard error."""
    import structlog

    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


@contextmanager
def folder_of(settings: Settings) -> Iterator[None]:
    """Says plainly that the data folder is the trouble."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"the data folder {settings.data_dir} cannot be used: {error.strerror}") from error
