"""The silence of jobs on both databases: what of snoozes, windows, acknowledgements and tags reaches which job, and until when."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.maintenance import Once, Recurring
from duplistatus.store import silencing, snoozes, tags, windows
from duplistatus.store.facts import apply_due
from duplistatus.store.fleet_marks import fleet_marks
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.judging import judge_reported
from duplistatus.store.silences import held, silence_of, silences
from duplistatus.store.silencing import NoTrouble
from duplistatus.store.tags import TagExists, TagInUse
from duplistatus.store.windows import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from duplistatus.store.database import Connection, Database

T = TypeVar("T")
NOW = Instant(1_795_262_400_000)
LATER = Instant(NOW + 4 * HOUR)
ALPHA, BETA = ServerId(1), ServerId(2)
FILES, PHOTOS, MAIL = JobId(1), JobId(2), JobId(3)


@pytest.fixture
def fleet(database: Database) -> Database:
    """Files and Photos on alpha, Mail on beta; their last runs were good and nothing is expected of them."""

    def work(connection: Connection) -> None:
        for server, name in ((ALPHA, "alpha"), (BETA, "beta")):
            connection.raw.execute(
                f"INSERT INTO server (id, key, has_machine_id, name, created_at) VALUES ({server}, 'id-{name}', 1, '{name}', 0)"
            )
        for number, server, name in ((FILES, ALPHA, "Files"), (PHOTOS, ALPHA, "Photos"), (MAIL, BETA, "Mail")):
            connection.raw.execute(
                "INSERT INTO job (id, server_id, name, created_at, last_status, run_count) "
                f"VALUES ({number}, {server}, '{name}', 0, 'Success', 1)"
            )

    write(database, work)
    return database


def write(database: Database, work: Callable[[Connection], T]) -> T:
    connection = database.connect()
    try:
        connection.script("BEGIN")
        result = work(connection)
        connection.script("COMMIT")
        return result
    finally:
        connection.close()


def column(database: Database, name: str) -> list[Any]:
    """What the rows of the jobs say, in the order of their numbers."""
    with database.read() as connection:
        return [row[0] for row in connection.raw.execute(f"SELECT {name} FROM job ORDER BY id").fetchall()]


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def set_status(database: Database, job_id: JobId, status: str) -> None:
    write(database, lambda connection: connection.raw.execute(f"UPDATE job SET last_status = '{status}' WHERE id = {job_id}"))


def test_a_snoozed_job_is_silent_until_its_moment_and_no_other_is(fleet: Database) -> None:
    row = write(fleet, lambda connection: silencing.snooze_job(connection, FILES, LATER, "moving disks", "ann", NOW))
    assert (row.job_name, row.server_key, row.until, row.comment, row.created_by) == ("Files", "id-alpha", LATER, "moving disks", "ann")
    assert column(fleet, "silence") == ["snoozed", "none", "none"]
    assert column(fleet, "silence_at") == [LATER, None, None]
    with fleet.read() as connection:
        assert silences(connection, None, LATER)[FILES] == ("none", None)
        assert snoozes.running_snoozes(connection, LATER) == []


def test_the_end_of_a_snooze_is_not_forgotten_when_a_report_comes(fleet: Database) -> None:
    write(fleet, lambda connection: connection.raw.execute("UPDATE job SET run_count = 9"))
    write(fleet, lambda connection: silencing.snooze_job(connection, FILES, LATER, "", "ann", NOW))
    write(fleet, lambda connection: judge_reported(connection, FILES, Instant(NOW + 1)))
    assert column(fleet, "due_at") == [LATER, None, None]
    assert write(fleet, lambda connection: apply_due(connection, LATER)) == 1
    assert column(fleet, "silence") == ["none", "none", "none"]
    assert column(fleet, "due_at") == [None, None, None]


def test_a_snoozed_server_silences_each_of_its_jobs_and_waking_it_ends_that(fleet: Database) -> None:
    row = write(fleet, lambda connection: silencing.snooze_server(connection, ALPHA, LATER, "", "ann", NOW))
    assert column(fleet, "silence") == ["snoozed", "snoozed", "none"]
    assert write(fleet, lambda connection: silencing.wake(connection, row.id, NOW)) == row
    assert column(fleet, "silence") == ["none", "none", "none"]
    assert column(fleet, "silence_at") == [None, None, None]
    assert write(fleet, lambda connection: silencing.wake(connection, row.id, NOW)) is None


def test_the_newest_snooze_of_a_job_counts_and_the_longer_of_job_and_server(fleet: Database) -> None:
    write(fleet, lambda connection: silencing.snooze_job(connection, FILES, Instant(NOW + 9 * HOUR), "", "ann", NOW))
    write(fleet, lambda connection: silencing.snooze_job(connection, FILES, LATER, "", "ann", NOW))
    assert column(fleet, "silence_at") == [LATER, None, None]
    write(fleet, lambda connection: silencing.snooze_server(connection, ALPHA, Instant(NOW + 5 * HOUR), "", "ann", NOW))
    assert column(fleet, "silence_at") == [NOW + 5 * HOUR, NOW + 5 * HOUR, None]


def test_a_change_of_silence_is_kept_with_its_reason(fleet: Database) -> None:
    write(fleet, lambda connection: silencing.snooze_job(connection, MAIL, LATER, "", "ann", NOW))
    with fleet.read() as connection:
        rows = connection.raw.execute("SELECT job_id, fact, from_value, to_value, at FROM change").fetchall()
    assert rows == [(MAIL, "silence", "none", "snoozed", NOW)]


@pytest.mark.parametrize(("scope", "silent"), [("all", [1, 1, 1]), ("server", [1, 1, 0]), ("tag", [0, 0, 1])])
def test_a_window_concerns_all_a_server_or_the_servers_with_a_tag(fleet: Database, scope: str, silent: list[int]) -> None:
    window = Once(Instant(NOW - HOUR), LATER)

    def work(connection: Connection) -> int:
        tags.set_server_tags(connection, BETA, ["site B"], NOW)
        (tag,) = tags.tags(connection)
        scopes = {"all": Plan("w", window), "server": Plan("w", window, server_id=ALPHA), "tag": Plan("w", window, tag_id=tag.id)}
        return silencing.plan_window(connection, scopes[scope], "ann", NOW).id

    number = write(fleet, work)
    assert column(fleet, "silence") == ["maintenance" if each else "none" for each in silent]
    assert column(fleet, "silence_at") == [LATER if each else None for each in silent]

    def disable(connection: Connection) -> None:
        row = windows.window_by_id(connection, number)
        assert row is not None
        silencing.replan_window(connection, row, replace(row.plan, enabled=False), NOW)

    write(fleet, disable)
    assert column(fleet, "silence") == ["none", "none", "none"]


def test_a_window_that_becomes_one_for_other_servers_leaves_those_it_was_for(fleet: Database) -> None:
    plan = Plan("w", Once(Instant(NOW - HOUR), LATER), server_id=ALPHA)
    row = write(fleet, lambda connection: silencing.plan_window(connection, plan, "ann", NOW))
    write(fleet, lambda connection: silencing.replan_window(connection, row, replace(plan, server_id=BETA), NOW))
    assert column(fleet, "silence") == ["none", "none", "maintenance"]


def test_pages_that_show_a_server_learn_of_its_tags_and_silences(fleet: Database) -> None:
    def marks() -> dict[str, Any]:
        with fleet.read() as connection:
            return fleet_marks(connection)

    before = marks()
    write(fleet, lambda connection: tags.set_server_tags(connection, ALPHA, ["site"], NOW))
    tagged = marks()
    assert (tagged["id-alpha"] != before["id-alpha"], tagged["id-beta"] == before["id-beta"]) == (True, True)
    with fleet.read() as connection:
        (tag,) = tags.tags(connection)
    write(fleet, lambda connection: tags.change_tag(connection, tag, "site", "blue"))
    colored = marks()
    assert colored["id-alpha"] != tagged["id-alpha"]
    write(fleet, lambda connection: silencing.snooze_job(connection, FILES, LATER, "", "ann", NOW))
    snoozed = marks()
    write(fleet, lambda connection: silencing.snooze_job(connection, FILES, Instant(LATER + HOUR), "", "ann", NOW))
    assert len({colored["id-alpha"], snoozed["id-alpha"], marks()["id-alpha"]}) == 3


def test_a_window_that_comes_again_is_kept_as_it_was_said(fleet: Database) -> None:
    window = Recurring(frozenset({0, 6}), 1_320, 480, ZoneInfo("Europe/Berlin"))
    plan = Plan("nights", window, server_id=ALPHA, enabled=False, comment="updates")
    row = write(fleet, lambda connection: silencing.plan_window(connection, plan, "ann", NOW))
    assert (row.plan, row.plan.scope, row.server_label, row.created_by) == (plan, "server", "alpha", "ann")
    with fleet.read() as connection:
        assert windows.windows(connection) == [row]
        assert windows.enabled_windows(connection) == []
    write(fleet, lambda connection: silencing.remove_window(connection, row, NOW))
    assert count(fleet, "maintenance") == 0


def test_a_job_looks_forward_to_the_next_window(fleet: Database) -> None:
    write(fleet, lambda connection: silencing.plan_window(connection, Plan("w", Once(LATER, Instant(LATER + DAY))), "ann", NOW))
    assert column(fleet, "silence") == ["none", "none", "none"]
    assert column(fleet, "silence_at") == [LATER, LATER, LATER]


def test_a_server_in_maintenance_by_its_tag_is_so_as_long_as_it_has_the_tag(fleet: Database) -> None:
    def work(connection: Connection) -> None:
        tags.add_tag(connection, "Oslo", "blue")
        (tag,) = tags.tags(connection)
        silencing.plan_window(connection, Plan("w", Once(NOW, LATER), tag_id=tag.id), "ann", NOW)

    write(fleet, work)
    assert column(fleet, "silence") == ["none", "none", "none"]
    write(fleet, lambda connection: tags.set_server_tags(connection, ALPHA, ["oslo", "new"], NOW))
    assert column(fleet, "silence") == ["maintenance", "maintenance", "none"]
    write(fleet, lambda connection: tags.set_server_tags(connection, ALPHA, ["new"], NOW))
    assert column(fleet, "silence") == ["none", "none", "none"]


def test_trouble_is_acknowledged_until_it_is_over(fleet: Database) -> None:
    set_status(fleet, FILES, "Error")
    row = write(fleet, lambda connection: silencing.acknowledge(connection, FILES, "disk ordered", "ann", NOW))
    assert (row.job_name, row.trouble, row.comment, row.by) == ("Files", {"result": "failed"}, "disk ordered", "ann")
    assert column(fleet, "silence") == ["acknowledged", "none", "none"]
    set_status(fleet, FILES, "Success")
    with fleet.read() as connection:
        assert held(connection, [(FILES, ALPHA)], NOW) == {}
    assert write(fleet, lambda connection: silence_of(connection, FILES, NOW)) == ("none", None)
    assert count(fleet, "acknowledgement") == 0


def test_new_trouble_ends_an_acknowledgement(fleet: Database) -> None:
    set_status(fleet, FILES, "Warning")
    write(fleet, lambda connection: silencing.acknowledge(connection, FILES, "", "ann", NOW))
    set_status(fleet, FILES, "Fatal")
    assert write(fleet, lambda connection: silence_of(connection, FILES, NOW)) == ("none", None)
    assert count(fleet, "acknowledgement") == 0


def test_what_of_the_trouble_is_over_is_forgotten(fleet: Database) -> None:
    set_status(fleet, FILES, "Error")
    write(fleet, lambda connection: silencing.acknowledge(connection, FILES, "", "ann", NOW))
    set_status(fleet, FILES, "Warning")
    assert write(fleet, lambda connection: silence_of(connection, FILES, NOW)) == ("acknowledged", None)
    set_status(fleet, FILES, "Error")
    assert write(fleet, lambda connection: silence_of(connection, FILES, NOW)) == ("none", None)


def test_a_job_without_trouble_cannot_be_acknowledged_and_one_that_was_can_be_taken_back(fleet: Database) -> None:
    with pytest.raises(NoTrouble):
        write(fleet, lambda connection: silencing.acknowledge(connection, FILES, "", "ann", NOW))
    set_status(fleet, FILES, "Unknown")
    write(fleet, lambda connection: silencing.acknowledge(connection, FILES, "one", "ann", NOW))
    write(fleet, lambda connection: silencing.acknowledge(connection, FILES, "two", "bob", NOW))
    with fleet.read() as connection:
        assert [(row.comment, row.by) for row in snoozes.acknowledgements(connection)] == [("two", "bob")]
    assert write(fleet, lambda connection: silencing.withdraw(connection, FILES, NOW)) is True
    assert column(fleet, "silence") == ["none", "none", "none"]
    assert write(fleet, lambda connection: silencing.withdraw(connection, FILES, NOW)) is False


def test_the_reason_is_told_with_its_end_and_comment(fleet: Database) -> None:
    set_status(fleet, MAIL, "Error")
    both = [(FILES, ALPHA), (PHOTOS, ALPHA), (MAIL, BETA)]

    def work(connection: Connection) -> None:
        silencing.acknowledge(connection, MAIL, "known", "bob", NOW)
        silencing.snooze_server(connection, ALPHA, LATER, "moving", "ann", NOW)
        silencing.snooze_job(connection, FILES, Instant(NOW + HOUR), "short", "cat", NOW)

    write(fleet, work)
    with fleet.read() as connection:
        found = held(connection, both, NOW)
    told = {job_id: (each.silence.value, each.until, each.comment, each.by) for job_id, each in found.items()}
    assert told == {
        FILES: ("snoozed", LATER, "moving", "ann"),
        PHOTOS: ("snoozed", LATER, "moving", "ann"),
        MAIL: ("acknowledged", None, "known", "bob"),
    }
    plan = Plan("Patches", Once(NOW, Instant(NOW + DAY)), comment="of the month")
    write(fleet, lambda connection: silencing.plan_window(connection, plan, "dan", NOW))
    with fleet.read() as connection:
        found = held(connection, both, NOW)
    assert {(each.silence.value, each.until, each.comment, each.windows[0].plan.name) for each in found.values()} == {
        ("maintenance", NOW + DAY, "of the month", "Patches")
    }


def test_many_jobs_are_told_as_each_alone(fleet: Database) -> None:
    set_status(fleet, MAIL, "Error")

    def work(connection: Connection) -> None:
        silencing.acknowledge(connection, MAIL, "", "ann", NOW)
        silencing.snooze_job(connection, PHOTOS, LATER, "", "ann", NOW)
        silencing.plan_window(connection, Plan("w", Once(NOW, Instant(NOW + HOUR)), server_id=ALPHA), "ann", NOW)

    write(fleet, work)
    for moment in (NOW, Instant(NOW + 2 * HOUR), Instant(NOW + DAY)):
        together = write(fleet, partial(silences, job_ids=None, now=moment))
        alone = {job: write(fleet, partial(silence_of, job_id=job, now=moment)) for job in (FILES, PHOTOS, MAIL)}
        assert together == alone
    assert silence_missing(fleet) == ("none", None)


def silence_missing(database: Database) -> tuple[str, Instant | None]:
    return write(database, lambda connection: silence_of(connection, JobId(99), NOW))


def test_names_of_tags_are_one_in_any_letters(fleet: Database) -> None:
    row = write(fleet, lambda connection: tags.add_tag(connection, "Straße", "green"))
    with pytest.raises(TagExists):
        write(fleet, lambda connection: tags.add_tag(connection, "STRASSE", ""))
    write(fleet, lambda connection: tags.set_server_tags(connection, ALPHA, ["STRASSE", "strasse", "other"], NOW))
    with fleet.read() as connection:
        listed = tags.tags(connection)
    assert [(each.name, each.color, [server.key for server in each.servers]) for each in listed] == [
        ("other", "", ["id-alpha"]),
        ("Straße", "green", ["id-alpha"]),
    ]
    renamed = write(fleet, lambda connection: tags.change_tag(connection, row, "strasse", "blue"))
    assert (renamed.name, renamed.color) == ("strasse", "blue")
    with pytest.raises(TagExists):
        write(fleet, lambda connection: tags.change_tag(connection, renamed, "OTHER", ""))


def test_a_tag_that_a_window_needs_is_not_removed(fleet: Database) -> None:
    write(fleet, lambda connection: tags.set_server_tags(connection, ALPHA, ["site"], NOW))
    with fleet.read() as connection:
        (tag,) = tags.tags(connection)
    window = write(fleet, lambda connection: silencing.plan_window(connection, Plan("w", Once(NOW, LATER), tag_id=tag.id), "ann", NOW))
    with pytest.raises(TagInUse, match="w"):
        write(fleet, lambda connection: tags.drop_tag(connection, tag))
    write(fleet, lambda connection: silencing.remove_window(connection, window, NOW))
    write(fleet, lambda connection: tags.drop_tag(connection, tag))
    assert (count(fleet, "tag"), count(fleet, "server_tag")) == (0, 0)


def test_the_servers_of_a_tag_are_set_without_touching_their_other_tags(fleet: Database) -> None:
    write(fleet, lambda connection: tags.set_server_tags(connection, ALPHA, ["a", "b"], NOW))
    with fleet.read() as connection:
        first, _ = tags.tags(connection)
    write(fleet, lambda connection: tags.set_tag_servers(connection, first, [BETA], NOW))
    with fleet.read() as connection:
        listed = {each.name: [server.key for server in each.servers] for each in tags.tags(connection)}
    assert listed == {"a": ["id-beta"], "b": ["id-alpha"]}
