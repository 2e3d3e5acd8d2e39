"""`duplistatus admin-recovery`: a new password for an administrator, while the product runs or not. In: the name of an account; out: what
was done, and the password where one was made up, told this once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from duplistatus.cli.surroundings import DATA_DIR, database_in_use, settings_with
from duplistatus.clock import Instant, SystemClock
from duplistatus.security.first_account import FIRST_NAME
from duplistatus.security.passwords import Policy, hash_password
from duplistatus.security.recovery import CannotRecover, OpenedDoors, Recovered, open_doors, recover
from duplistatus.security.users import UserError
from duplistatus.settings import Settings
from duplistatus.store.database import Database, StoreError


@click.command("admin-recovery")
@click.argument("name", default=FIRST_NAME)
@click.option("--password-stdin", is_flag=True, help="Reads the new password from standard input instead of making one up.")
@click.option("--open-doors", "doors", is_flag=True, help="Also switches off both lists of addresses, and keys that are required.")
@DATA_DIR
def command(name: str, data_dir: Path | None, *, password_stdin: bool, doors: bool) -> None:
    """Gives the administrator NAME (admin where none is named) a new password, ends the lock of the account and all of its sessions.
    Where there is no administrator the account becomes one, and is made where there is none."""
    settings = settings_with(data_dir=data_dir)
    database = database_in_use(settings)
    policy = Policy.of(settings)
    given = _from_stdin(policy) if password_stdin else None
    password = given or policy.temporary()
    try:
        done, opened = _recover(database, settings, name, hash_password(password), doors=doors, must_change=given is None)
    except (CannotRecover, UserError, StoreError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        database.close()
    _tell(done, None if given else password)
    if opened is not None:
        _tell_doors(opened)


def _from_stdin(policy: Policy) -> str:
    """The first line of standard input."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.ClickException("there is no password on standard input")
    if complaints := policy.complaints(password):
        raise click.ClickException("; ".join(complaints))
    return password


def _recover(
    database: Database, settings: Settings, name: str, password_hash: str, *, doors: bool, must_change: bool
) -> tuple[Recovered, OpenedDoors | None]:
    now: Instant = SystemClock().now()
    with database.change() as connection:
        done = recover(connection, name, password_hash, now, must_change=must_change)
        return done, open_doors(connection, settings, now) if doors else None


def _tell(done: Recovered, password: str | None) -> None:
    if done.was_made:
        click.echo(f"There was no administrator: the account {done.username} was made.")
    elif done.became_admin:
        click.echo(f"There was no administrator: {done.username} is one now and has a new password.")
    else:
        click.echo(f"{done.username} has a new password.")
    if not done.was_made:
        ended = "1 session was" if done.sessions == 1 else f"{done.sessions} sessions were"
        click.echo(f"Any lock of the account is ended; {ended} ended.")
    if password is not None:
        click.echo(f"Temporary password, shown this once: {password}")
        click.echo("Another one must be chosen at the first sign-in.")


def _tell_doors(opened: OpenedDoors) -> None:
    for what in opened.switched_off:
        click.echo(f"Switched off: {what}.")
    if not opened.switched_off:
        click.echo("Neither a list of addresses nor a required key was switched on in the settings.")
    for name in opened.by_environment:
        click.echo(f"Still on by the environment: set {name}=false there and start the product anew.")
    if opened.switched_off:
        click.echo("A product that runs knows within two seconds.")
