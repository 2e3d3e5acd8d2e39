"""What a server's API lists beside what is known here: jobs that never ran, and jobs that it names no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.store import fleet, links, timers
from duplistatus.store.listing import UNKNOWN, Listing, is_listed, listing
from duplistatus.store.timers import Tried
from tests.store.linking import linked, lists
from tests.store.telling import NOON
from tests.store.test_heirs import send
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database
    from duplistatus.store.fleet import JobRow
    from duplistatus.store.ids import ServerId


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A server with the jobs `Files` and `Photos`."""
    for number, job in enumerate(("Files", "Photos")):
        send(database, Made(Instant(NOON - (2 - number) * HOUR), job=job))
    made = database.connect()
    yield made
    made.close()


def jobs(connection: Connection, server: ServerId) -> dict[str, JobRow]:
    return {each.name: each for each in fleet.jobs_of(connection, server)}


def found(connection: Connection, server: ServerId) -> Listing:
    return listing(connection, server, jobs(connection, server).values())


def test_jobs_of_the_list_without_a_run_and_jobs_that_it_does_not_name(connection: Connection) -> None:
    server = linked(connection, "id-alpha")
    known = jobs(connection, server)
    lists(connection, server, a1="Files", a2="Photos")
    assert found(connection, server) == Listing()
    lists(connection, server, a1="Files", a5="videos", a4="Music")
    assert found(connection, server) == Listing(("Music", "videos"), frozenset({known["Photos"].id}))
    assert is_listed(connection, known["Files"]) is True
    assert is_listed(connection, known["Photos"]) is False


def test_a_job_that_was_renamed_there_is_listed(connection: Connection) -> None:
    server = linked(connection, "id-alpha")
    known = jobs(connection, server)
    lists(connection, server, a1="Files", a2="Photos")
    connection.raw.execute(f"UPDATE api_job SET job_id = {known['Photos'].id} WHERE api_id = '2'")
    lists(connection, server, a1="Files", a2="Pictures")
    assert found(connection, server) == Listing()


def test_nothing_is_said_of_a_server_that_nobody_asked_or_asks_no_more(connection: Connection) -> None:
    server = linked(connection, "id-alpha")
    photos = jobs(connection, server)["Photos"]
    assert found(connection, server) is UNKNOWN
    lists(connection, server, a1="Files", a3="Music")
    links.set_url(connection, server, "")
    assert found(connection, server) is UNKNOWN
    assert is_listed(connection, photos) is None


def test_a_server_that_lists_nothing_lists_none_of_the_jobs_here(connection: Connection) -> None:
    server = linked(connection, "id-alpha")
    timers.tried(connection, server, Tried(""), NOON, lambda: 0.5)
    assert found(connection, server).unlisted == {each.id for each in jobs(connection, server).values()}


def test_a_job_of_the_command_line_is_missed_in_no_list(connection: Connection) -> None:
    server = linked(connection, "id-alpha")
    connection.raw.execute("UPDATE job SET backup_id = '5d41402abc4b2a76b9719d911017c592' WHERE name = 'Photos'")
    lists(connection, server, a1="Files")
    assert found(connection, server) == Listing()
    assert is_listed(connection, jobs(connection, server)["Photos"]) is None
    connection.raw.execute("UPDATE job SET backup_id = '' WHERE name = 'Photos'")
    assert is_listed(connection, jobs(connection, server)["Photos"]) is False
