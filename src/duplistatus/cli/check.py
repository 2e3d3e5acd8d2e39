"""`duplistatus check`: what stands in the way of the product, or soon will. In: environment, data folder, database; out: a line for each
thing that was looked at, with what to do, or the same as JSON. Changes nothing, also beside a product that runs."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from duplistatus.cli.checks.environment import usable
from duplistatus.cli.checks.finding import Finding, Level, problem
from duplistatus.cli.checks.folder import look_at_folder, look_at_key
from duplistatus.cli.checks.people import look_at_accounts, look_at_doors, look_at_keys
from duplistatus.cli.checks.serving import look_at_certificate, look_at_port
from duplistatus.cli.checks.stored import DATABASE, look_at_clock, look_at_database, opened
from duplistatus.cli.checks.telling import look_at_channels
from duplistatus.cli.surroundings import DATA_DIR, answers_alone
from duplistatus.clock import SystemClock
from duplistatus.security.secrets import Secrets
from duplistatus.settings import Settings
from duplistatus.store.database import Connection, StoreError


@click.command("check")
@click.option("--send", is_flag=True, help="Also connects to the servers of the channels; no message is sent.")
@click.option("--json", "as_json", is_flag=True, help="Answers with JSON.")
@DATA_DIR
def command(data_dir: Path | None, *, send: bool, as_json: bool) -> None:
    """Looks at settings, data folder, database, key file, accounts, clock, channels and port, and says what to do. Exit status 1: there is
    a problem."""
    answers_alone()
    settings, found = usable(os.environ)
    if data_dir is not None:
        settings = dataclasses.replace(settings, data_dir=data_dir)
    is_bad = False
    lines: list[Finding] = []
    for each in (*found, *_look(settings, is_tried=send)):
        is_bad |= each.level is Level.PROBLEM
        lines.append(each)
        if not as_json:
            click.echo(each.line)
    if as_json:
        click.echo(json.dumps({"ok": not is_bad, "findings": [each.as_json for each in lines]}, ensure_ascii=False, indent=2))
    else:
        click.echo(_summary(lines))
    sys.exit(1 if is_bad else 0)


def _look(settings: Settings, *, is_tried: bool) -> Iterator[Finding]:
    now = SystemClock().now()
    yield from look_at_folder(settings)
    database, found = opened(settings)
    yield from found
    if database is None:
        yield from look_at_key(None, settings)
    else:
        try:
            with database.read() as connection:
                yield from _look_inside(connection, settings, is_tried=is_tried)
        except StoreError as error:
            yield problem(DATABASE, str(error), "is the disk full, or the file damaged?")
        finally:
            database.close()
    yield from look_at_certificate(settings, now)
    yield from look_at_port(settings)


def _look_inside(connection: Connection, settings: Settings, *, is_tried: bool) -> Iterator[Finding]:
    now = SystemClock().now()
    yield from look_at_database(connection, settings)
    yield from look_at_key(connection, settings)
    yield from look_at_accounts(connection, now)
    yield from look_at_doors(connection, settings)
    yield from look_at_keys(connection, settings, now)
    yield from look_at_clock(connection, settings, now)
    yield from look_at_channels(connection, Secrets(settings.key_file), is_tried=is_tried)


def _summary(lines: list[Finding]) -> str:
    problems, warnings = (sum(each.level is level for each in lines) for level in (Level.PROBLEM, Level.WARNING))
    if not problems and not warnings:
        return "Everything is in order."
    counted = [(problems, "problem"), (warnings, "warning")]
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counted if count) + "."
