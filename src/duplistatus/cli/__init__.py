"""The command `duplistatus`. In: arguments and environment; out: a running server, or the answer of a tool on standard output. Errors
that a person can mend are one plain sentence and exit code 1; imports happen in the command that needs them, since a server that
starts fast must not read what it does not use."""

from __future__ import annotations

import dataclasses
import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from duplistatus import __version__
from duplistatus.cli.surroundings import DATA_DIR, folder_of, newest_database, settings_with
from duplistatus.settings import ALL_ADDRESSES, Settings, SettingsError

if TYPE_CHECKING:
    from duplistatus.ingest.demo.seeding import Feed
    from duplistatus.security.first_account import FirstAccount

_COLUMNS = 5
"""Of a question for a next run: zone, interval, weekdays, base and not-before."""
_DEMO_PASSWORD = "Demo2026"  # noqa: S105 - the demo's data are invented


_MODULES = {name: f"{__name__}.{name.replace('-', '_')}" for name in ("admin-recovery", "check", "rotate-key")}
"""Commands in modules of their own, each of which has a `command`."""


class _Commands(click.Group):
    """The modules are read when their command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_MODULES])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _MODULES:
            found: click.Command = import_module(_MODULES[cmd_name]).command
            return found
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="duplistatus")
def main() -> None:
    """Watches Duplicati backup servers: takes their reports and shows whether the backups are safe."""


@main.command()
@click.option("--host", help="Address to listen on (default 0.0.0.0).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default 9666).")
@DATA_DIR
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Runs the server."""
    _serve(settings_with(host=host, port=port, data_dir=data_dir))


