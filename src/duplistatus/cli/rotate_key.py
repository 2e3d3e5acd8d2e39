"""`duplistatus rotate-key`: another key in the place of the present one, while the product runs or not. In: the data folder; out: a line
that says what was done, and an entry in the audit log."""

from __future__ import annotations

from pathlib import Path

import click

from duplistatus.cli.surroundings import DATA_DIR, database_in_use, settings_with
from duplistatus.clock import SystemClock
from duplistatus.security.key_file import SHOWN_DIGITS, KeyTrouble
from duplistatus.security.key_rotation import CannotRotate, Rotation, rotate_key
from duplistatus.security.secrets import Secrets
from duplistatus.store import audit
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection, StoreError


@click.command("rotate-key")
@DATA_DIR
def command(data_dir: Path | None) -> None:
    """Makes a new key file and encrypts every stored secret anew under it. A server that runs on the data folder goes on with the new
    key at once."""
    settings = settings_with(data_dir=data_dir)
    database = database_in_use(settings)
    try:
        done = rotate_key(database, Secrets(settings.key_file), note)
    except (CannotRotate, KeyTrouble, StoreError) as error:
        raise click.ClickException(f"{error}") from error
    finally:
        database.close()
    stored = f"{done.secrets} {'secret is' if done.secrets == 1 else 'secrets are'} stored under it"
    click.echo(f"{settings.key_file} holds a new key, {done.after[:SHOWN_DIGITS]} instead of {done.before[:SHOWN_DIGITS]}; {stored}.")
    click.echo("Copies of the database from before need the key file from before: keep it with them where you have one.")


def note(connection: Connection, done: Rotation) -> None:
    """The entry in the audit log."""
    details = {
        "before": {"fingerprint": done.before[:SHOWN_DIGITS]},
        "after": {"fingerprint": done.after[:SHOWN_DIGITS]},
        "secrets": done.secrets,
    }
    entry = Entry(SystemClock().now(), "key_rotated", "system", None, "system", "key", None, details)
    audit.record(connection, entry)
