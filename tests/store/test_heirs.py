"""What people said of a job or server stays with it when documents tell that it is another one, and goes when it is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.job_setting import JobSetting
from duplistatus.evaluate.maintenance import Once
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.notify_setting import Additional
from duplistatus.evaluate.routing import Filter
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report
from duplistatus.store import channels, deletion, fleet, silencing, snoozes, tags, watching, windows
from duplistatus.store.channels import ChannelValues
from duplistatus.store.record import record
from duplistatus.store.windows import Plan
from tests.store.telling import NOON, arrival
from tests.store.test_silences import count, write
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from duplistatus.store.database import Connection, Database

LATER = Instant(NOON + 4 * HOUR)
KEPT = ("job_setting", "snooze", "acknowledgement")


def send(database: Database, run: Made, **without: bool) -> None:
    """A report, perhaps without its machine-id or backup-id."""
    made = document(run)
    for name in without:
        del made["Extra"][name.replace("_", "-")]
    body = orjson.dumps(made)
    parsed = read_body(body, "application/json", None, 1 << 20)
    assert isinstance(parsed, Report)
    write(database, lambda connection: record(connection, arrival(body, parsed), parsed))


def say(connection: Connection, server_key: str, job_name: str, who: str) -> None:
    """Everything that people can say of a job and its server."""
    server = fleet.server_by_key(connection, server_key)
    assert server is not None
    job = fleet.job_by_name(connection, server.id, job_name)
    assert job is not None
    watching.save_job_setting(connection, job.id, JobSetting(tolerance=HOUR), who, NOON)
    silencing.snooze_job(connection, job.id, LATER, who, who, NOON)
    silencing.acknowledge(connection, job.id, who, who, NOON)
    silencing.snooze_server(connection, server.id, LATER, who, who, NOON)
    silencing.plan_window(connection, Plan(who, Once(NOON, LATER), server_id=server.id), who, NOON)
    tags.set_server_tags(connection, server.id, ["common", who], NOON)


def told(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        (server,) = fleet.servers(connection)
        (job,) = fleet.jobs(connection)
        return {
            "server": server.key,
            "silence": job.silence,
            "tolerance": watching.job_setting(connection, job.id).tolerance,
            "acknowledged by": [each.by for each in snoozes.acknowledgements(connection)],
            "snoozed": sorted(
                (each.job_name, each.server_key, each.comment) for each in snoozes.running_snoozes(connection, NOON) if each.job_name
            ),
            "snoozed servers": {each.server_key for each in snoozes.running_snoozes(connection, NOON)},
            "windows": sorted((each.plan.name, each.server_key) for each in windows.windows(connection)),
            "tags": [tag.name for tag in server.tags],
        }


def test_a_server_that_gets_an_id_keeps_what_was_said_of_it(database: Database) -> None:
    failed = Made(Instant(NOON - 2 * DAY), result="Error")
    send(database, failed, machine_id=True)
    write(database, lambda connection: say(connection, "name:alpha", "Files", "ann"))
    send(database, Made(Instant(NOON - DAY), result="Error"))
    assert told(database) == {
        "server": "id-alpha",
        "silence": "maintenance",
        "tolerance": HOUR,
        "acknowledged by": ["ann"],
        "snoozed": [("Files", "id-alpha", "ann")],
        "snoozed servers": {"id-alpha"},
        "windows": [("ann", "id-alpha")],
        "tags": ["ann", "common"],
    }


def test_what_was_said_of_the_heir_goes_before_what_was_said_of_what_it_takes_over(database: Database) -> None:
    send(database, Made(Instant(NOON - 2 * DAY), result="Error"))
    send(database, Made(Instant(NOON - 2 * DAY), server="beta", server_id="id-beta", result="Error"))
    write(database, lambda connection: say(connection, "id-alpha", "Files", "ann"))
    write(database, lambda connection: say(connection, "id-beta", "Files", "bob"))
    with database.read() as connection:
        first, second = sorted(fleet.jobs(connection), key=lambda each: each.id)

    def merge(connection: Connection) -> None:
        from duplistatus.store.heirs import inherit_job, inherit_server

        inherit_job(connection, second.id, first.id)
        inherit_server(connection, second.server_id, first.server_id)

    write(database, merge)
    with database.read() as connection:
        assert [each.by for each in snoozes.acknowledgements(connection)] == ["ann"]
        assert {each.server_key for each in snoozes.running_snoozes(connection, NOON)} == {"id-alpha"}
        assert {each.server_key for each in windows.windows(connection)} == {"id-alpha"}
        assert {server.key: [tag.name for tag in server.tags] for server in fleet.servers(connection)} == {
            "id-alpha": ["ann", "bob", "common"],
            "id-beta": [],
        }
    assert count(database, "job_setting") == 1


def test_a_job_that_comes_to_another_server_is_as_silent_as_that(database: Database) -> None:
    for days in (5, 4, 3):
        send(database, Made(Instant(NOON - days * DAY), server="old", job="Photos"), machine_id=True)
    send(database, Made(Instant(NOON - 2 * DAY), server="new", server_id="id-new"))
    with database.read() as connection:
        server = fleet.server_by_key(connection, "id-new")
    assert server is not None
    write(database, lambda connection: silencing.snooze_server(connection, server.id, LATER, "", "ann", NOON))
    send(database, Made(Instant(NOON - DAY), server="old", server_id="id-new", job="Photos"))
    with database.read() as connection:
        assert {job.name: (job.server_id, job.silence) for job in fleet.jobs(connection)} == {
            "Photos": (server.id, "snoozed"),
            "Files": (server.id, "snoozed"),
        }


@pytest.mark.parametrize("table", KEPT)
def test_nothing_is_left_of_a_removed_job(database: Database, table: str) -> None:
    send(database, Made(Instant(NOON - 2 * DAY), result="Error"))
    write(database, lambda connection: say(connection, "id-alpha", "Files", "ann"))
    before = count(database, table)
    assert before > 0
    assert write(database, lambda connection: deletion.delete_job(connection, "id-alpha", "Files", NOON)) is not None
    # The snooze of its server stays: other jobs may report from there.
    assert count(database, table) == (1 if table == "snooze" else 0)


def test_filters_messages_and_additional_destinations_follow_the_heir(database: Database) -> None:
    send(database, Made(Instant(NOON - 2 * DAY)), machine_id=True)
    with database.read() as connection:
        (server,), (job,) = fleet.servers(connection), fleet.jobs(connection)
    chosen = Filter(frozenset({Event.ERROR}), servers=frozenset({server.id}), jobs=frozenset({job.id}))

    def prepare(connection: Connection) -> None:
        channels.add_channel(connection, "webhook", ChannelValues("hook", True, {}, "", chosen), "ann", NOON)
        watching.save_additional(connection, server.id, Additional(topic="family"))

    write(database, prepare)
    send(database, Made(Instant(NOON - DAY), result="Error"), machine_id=True)
    send(database, Made(NOON))
    with database.read() as connection:
        (heir,), (left,) = fleet.servers(connection), fleet.jobs(connection)
        assert heir.id != server.id
        narrowed = channels.channels(connection)[-1].filter
        assert (sorted(narrowed.servers), sorted(narrowed.jobs)) == ([heir.id], [left.id])
        assert watching.additional_of_servers(connection)[heir.id] == Additional(topic="family")
        assert connection.raw.execute("SELECT job_id, server_id FROM notice").fetchall() == [(left.id, heir.id)]