@main.command()
@click.option("--host", help="Address to listen on (default 0.0.0.0).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default 9666).")
@DATA_DIR
def demo(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Serves an invented fleet with two years of history, in a folder that is removed afterwards unless --data-dir is given."""
    import tempfile

    from duplistatus.app import seed_demo
    from duplistatus.clock import SystemClock

    with tempfile.TemporaryDirectory(prefix="duplistatus-demo-") as temporary:
        told = settings_with(host=host, port=port)
        password = told.admin_password or _DEMO_PASSWORD
        settings = dataclasses.replace(told, data_dir=data_dir or Path(temporary), database_url=None, admin_password=password)
        click.echo("Inventing a fleet with two years of history; this takes some seconds.", err=True)
        try:
            feed = seed_demo(settings, SystemClock())
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        shown = password if told.admin_password is None else "of DUPLISTATUS_ADMIN_PASSWORD"
        click.echo(f"Sign in as admin with the password {shown}", err=True)
        _serve(settings, feed)


def _serve(settings: Settings, feed: Feed | None = None) -> None:
    """Serves until a signal comes; says where to go first."""
    # What the start makes stays for good: collecting garbage meanwhile costs a fifth of it, and looking at it later costs each request.
    gc.disable()
    from duplistatus.app import build
    from duplistatus.security.first_account import check_given_password
    from duplistatus.store.database import StoreError
    from duplistatus.web.serving import CannotServe, configure_logs, run

    def announce(first: FirstAccount | None) -> None:
        click.echo(f"duplistatus {__version__} is at {_address(settings)}", err=True)
        if first is not None and first.password is not None:
            click.echo(f"First sign-in: {first.username} / {first.password} (you choose a new password then)", err=True)

    try:
        check_given_password(settings)
        with folder_of(settings):
            configure_logs(settings.data_dir / "logs")
        application = build(settings, announce=announce, feed=feed)
        gc.freeze()
        gc.enable()
        run(application, settings)
    except (CannotServe, SettingsError, StoreError) as error:
        raise click.ClickException(str(error)) from error


def _address(settings: Settings) -> str:
    """Where people find the product, as far as the process knows."""
    if settings.public_url:
        return settings.public_url
    host = "localhost" if settings.host in {ALL_ADDRESSES, "::", "127.0.0.1"} else settings.host
    return f"{'https' if settings.tls_cert_file else 'http'}://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.root_path}/"


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--zone", help="Time zone of the server that sent it, e.g. Europe/Oslo, where known.")
def read(files: tuple[Path, ...], zone: str | None) -> None:
    """Prints as JSON what is understood of report FILES, or says why they are refused."""
    import orjson

    from duplistatus.evaluate.next_run_text import read_zone
    from duplistatus.report.reading import read_file
    from duplistatus.report.rejection import Rejection
    from duplistatus.report.rendering import as_read

    try:
        known = read_zone(zone) if zone else None
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    limit = settings_with().upload_max_bytes
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


@main.command("next-run")
@click.option("--zone", default=None, help="Zone in which that Duplicati counts, e.g. Europe/Oslo; UTC where not given.")
@click.option("--repeat", help="The schedule's interval, e.g. 1D or 1W12h.")
@click.option("--days", default=None, help="Allowed weekdays, e.g. 1,2,3 (0 is Sunday); all where not given.")
@click.option("--base", help="The schedule's time, e.g. 2026-07-10T01:00:00Z.")
@click.option("--not-before", help="The moment from which on the next run is asked.")
@click.option("--before-2.1.2", "older", is_flag=True, help="By the rule of Duplicati before 2.1.2; the zone is then that of its host.")
def next_run(zone: str | None, repeat: str | None, days: str | None, base: str | None, not_before: str | None, *, older: bool) -> None:
    """Prints the next run that Duplicati computes. Without options, rows of zone, interval, weekdays, base and not-before, parted by
    tabs, are read from standard input, and each is answered by a line."""
    from duplistatus.evaluate.next_run_text import next_run_text

    if not any((zone, repeat, days, base, not_before)):
        _next_runs(older=older)
    if not (repeat and base and not_before):
        raise click.UsageError("--repeat, --base and --not-before are needed, or rows on standard input and no options")
    try:
        click.echo(next_run_text(zone or "", repeat, days or "", base, not_before, before_2_1_2=older))
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _next_runs(*, older: bool) -> NoReturn:
    """Answers the rows of standard input, `error` for one that cannot be answered, whose reason goes to standard error."""
    from duplistatus.evaluate.next_run_text import next_run_text

    failed = False
    for number, line in enumerate(sys.stdin, 1):
        # Further columns, such as the answer itself in a table of known ones, are passed over; so is a row of headings.
        fields = line.rstrip("\r\n").split("\t")[:_COLUMNS]
        if not line.strip() or (number == 1 and fields[0] == "zone"):
            continue
        try:
            if len(fields) < _COLUMNS:
                raise ValueError("a row needs zone, interval, weekdays, base and not-before, parted by tabs")
            click.echo(next_run_text(*fields, before_2_1_2=older))
        except ValueError as error:
            failed = True
            click.echo("error")
            click.echo(f"line {number}: {error}", err=True)
    sys.exit(1 if failed else 0)


@main.command()
@DATA_DIR
def migrate(data_dir: Path | None) -> None:
    """Brings the database to the newest schema."""
    newest_database(settings_with(data_dir=data_dir)).close()
    click.echo("The database has the newest schema.")


@main.command()
@DATA_DIR
def rebuild(data_dir: Path | None) -> None:
    """Computes the rows of jobs and days anew from the history."""
    from duplistatus.clock import SystemClock
    from duplistatus.store.database import StoreError, is_unavailable
    from duplistatus.store.summaries import rebuild_all

    database = newest_database(settings_with(data_dir=data_dir))
    try:
        connection = database.connect()
        count = rebuild_all(connection, SystemClock().now())
        connection.close()
    except Exception as error:
        if not (isinstance(error, StoreError) or is_unavailable(error)):
            raise
        raise click.ClickException(f"the database cannot be rebuilt: {error}") from error
    click.echo(f"Rebuilt {count} {'job' if count == 1 else 'jobs'}.")
