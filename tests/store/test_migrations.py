"""Databases of earlier releases become those of this one with everything that was in them; on both databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET, Additional, NotifySetting
from duplistatus.store import channels, watching
from duplistatus.store.database import Database
from duplistatus.store.ids import JobId
from duplistatus.store.schema import alembic_config, engine_of, make_file, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def before_telling(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Database]:
    """A database of the schema before messages were sent."""
    url = None
    if request.param == "postgresql":
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    made = Database(data_dir / "duplistatus.db", url)
    if url is None:
        make_file(made.file)
    _upgrade(made, "0002")
    yield made
    made.close()


def _upgrade(database: Database, revision: str) -> None:
    from alembic import command

    engine = engine_of(database)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)
    engine.dispose()


def test_an_empty_additional_destination_of_before_follows_the_server(before_telling: Database) -> None:
    stored = {
        1: {
            "event": "all",
            "ntfy": False,
            "email": True,
            "additional_event": "",
            "additional_emails": "a@example.org",
            "additional_topic": "",
        },
        2: {"event": "warnings", "ntfy": True, "email": True, "additional_event": "", "additional_emails": "", "additional_topic": ""},
    }
    connection = before_telling.connect()
    connection.script("INSERT INTO server (id, key, name, has_machine_id, created_at) VALUES (1, 'a', 'a', 1, 0)")
    for number, notify in stored.items():
        connection.script(f"INSERT INTO job (id, server_id, name, created_at) VALUES ({number}, 1, 'job {number}', 0)")
        connection.script(f"INSERT INTO job_setting (job_id, notify) VALUES ({number}, '{json.dumps(notify)}')")
    connection.script("INSERT INTO job (id, server_id, name, created_at) VALUES (3, 1, 'job 3', 0)")
    connection.script("INSERT INTO job_setting (job_id, notify) VALUES (3, 'damaged')")
    connection.close()
    migrate(before_telling)
    with before_telling.read() as reader:
        assert watching.notify_of(reader, JobId(1)) == NotifySetting("all", ntfy=False, additional=Additional(emails="a@example.org"))
        assert watching.notify_of(reader, JobId(2)) == NOTIFY_NOT_SET
        assert watching.notify_of(reader, JobId(3)) == NOTIFY_NOT_SET


def test_the_channels_for_all_are_there_and_silent(before_telling: Database) -> None:
    migrate(before_telling)
    with before_telling.read() as reader:
        assert [(row.key, row.enabled) for row in channels.channels(reader)] == [("email", False), ("ntfy", False)]
        assert channels.outlets(reader) == []
