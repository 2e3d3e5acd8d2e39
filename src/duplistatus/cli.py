"""The command `duplistatus`. In: arguments and environment; out: a running server, or the answer of a tool on standard output. Errors
that a person can mend are one plain sentence and exit code 1; imports happen in the command that needs them, since a server that
starts fast must not read what it does not use."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from duplistatus import __version__
from duplistatus.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from duplistatus.store.database import Database


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="duplistatus")
def main() -> None:
    """Watches Duplicati backup servers: takes their reports and shows whether the backups are safe."""


def _settings(**given: object) -> Settings:
    """Settings of the environment; what was given on the command line goes first."""
    try:
        return dataclasses.replace(read_settings(), **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


_DATA_DIR = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of database, key file and logs.")


@main.command()
@click.option("--host", help="Address to listen on (default 0.0.0.0).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default 9666).")
@_DATA_DIR
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Runs the server."""
    _serve(_settings(host=host, port=port, data_dir=data_dir))


@main.command()
@click.option("--host", help="Address to listen on (default 0.0.0.0).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default 9666).")
@_DATA_DIR
def demo(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Serves an invented fleet with two years of history, in a folder that is removed afterwards unless --data-dir is given."""
    import tempfile

    from duplistatus.app import seed_demo

    with tempfile.TemporaryDirectory(prefix="duplistatus-demo-") as temporary:
        settings = dataclasses.replace(_settings(host=host, port=port), data_dir=data_dir or Path(temporary), database_url=None)
        click.echo("Inventing a fleet …", err=True)
        try:
            account = seed_demo(settings)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"Sign in as {account.username} with the password {account.password}", err=True)
        _serve(settings)


def _serve(settings: Settings) -> None:
    """Serves until a signal comes; says where to go first."""
    from duplistatus.app import build
    from duplistatus.store.database import StoreError
    from duplistatus.web.serving import configure_logs, run

    configure_logs(settings.data_dir / "logs")
    try:
        run(build(settings), settings)
    except StoreError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--zone", help="Time zone of the server that sent it, e.g. Europe/Oslo, where known.")
def read(files: tuple[Path, ...], zone: str | None) -> None:
    """Prints as JSON what is understood of report FILES, or says why they are refused."""
    import orjson

    from duplistatus.report.reading import read_file
    from duplistatus.report.rejection import Rejection
    from duplistatus.report.rendering import as_read

    try:
        known = ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.ClickException(f"there is no time zone {zone!r}") from None
    limit = _settings().upload_max_bytes
    refused = False
    for file in files:
        try:
            content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
            click.echo(orjson.dumps(as_read(read_file(content, limit, known)), option=orjson.OPT_INDENT_2).decode())
        except OSError as error:
            refused = True
            click.echo(f"{file}: cannot be read: {error.strerror}", err=True)
        except Rejection as error:
            refused = True
            click.echo(f"{file}: {error.sentence}", err=True)
    sys.exit(1 if refused else 0)


@main.command()
@_DATA_DIR
def migrate(data_dir: Path | None) -> None:
    """Brings the database to the newest schema."""
    _open(_settings(data_dir=data_dir)).close()
    click.echo("The database has the newest schema.")


@main.command()
@_DATA_DIR
def rebuild(data_dir: Path | None) -> None:
    """Computes the rows of jobs and days anew from the history."""
    from duplistatus.clock import SystemClock
    from duplistatus.store.summaries import rebuild_all

    database = _open(_settings(data_dir=data_dir))
    connection = database.connect()
    connection.script("BEGIN IMMEDIATE" if connection.dialect == "sqlite" else "BEGIN")
    count = rebuild_all(connection, SystemClock().now())
    connection.script("COMMIT")
    connection.close()
    database.close()
    click.echo(f"Rebuilt {count} {'job' if count == 1 else 'jobs'}.")


def _open(settings: Settings) -> Database:
    """The migrated database of the settings."""
    from duplistatus.store.database import Database, StoreError
    from duplistatus.store.schema import migrate as to_newest

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_file, settings.database_url)
    try:
        to_newest(database)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    return database
