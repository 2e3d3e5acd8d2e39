"""What administrators see of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.routing import Filter
from duplistatus.store import messages, outbox
from duplistatus.store.channels import ChannelValues, add_channel
from duplistatus.store.messages import MessageLine, Sought
from duplistatus.store.telling import add_notice
from tests.store.telling import NOON, recordings, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from duplistatus.store.database import Connection, Database


def write(database: Database, work: Callable[[Connection], Any]) -> Any:
    connection = database.connect()
    try:
        connection.script("BEGIN")
        found = work(connection)
        connection.script("COMMIT")
        return found
    finally:
        connection.close()


def channel(connection: Connection, name: str) -> int:
    return add_channel(connection, "webhook", ChannelValues(name, True, {}, "", Filter()), "tests", NOON)


def post(connection: Connection, key: str, *channel_ids: int, event: Event = Event.TEST, at: Instant = NOON, **more: Any) -> None:
    details = more.pop("details", {})
    notice_id = add_notice(connection, key, event, details, at, **more)
    assert notice_id is not None
    outbox.add_deliveries(connection, notice_id, [(each, "") for each in channel_ids], at)


def sought(database: Database, count: int = 100, **values: Any) -> list[MessageLine]:
    with database.read() as connection:
        return messages.messages(connection, Sought(**values), count)


def a_job(database: Database) -> tuple[int, int, str, str]:
    """A job with its server and the names of both."""
    recording = recordings("2.3.0.4")[0]
    connection = database.connect()
    tell(connection, recording)
    row = connection.raw.execute("SELECT j.id, s.id, j.name, s.name FROM job j JOIN server s ON s.id = j.server_id").fetchone()
    connection.close()
    found: tuple[int, int, str, str] = row
    return found


def test_pages_go_on_where_the_last_one_ended_in_both_directions(database: Database) -> None:
    def work(connection: Connection) -> None:
        phone = channel(connection, "phone")
        for number in range(7):
            post(connection, f"n{number}", phone)

    write(database, work)
    ids = [line.id for line in sought(database)]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 7
    first = sought(database, 3)
    second = sought(database, 3, before=first[-1].id)
    assert [line.id for line in (*first, *second)] == ids[:6]
    assert sought(database, 3, after=second[0].id) == first
    assert sought(database, 3, before=ids[-1]) == []


def test_messages_are_found_by_state_channel_and_event(database: Database) -> None:
    def work(connection: Connection) -> None:
        phone, mail = channel(connection, "phone"), channel(connection, "mail")
        post(connection, "one", phone, mail)
        post(connection, "two", phone, event=Event.DAILY)
        (claimed,) = outbox.claim(connection, mail, "me", NOON, 5)
        outbox.mark_failed(connection, claimed.id, "me", NOON, "no such address")

    write(database, work)
    phone = next(line.channel_id for line in sought(database) if line.channel_name == "phone")
    assert [line.channel_name for line in sought(database, state="failed")] == ["mail"]
    assert [line.error for line in sought(database, state="failed")] == ["no such address"]
    assert [line.event for line in sought(database, channel_id=phone)] == [Event.DAILY, Event.TEST]
    assert [line.channel_name for line in sought(database, event="daily")] == ["phone"]
    assert sought(database, state="failed", event="daily") == []


def test_messages_are_found_by_words_in_the_names_of_job_and_server(database: Database) -> None:
    job_id, server_id, job, server = a_job(database)

    def work(connection: Connection) -> None:
        phone = channel(connection, "phone")
        post(connection, "run", phone, event=Event.ERROR, job_id=job_id, server_id=server_id)
        post(connection, "test", phone)
        connection.raw.execute("UPDATE server SET alias = '100 % Ölmühle_1'")

    write(database, work)
    (line,) = sought(database, text=job.upper()[1:])
    assert (line.job_name, line.server_name, line.server_label, line.jobs) == (job, server, "100 % Ölmühle_1", 1)
    assert len(sought(database, text=server)) == 1
    assert len(sought(database, text="Ölmühle_1")) == 1
    assert len(sought(database, text="0 % ")) == 1
    assert sought(database, text="%mühle") == []
    assert sought(database, text="Ölmühle-1") == [], "the underscore stands for itself"


def test_a_message_of_many_jobs_says_of_how_many(database: Database) -> None:
    def work(connection: Connection) -> None:
        post(connection, "many", channel(connection, "phone"), event=Event.OVERDUE, details={"jobs": [{"job_id": 1}, {"job_id": 2}]})

    write(database, work)
    (line,) = sought(database)
    assert (line.jobs, line.job_id, line.server_key) == (2, None, None)


def test_what_has_ended_is_removed_after_its_time_and_what_waits_stays(database: Database) -> None:
    def work(connection: Connection) -> int:
        phone = channel(connection, "phone")
        post(connection, "old", phone)
        (claimed,) = outbox.claim(connection, phone, "me", NOON, 5)
        outbox.mark_sent(connection, claimed.id, "me", NOON, 3)
        post(connection, "old and waiting", phone)
        post(connection, "new", phone, at=Instant(NOON + DAY))
        return messages.prune(connection, Instant(NOON + HOUR))

    assert write(database, work) == 1
    assert len(sought(database)) == 2
    with database.read() as connection:
        keys = [row[0] for row in connection.raw.execute("SELECT key FROM notice ORDER BY id").fetchall()]
    assert keys == ["old and waiting", "new"]
