"""What is told of jobs is listed with where it comes from, found by words and tags, and changed for one job, several, a server; on both
databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from duplistatus.clock import HOUR, MINUTE, Instant
from duplistatus.evaluate.notify_change import FOLLOW_SERVER, NOBODY_BESIDES, read_notify_change
from duplistatus.evaluate.notify_setting import NO_ADDITIONAL, NOTIFY_NOT_SET, Additional, NotifySetting
from duplistatus.report.reading import read_body
from duplistatus.store import notify_changes, notify_list, tags, watching
from duplistatus.store.channels import NTFY, own_channel
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.watch_changes import BadEntry, change_backup_settings, jobs_by_key
from tests.store.telling import Recording, tell
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

NOON = Instant(1_795_262_400_000)
BY = "kim"


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


@pytest.fixture
def fleet(connection: Connection) -> Connection:
    """harbour with Files and Photos, mill with Files; mill has the tag Oslo."""
    for server, job in (("mill", "Files"), ("harbour", "Photos"), ("harbour", "Files")):
        body = orjson.dumps(document(Made(Instant(NOON - HOUR), server, job=job)))
        tell(connection, Recording(job, body, "application/json", read_body(body, "application/json", None, 1 << 25)), NOON)
    tags.set_server_tags(connection, server_id(connection, "mill"), ["Oslo"], NOON)
    return connection


def job(connection: Connection, name: str) -> JobId:
    server, _, of = name.partition(":")
    return jobs_by_key(connection)[f"id-{server}:{of}"]


def server_id(connection: Connection, name: str) -> ServerId:
    return next(row.server_id for row in notify_list.notify_rows(connection).rows if row.server_name == name)


def names(rows: list[notify_list.NotifyRow]) -> list[str]:
    return [f"{row.server_name}:{row.name}" for row in rows]


def test_jobs_come_by_server_and_name_with_nothing_set(fleet: Connection) -> None:
    found = notify_list.notify_rows(fleet)
    assert names(found.rows) == ["harbour:Files", "harbour:Photos", "mill:Files"]
    assert {(row.notify, row.of_server) for row in found.rows} == {(NOTIFY_NOT_SET, NO_ADDITIONAL)}
    assert (found.total, found.jobs) == (3, 3)
    assert found.of_servers == {server_id(fleet, "harbour"): 2, server_id(fleet, "mill"): 1}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("FILES", ["harbour:Files", "mill:Files"]),
        ("harb pho", ["harbour:Photos"]),
        ("mill photos", []),
        ("tag:oslo", ["mill:Files"]),
        ("tag:OSLO files", ["mill:Files"]),
        ("tag:oslo harbour", []),
        ("tag:nowhere", []),
        ("  ", ["harbour:Files", "harbour:Photos", "mill:Files"]),
    ],
)
def test_every_word_and_tag_must_fit(fleet: Connection, query: str, wanted: list[str]) -> None:
    found = notify_list.notify_rows(fleet, query)
    assert names(found.rows) == wanted
    assert (found.total, found.jobs) == (len(wanted), 3)
    assert [row.id for row in found.rows] == notify_list.matching_jobs(fleet, query)
    by_number = notify_list.notify_rows_after(fleet, query, 0, 10)
    assert [row.id for row in by_number] == sorted(row.id for row in found.rows)


def test_a_page_is_a_part_and_knows_the_whole(fleet: Connection) -> None:
    found = notify_list.notify_rows(fleet, start=1, limit=1)
    assert (names(found.rows), found.total) == (["harbour:Photos"], 3)
    assert found.of_servers[server_id(fleet, "harbour")] == 2
    assert notify_list.notify_rows(fleet, start=7, limit=1).rows == []
    first = notify_list.notify_rows_after(fleet, "", 0, 2)
    assert len(first) == 2
    rest = notify_list.notify_rows_after(fleet, "", first[-1].id, 2)
    assert sorted(names(first + rest)) == ["harbour:Files", "harbour:Photos", "mill:Files"]


def test_what_is_told_is_of_the_job_and_where_it_says_nothing_of_its_server(fleet: Connection) -> None:
    photos, harbour = job(fleet, "harbour:Photos"), server_id(fleet, "harbour")
    said = read_notify_change({"additional_emails": "ops@example.org", "additional_topic": "ops"})
    done = notify_changes.change_notify_of_server(fleet, harbour, said)
    assert (done.before, done.after) == (NO_ADDITIONAL, Additional(None, "ops@example.org", "ops"))
    notify_changes.change_notify(fleet, [photos], read_notify_change({"event": "errors", "additional_emails": ""}), BY, NOON)
    row = notify_list.notify_row(fleet, photos)
    assert row is not None
    assert row.notify == NotifySetting("errors", additional=Additional(emails=""))
    assert row.effective == Additional("errors", "", "ops")
    assert [each.effective.emails for each in notify_list.notify_rows_of_server(fleet, harbour)] == ["ops@example.org", ""]
    others = [row for row in notify_list.notify_rows(fleet).rows if row.server_id != harbour]
    assert {row.of_server for row in others} == {NO_ADDITIONAL}


def test_a_change_tells_what_became_another_and_passes_over_what_is_gone(fleet: Connection) -> None:
    files, photos = job(fleet, "harbour:Files"), job(fleet, "harbour:Photos")
    change = read_notify_change({"event": "off"})
    notify_changes.change_notify(fleet, [files], change, BY, NOON)
    done = notify_changes.change_notify(fleet, [files, photos, photos, JobId(999)], change, BY, NOON)
    assert [(each.row.id, each.row.notify.event, each.after.event) for each in done] == [(photos, "warnings", "off")]
    assert notify_list.notify_row(fleet, JobId(999)) is None


def test_to_follow_and_to_clear_concern_whom_besides_alone(fleet: Connection) -> None:
    files, photos, harbour = job(fleet, "harbour:Files"), job(fleet, "harbour:Photos"), server_id(fleet, "harbour")
    mill = job(fleet, "mill:Files")
    notify_changes.change_notify(fleet, [files, mill], read_notify_change({"event": "all", "additional_topic": "mine"}), BY, NOON)
    notify_changes.change_notify_of_server(fleet, harbour, read_notify_change({"additional_topic": "ops"}))
    done = notify_changes.follow_server(fleet, harbour, BY, NOON)
    assert [each.row.id for each in done.jobs] == [files]
    assert watching.notify_of(fleet, files) == NotifySetting("all")
    assert watching.notify_of(fleet, mill).additional.topic == "mine", "another server's job"
    notify_changes.change_notify(fleet, [photos], NOBODY_BESIDES, BY, NOON)
    cleared = notify_changes.nobody_besides(fleet, harbour, BY, NOON)
    assert (cleared.before, cleared.after) == (Additional(topic="ops"), NO_ADDITIONAL)
    assert [each.row.id for each in cleared.jobs] == [photos]
    assert notify_list.additional_of(fleet, harbour) == NO_ADDITIONAL
    assert not notify_changes.nobody_besides(fleet, harbour, BY, NOON).is_change


def test_bulk_changes_leave_watching_as_it_is(fleet: Connection) -> None:
    files = job(fleet, "harbour:Files")
    before = watching.job_setting(fleet, files)
    notify_changes.change_notify(fleet, [files], NOBODY_BESIDES, BY, NOON)
    notify_changes.change_notify(fleet, [files], FOLLOW_SERVER, BY, NOON)
    assert watching.job_setting(fleet, files) == before
    assert watching.notify_of(fleet, files) == NOTIFY_NOT_SET


def test_clients_of_before_set_whom_besides_to_tell_of_a_server(fleet: Connection) -> None:
    key, harbour = "id-harbour:__default__", server_id(fleet, "harbour")
    sent = {"additionalNotificationEvent": "errors", "additionalEmails": "ops@example.org", "expectedInterval": "soon", "time": 7}
    assert change_backup_settings(fleet, {key: sent}, BY, NOON) == [key]
    assert notify_list.additional_of(fleet, harbour) == Additional("errors", "ops@example.org")
    assert change_backup_settings(fleet, {key: sent}, BY, NOON) == []
    assert change_backup_settings(fleet, {key: {"additionalNtfyTopic": "ops"}}, BY, NOON) == [key]
    assert notify_list.additional_of(fleet, harbour) == Additional("errors", "ops@example.org", "ops")
    gone = {"additionalNotificationEvent": None, "additionalEmails": "", "additionalNtfyTopic": None}
    change_backup_settings(fleet, {key: gone, "nobody:__default__": sent}, BY, NOON)
    assert watching.additional_of_servers(fleet) == {}


def test_their_null_makes_a_job_follow_its_server_again(fleet: Connection) -> None:
    key, files = "id-harbour:Files", job(fleet, "harbour:Files")
    change_backup_settings(fleet, {key: {"additionalNtfyTopic": "mine", "additionalEmails": ""}}, BY, NOON)
    assert watching.notify_of(fleet, files).additional == Additional(emails="", topic="mine")
    change_backup_settings(fleet, {key: {"additionalNtfyTopic": None}}, BY, NOON)
    assert watching.notify_of(fleet, files).additional == Additional(emails="")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("all", "the settings are a JSON object"),
        ({"additionalEmails": "nobody"}, "'nobody' is no e-mail address"),
        ({"additionalNtfyTopic": 7}, "additionalNtfyTopic must be text"),
    ],
)
def test_what_makes_no_sense_for_a_server_is_refused_with_its_key(fleet: Connection, entry: object, sentence: str) -> None:
    with pytest.raises(BadEntry, match=f"id-harbour:__default__: {sentence}"):
        change_backup_settings(fleet, {"id-harbour:__default__": entry}, BY, NOON)
    assert watching.additional_of_servers(fleet) == {}


def test_the_newest_message_that_a_job_is_overdue_is_known(fleet: Connection) -> None:
    assert notify_list.told_times(fleet) == {}
    files, channel = job(fleet, "harbour:Files"), own_channel(fleet, NTFY).id
    for place, at in (("", NOON), ("ops", NOON + MINUTE)):
        fleet.raw.execute(f"INSERT INTO reminder (job_id, channel_id, destination, told_at) VALUES ({files}, {channel}, '{place}', {at})")
    assert notify_list.told_times(fleet) == {files: NOON + MINUTE}
