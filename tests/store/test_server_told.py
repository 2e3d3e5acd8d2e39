"""What a server's own API tells of its schedules and its zone, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant, iso
from duplistatus.evaluate.expectation import ServerSchedule, Slot
from duplistatus.evaluate.job_setting import JobSetting
from duplistatus.evaluate.server_schedule import read_schedule
from duplistatus.evaluate.zone_evidence import ZoneRule, ZoneSource
from duplistatus.report.report import Report
from duplistatus.store import fleet
from duplistatus.store.judging import judge
from duplistatus.store.server_told import tell_schedule, tell_zone
from duplistatus.store.watching import save_job_setting, set_server_zone
from duplistatus.store.zones import set_own_zone, settle_zone, zone_of
from tests.store.telling import recordings, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database
    from duplistatus.store.fleet import JobRow


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


ASKED = at("2026-11-21T09:00:00+00:00")
NIGHTLY = read_schedule("2026-11-22T01:00:00Z", "1D", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ASKED)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """One job of Duplicati 2.1.0.5, which ran once and announced nothing."""
    made = database.connect()
    story = next(each for each in recordings("2.1.0.5") if isinstance(each.parsed, Report) and each.parsed.is_run and "daily" in each.name)
    tell(made, story, ASKED)
    yield made
    made.close()


def job_of(connection: Connection) -> JobRow:
    return fleet.jobs(connection)[0]


def expected(connection: Connection) -> tuple[str | None, str | None]:
    job = job_of(connection)
    return (iso(job.expected_at) if job.expected_at is not None else None), job.due_source


def test_a_job_that_says_nothing_is_known_by_the_schedule_of_its_server(connection: Connection) -> None:
    job = job_of(connection)
    assert expected(connection) == (None, None)
    tell_schedule(connection, job.id, NIGHTLY, None, ASKED)
    assert expected(connection) == ("2026-11-22T01:00:00.000Z", "server")
    assert job_of(connection).schedule == "ok"


def test_what_the_server_proposes_goes_before_its_schedule(connection: Connection) -> None:
    tell_schedule(connection, job_of(connection).id, NIGHTLY, Slot(at("2026-11-23T01:00:00+00:00"), ASKED), ASKED)
    assert expected(connection) == ("2026-11-23T01:00:00.000Z", "proposed")


def test_a_schedule_that_is_gone_leaves_the_job_unscheduled(connection: Connection) -> None:
    job = job_of(connection)
    tell_schedule(connection, job.id, NIGHTLY, None, ASKED)
    tell_schedule(connection, job.id, None, None, Instant(ASKED + HOUR))
    assert expected(connection) == (None, None)
    assert job_of(connection).schedule == "unscheduled"


def test_an_asked_schedule_is_counted_on_without_asking_again(connection: Connection) -> None:
    """The job stays overdue through missed slots: only a run keeps them."""
    assert NIGHTLY is not None
    job = job_of(connection)
    tell_schedule(connection, job.id, replace(NIGHTLY, time=Instant(NIGHTLY.time - 9 * DAY), told_at=Instant(ASKED - 9 * DAY)), None, ASKED)
    assert expected(connection) == ("2026-11-22T01:00:00.000Z", "server")
    judge(connection, [job.id], Instant(ASKED + 5 * DAY))
    assert expected(connection) == ("2026-11-22T01:00:00.000Z", "server")
    assert job_of(connection).schedule == "overdue"


def test_the_slot_that_runs_have_led_to_is_kept(connection: Connection) -> None:
    """The row keeps thirty runs; a change of the clock that moved the slots may lie further back."""
    job = job_of(connection)
    tell_schedule(connection, job.id, NIGHTLY, None, ASKED)
    kept = connection.raw.execute("SELECT schedule_slot, expected_at FROM job").fetchone()
    assert kept is not None
    assert kept[0] == kept[1] == at("2026-11-22T01:00:00+00:00")


def test_mine_goes_before_the_server_and_comes_after_it_otherwise(connection: Connection) -> None:
    job = job_of(connection)
    tell_schedule(connection, job.id, NIGHTLY, None, ASKED)
    for use_mine, source in ((True, "setting"), (False, "server")):
        save_job_setting(connection, job.id, JobSetting(interval="1W", use_mine=use_mine), "somebody", ASKED)
        judge(connection, [job.id], ASKED)
        assert expected(connection)[1] == source


def test_a_new_setting_begins_its_own_count(connection: Connection) -> None:
    """The slot that the old one had led to must not hold the new one."""
    job = job_of(connection)
    for minutes, text in ((20 * 60, "20:00"), (6 * 60, "06:00")):
        setting = JobSetting(interval="1D", use_mine=True, time_of_day=minutes, first_day=job.created_at // DAY - 3)
        save_job_setting(connection, job.id, setting, "somebody", ASKED)
        judge(connection, [job.id], ASKED)
        found = expected(connection)[0]
        assert found is not None
        assert found[11:16] == text


# --- zones ---------------------------------------------------------------------------------------------------------------------------


def test_the_zone_of_a_server_follows_what_is_known_best(connection: Connection) -> None:
    server = job_of(connection).server_id
    settle_zone(connection, server, ASKED)
    first = zone_of(connection, server)
    assert (first.source, first.older_rule, first.reason.rule) == (ZoneSource.VERSION, True, ZoneRule.VERSION)
    tell_zone(connection, server, "", "America/New_York", ASKED)
    assert (zone_of(connection, server).name, zone_of(connection, server).source) == ("UTC", ZoneSource.SERVER)
    tell_zone(connection, server, "America/New_York", "Europe/Berlin", ASKED)
    row = fleet.server_by_id(connection, server)
    assert row is not None
    assert (row.zone, row.zone_source) == ("America/New_York", "server")
    set_server_zone(connection, server, "Asia/Tokyo")
    settle_zone(connection, server, ASKED)
    row = fleet.server_by_id(connection, server)
    assert row is not None
    assert (row.zone, row.zone_source) == ("Asia/Tokyo", "set")


def test_another_zone_judges_the_jobs_anew(connection: Connection) -> None:
    job = job_of(connection)
    setting = JobSetting(interval="1D", use_mine=True, time_of_day=20 * 60, first_day=job.created_at // DAY - 3)
    save_job_setting(connection, job.id, setting, "somebody", ASKED)
    tell_zone(connection, job.server_id, "", None, ASKED)
    judge(connection, [job.id], ASKED)
    before = job_of(connection).expected_at
    tell_zone(connection, job.server_id, "Asia/Tokyo", None, ASKED)
    after = job_of(connection).expected_at
    assert before is not None
    assert after is not None
    assert (before - after) % DAY == 9 * HOUR


def test_the_machine_s_own_zone_is_taken_over_once(connection: Connection) -> None:
    set_own_zone(connection, "Europe/Vienna", ASKED)
    assert settle_zone(connection, job_of(connection).server_id, ASKED) is False
    set_own_zone(connection, "Europe/Vienna", ASKED)
    row = fleet.server_by_id(connection, job_of(connection).server_id)
    assert row is not None
    # The clock of the host, an hour ahead in winter, is also that of Vienna.
    assert row.zone == "Europe/Vienna"


def test_an_unreadable_schedule_says_nothing_and_stops_nobody(connection: Connection) -> None:
    job = job_of(connection)
    tell_schedule(connection, job.id, NIGHTLY, None, ASKED)
    connection.raw.execute('UPDATE job SET server_schedule = \'{"time": 0, "repeat": "1d", "days": []}\'')
    judge(connection, [job.id], Instant(ASKED + MINUTE))
    assert expected(connection) == (None, None)
    assert isinstance(NIGHTLY, ServerSchedule)
