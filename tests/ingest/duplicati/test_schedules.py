"""What a server tells of its schedules and its zone is what its jobs are expected by, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, Instant, iso
from duplistatus.ingest.duplicati.collecting import Wanted
from duplistatus.ingest.duplicati.schedules import schedule_of
from duplistatus.report.server_answers import read_jobs
from duplistatus.store.deletion import delete_job
from duplistatus.store.facts import apply_due
from tests.ingest.duplicati.recorded import VERSIONS, answered
from tests.ingest.duplicati.stand_in import Duplicati, error
from tests.ingest.duplicati.test_collecting import at, of_backup, only
from tests.store.telling import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingest.duplicati.collector import Collector

MACHINE = "0123456789abcdef0123456789abcdef"
WEEKDAYS = frozenset({1, 2, 3, 4, 5})


@pytest.fixture
def server() -> Iterator[Duplicati]:
    """Two jobs that ran an hour ago: every six hours, and Monday to Friday. Noon is one of a Saturday."""
    with Duplicati("2.3.0.109") as made:
        only(made, "34", "35").name_it(MACHINE, "vault")
        for job in ("34", "35"):
            made.logs[job] = [at(of_backup(), Instant(NOON - HOUR))]
        yield made


def facts(collector: Collector) -> dict[str, tuple[Any, ...]]:
    rows = collector.rows("SELECT name, schedule, due_source, expected_at FROM job")
    return {name: (schedule, source, iso(Instant(expected)) if expected else None) for name, schedule, source, expected in rows}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_schedule_is_understood(version: str) -> None:
    found = {job.name: schedule_of(job, NOON) for job in read_jobs(answered(version, "backups"))}
    told = {name: (each.interval.text, len(each.days)) for name, each in found.items() if each is not None}
    assert told == {
        "Documents": ("1D", 7),
        "Daily": ("1D", 7),
        "Weekdays at night": ("1D", 5),
        "Every 6 hours": ("6h", 7),
        "Monthly": ("1M", 7),
        "Every 15 min": ("15m", 7),
    }
    weekdays = found["Weekdays at night"]
    assert weekdays is not None
    assert weekdays.days == WEEKDAYS


@pytest.mark.parametrize(
    "schedule",
    [
        {"Repeat": "", "Time": "2026-11-22T08:00:00Z"},
        {"Repeat": "1D", "Time": "0001-01-01T00:00:00"},
        {"Repeat": "often", "Time": "2026-11-22T08:00:00Z"},
    ],
)
def test_what_is_no_schedule_is_none(schedule: dict[str, str]) -> None:
    (job,) = read_jobs([{"Backup": {"ID": "1", "Name": "x"}, "Schedule": schedule}])
    assert schedule_of(job, NOON) is None


def test_the_proposed_run_goes_before_the_time_of_the_schedule(collector: Collector, server: Duplicati) -> None:
    # Its time lies on a Saturday, which is not allowed; what the server proposes is the Monday.
    server.proposed = {"34": "2026-11-23T07:50:22Z", "35": "2026-11-21T13:50:22Z"}
    collector.collect(server)
    assert facts(collector) == {
        "Weekdays at night": ("ok", "proposed", "2026-11-23T07:50:22.000Z"),
        "Every 6 hours": ("ok", "proposed", "2026-11-21T13:50:22.000Z"),
    }


def test_without_a_proposal_the_schedule_itself_tells(collector: Collector, server: Duplicati) -> None:
    server.proposed = {}
    collector.collect(server)
    assert facts(collector)["Weekdays at night"] == ("ok", "server", "2026-11-23T07:50:22.000Z")


def test_a_schedule_that_is_taken_away_is_expected_no_more(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    for job in server.jobs:
        job["Schedule"] = None
    collector.collect(server, done.server_id)
    assert set(facts(collector).values()) == {("unscheduled", None, None)}


def test_a_run_that_does_not_come_is_overdue_by_what_the_server_told(collector: Collector, server: Duplicati) -> None:
    server.proposed = {"34": "2026-11-23T07:50:22Z", "35": "2026-11-21T13:50:22Z"}
    collector.collect(server)
    collector.clock.at = Instant(NOON + DAY)
    collector.write(lambda connection: apply_due(connection, collector.clock.now()))
    assert {name: each[0] for name, each in facts(collector).items()} == {"Weekdays at night": "ok", "Every 6 hours": "overdue"}
    # It had run all the same: only its report was lost.
    server.logs["35"] = [at(of_backup(), Instant(NOON + 2 * HOUR), number=99), *server.logs["35"]]
    server.proposed["35"] = "2026-11-22T13:50:22Z"
    collector.collect(server)
    assert facts(collector)["Every 6 hours"][0] == "ok"


def test_schedules_alone_ask_for_no_log_of_a_server_that_is_known(collector: Collector, server: Duplicati) -> None:
    done = collector.collect(server)
    server.received.clear()
    server.proposed = {"35": "2026-11-21T19:50:22Z"}
    taken = collector.collect(server, done.server_id, Wanted(schedules_only=True))
    assert (taken.found, taken.known, taken.errors) == (2, 0, 0)
    assert not [each for each in server.received if each.path.endswith("/log")]
    assert facts(collector)["Every 6 hours"] == ("ok", "proposed", "2026-11-21T19:50:22.000Z")


@pytest.mark.parametrize(
    ("version", "setting", "zone"),
    [("2.3.0.109", "Europe/Oslo", ("Europe/Oslo", "server")), ("2.3.0.109", "", ("UTC", "server")), ("2.1.0.5", None, None)],
)
def test_the_zone_is_the_one_of_the_setting_and_utc_where_it_is_empty(
    collector: Collector, version: str, setting: str | None, zone: tuple[str, str] | None
) -> None:
    with Duplicati(version) as server:
        only(server, "1")
        if setting is None:
            server.settings.pop("server-timezone", None)
        else:
            server.settings["server-timezone"] = setting
        collector.collect(server)
    ((told, host, name, source),) = collector.rows("SELECT zone_told, host_zone, zone, zone_source FROM server")
    assert told == setting
    if zone is not None:
        assert (name, source) == zone
        assert host == "Europe/Berlin"


def test_settings_that_cannot_be_read_change_no_zone(collector: Collector, server: Duplicati) -> None:
    server.settings["server-timezone"] = "Europe/Oslo"
    collector.collect(server)
    server.instead["/api/v1/serversettings"] = error(500, "An error occurred")
    server.instead["/api/v1/serverstate"] = error(500, "An error occurred")
    collector.collect(server)
    assert collector.rows("SELECT zone_told, zone FROM server") == [("Europe/Oslo", "Europe/Oslo")]


def test_jobs_of_the_api_are_listed_with_those_here_and_without(collector: Collector, server: Duplicati) -> None:
    server.jobs += [{"Backup": {"ID": "80", "Name": "Never ran", "Metadata": {}}, "Schedule": None}]
    done = collector.collect(server)
    listed = "SELECT a.api_id, a.name, j.name FROM api_job a LEFT JOIN job j ON j.id = a.job_id ORDER BY a.api_id"
    assert collector.rows(listed) == [
        ("34", "Weekdays at night", "Weekdays at night"),
        ("35", "Every 6 hours", "Every 6 hours"),
        ("80", "Never ran", None),
    ]
    # A job that is gone there keeps its history here.
    only(server, "35", "80")
    collector.collect(server, done.server_id)
    assert [row[0] for row in collector.rows(listed)] == ["35", "80"]
    assert len(collector.state()["jobs"]) == 2


def test_a_job_that_is_removed_here_is_listed_still(collector: Collector, server: Duplicati) -> None:
    collector.collect(server)
    collector.write(lambda connection: delete_job(connection, MACHINE, "Every 6 hours", NOON))
    assert collector.rows("SELECT api_id, job_id FROM api_job WHERE api_id = '35'") == [("35", None)]
