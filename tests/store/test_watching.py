"""What people set for watching is kept, follows its job, and changes the verdict in the same transaction; on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.evaluate.job_setting import NOT_SET, JobSetting, WatchSettings
from duplistatus.evaluate.notify_setting import NOTIFY_NOT_SET, Additional, NotifySetting
from duplistatus.evaluate.setting_change import BACK_TO_SERVER, SettingError, read_change
from duplistatus.report.reading import read_body
from duplistatus.store import fleet, watching
from duplistatus.store.ids import JobId
from duplistatus.store.watch_changes import (
    BadEntry,
    change_backup_settings,
    change_jobs,
    change_watch_settings,
    change_zone,
    jobs_by_key,
)
from duplistatus.store.watch_list import watch_row, watch_rows
from tests.store.telling import Recording, tell
from tests.web.api.reports import Made, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

NOON = Instant(1_795_262_400_000)
"""Saturday, 2026-11-21."""
BY = "kim"


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


def told(connection: Connection, made: Made) -> JobId:
    """The job of a run that was reported."""
    body = orjson.dumps(document(made))
    parsed = read_body(body, "application/json", None, 1 << 25)
    tell(connection, Recording(made.job, body, "application/json", parsed), Instant(made.begun + 22 * MINUTE))
    return jobs_by_key(connection)[f"id-{made.server}:{made.job}"]


def expected(connection: Connection, job_id: JobId) -> tuple[str, int | None, str | None]:
    row = fleet.job_by_id(connection, job_id)
    assert row is not None
    return row.schedule, row.expected_at, row.due_source


def test_what_nobody_set_is_the_default(connection: Connection) -> None:
    assert watching.watch_settings(connection) == WatchSettings()
    assert watching.job_setting(connection, JobId(7)) == NOT_SET
    assert watching.job_settings(connection) == {}
    assert watching.notify_of(connection, JobId(7)) == NOTIFY_NOT_SET


def test_settings_for_all_are_kept(connection: Connection) -> None:
    wanted = WatchSettings(15 * MINUTE, "disabled", "every_month", 7)
    for each in (wanted, WatchSettings(), wanted):
        watching.save_watch_settings(connection, each)
        assert watching.watch_settings(connection) == each


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("overdue_tolerance", "banana"),
        ("check_interval", "3min"),
        ("notification_frequency", ""),
        ("failing_after", "many"),
        ("failing_after", "0"),
    ],
)
def test_a_stored_value_that_cannot_be_read_is_the_default_and_leaves_the_others(connection: Connection, key: str, value: str) -> None:
    wanted = WatchSettings(HOUR, "10min", "every_week", 5)
    watching.save_watch_settings(connection, wanted)
    connection.raw.execute(f"UPDATE setting SET value = '{value}' WHERE key = '{key}'")
    found = watching.watch_settings(connection)
    names = {"overdue_tolerance": "tolerance", "notification_frequency": "frequency"}
    name = names.get(key, key)
    assert getattr(found, name) == getattr(WatchSettings(), name)
    assert replace(found, **{name: getattr(wanted, name)}) == wanted


def test_settings_of_a_job_are_kept_beside_its_choices_of_messages(connection: Connection) -> None:
    job_id = told(connection, Made(Instant(NOON - HOUR)))
    setting = JobSetting(False, True, "1W12h", frozenset({0, 6}), 135, 20_000, 12 * HOUR)
    notify = NotifySetting("errors", ntfy=False, additional=Additional(emails="a@example.org, ä@example.org"))
    watching.save_notify(connection, job_id, notify, BY, NOON)
    assert watching.job_setting(connection, job_id) == NOT_SET
    watching.save_job_setting(connection, job_id, setting, BY, NOON)
    assert (watching.job_setting(connection, job_id), watching.job_settings(connection)) == (setting, {job_id: setting})
    assert (watching.notify_of(connection, job_id), watching.notify_settings(connection)) == (notify, {job_id: notify})
    watching.save_job_setting(connection, job_id, NOT_SET, BY, NOON)
    assert watching.job_setting(connection, job_id) == NOT_SET
    assert watching.notify_of(connection, job_id) == notify


@pytest.mark.parametrize("column", ["interval = 'often'", "days = '9'", "days = 'x'", "tolerance = 17", "time_of_day = 9999"])
def test_a_setting_that_cannot_be_read_counts_as_not_set(connection: Connection, column: str) -> None:
    job_id = told(connection, Made(Instant(NOON - HOUR)))
    watching.save_job_setting(connection, job_id, JobSetting(False, interval="1D"), BY, NOON)
    connection.raw.execute(f"UPDATE job_setting SET {column}")
    assert watching.job_setting(connection, job_id) == JobSetting(watched=False)
    connection.raw.execute("UPDATE job_setting SET notify = '[1'")
    assert watching.notify_of(connection, job_id) == NOTIFY_NOT_SET


def test_an_interval_makes_an_unscheduled_job_expected_and_its_end_makes_it_unscheduled(connection: Connection) -> None:
    begun = Instant(NOON - 30 * HOUR)
    job_id = told(connection, Made(begun))
    assert expected(connection, job_id)[0] == "unscheduled"
    assert change_jobs(connection, [job_id, JobId(999)], read_change({"interval": "1D"}), BY, NOON) == [job_id]
    assert expected(connection, job_id) == ("overdue", begun + DAY, "setting")
    assert change_jobs(connection, [job_id], read_change({"interval": "1D"}), BY, NOON) == []
    change_jobs(connection, [job_id], read_change({"tolerance": "12h"}), BY, NOON)
    assert expected(connection, job_id)[0] == "late"
    change_jobs(connection, [job_id], read_change({"watched": False}), BY, NOON)
    assert expected(connection, job_id)[0] == "off"
    change_jobs(connection, [job_id], read_change({"watched": True}), BY, NOON)
    change_jobs(connection, [job_id], BACK_TO_SERVER, BY, NOON)
    assert expected(connection, job_id) == ("unscheduled", None, None)


def test_mine_goes_before_what_the_server_says_only_where_it_is_chosen(connection: Connection) -> None:
    begun, announced = Instant(NOON - 30 * HOUR), Instant(NOON + HOUR)
    job_id = told(connection, Made(begun, next_run=announced))
    change_jobs(connection, [job_id], read_change({"interval": "1D"}), BY, NOON)
    assert expected(connection, job_id) == ("ok", announced, "report")
    change_jobs(connection, [job_id], read_change({"use_mine": True}), BY, NOON)
    assert expected(connection, job_id) == ("overdue", begun + DAY, "setting")


def test_a_time_of_day_keeps_its_phase_from_the_last_run(connection: Connection) -> None:
    # Friday 06:00; every week at 07:00 counts from that Friday.
    job_id = told(connection, Made(Instant(NOON - 30 * HOUR)))
    change_jobs(connection, [job_id], read_change({"interval": "1W", "time_of_day": "07:00"}), BY, NOON)
    assert expected(connection, job_id) == ("overdue", NOON - 29 * HOUR, "setting")
    assert watching.job_setting(connection, job_id).first_day == (NOON - 30 * HOUR) // DAY


def test_one_job_for_which_it_makes_no_sense_leaves_all_as_they_are(database: Database, connection: Connection) -> None:
    jobs = [told(connection, Made(Instant(NOON - HOUR), job=name)) for name in ("A", "B")]
    change_jobs(connection, jobs[:1], read_change({"interval": "1D"}), BY, NOON)
    connection.script("BEGIN")
    with pytest.raises(SettingError):
        change_jobs(connection, jobs, read_change({"days": [1]}), BY, NOON)
    connection.script("ROLLBACK")
    assert watching.job_settings(connection) == {jobs[0]: JobSetting(interval="1D")}


def test_the_tolerance_of_all_jobs_changes_their_verdicts(connection: Connection) -> None:
    job_id = told(connection, Made(Instant(NOON - 30 * HOUR), next_run=Instant(NOON - 3 * HOUR)))
    assert change_watch_settings(connection, WatchSettings(tolerance=4 * HOUR), NOON)
    assert expected(connection, job_id)[0] == "late"
    assert not change_watch_settings(connection, WatchSettings(tolerance=4 * HOUR), NOON)
    assert change_watch_settings(connection, WatchSettings(tolerance=0), NOON)
    assert expected(connection, job_id)[0] == "overdue"


def test_a_zone_that_people_set_is_kept_and_taken_back(connection: Connection) -> None:
    job_id = told(connection, Made(Instant(NOON - 30 * HOUR)))
    before = watch_row(connection, job_id)
    assert before is not None
    change_zone(connection, before.server_id, "Asia/Kathmandu", NOON)
    row = watch_row(connection, job_id)
    assert row is not None
    assert (row.zone, row.zone_source, row.zone_set) == ("Asia/Kathmandu", "set", "Asia/Kathmandu")
    change_zone(connection, row.server_id, None, NOON)
    assert watch_row(connection, job_id) == before


def test_entries_of_1_4_2_change_what_they_name(connection: Connection) -> None:
    files = told(connection, Made(Instant(NOON - HOUR)))
    colon = told(connection, Made(Instant(NOON - HOUR), job="Mail:Archive"))
    sent = {
        "id-alpha:Files": {"notificationEvent": "off", "expectedInterval": "1D"},
        "id-alpha:Mail:Archive": {"expectedInterval": "12h"},
        "id-alpha:Gone": {"expectedInterval": 3},
    }
    assert change_backup_settings(connection, sent, BY, NOON) == ["id-alpha:Files", "id-alpha:Mail:Archive"]
    assert watching.job_settings(connection)[colon].interval == "12h"
    assert watching.job_setting(connection, files) == NOT_SET
    assert watching.notify_of(connection, files).event == "off"
    assert change_backup_settings(connection, sent, BY, NOON) == []
    with pytest.raises(BadEntry, match="id-alpha:Files: "):
        change_backup_settings(connection, {"id-alpha:Files": {"expectedInterval": 3}}, BY, NOON)
    with pytest.raises(BadEntry, match="JSON object"):
        change_backup_settings(connection, {"id-alpha:Files": "1D"}, BY, NOON)


def test_jobs_are_listed_by_server_and_name_with_what_is_set(connection: Connection) -> None:
    jobs = [told(connection, Made(Instant(NOON - HOUR), server, job=job)) for server, job in (("beta", "B"), ("Alpha", "Z"), ("beta", "A"))]
    change_jobs(connection, jobs[:1], read_change({"interval": "6h"}), BY, NOON)
    rows = watch_rows(connection)
    assert [(row.server_name, row.name, row.setting.interval) for row in rows] == [
        ("Alpha", "Z", None),
        ("beta", "A", None),
        ("beta", "B", "6h"),
    ]
    assert [row.expected_at for row in rows if row.due_source == "setting"] == [NOON + 5 * HOUR]
    assert watch_row(connection, jobs[0]) == rows[2]
    assert watch_row(connection, JobId(12345)) is None
