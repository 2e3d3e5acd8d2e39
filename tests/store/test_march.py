"""A month of ten servers over two changes of the clock, recorded. At every hour of it the verdict of each job must be what follows from the
next run that its server itself proposed: the truth that Duplicati knows and a dashboard has to find out."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, MINUTE, SECOND, Instant, instant, iso
from duplistatus.evaluate.expectation import expect
from duplistatus.evaluate.overdue import Schedule, schedule_now, schedule_of
from duplistatus.report.report import Report
from duplistatus.store import fleet
from duplistatus.store.schedules import knowledge_at
from tests.store.telling import Recording, recordings, tell, tell_all

if TYPE_CHECKING:
    from duplistatus.store.database import Connection, Database

STATES = Path(__file__).parent.parent / "data" / "duplicati" / "serverstate"
HOSTS = ("bangkok", "buero", "docker", "helsinki", "mumbai", "nas-oslo", "office-pc", "seoul", "tokyo")
JOBS = {"Smart": "1", "Keep all of a month": "2"}
DAYS = (6, 7, 9, 12, 13, 28, 30)
TOLERANCE = 2 * HOUR


def moment(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


FIRST, LAST = moment("2026-03-06T00:00:00+00:00"), moment("2026-04-01T00:00:00+00:00")


def proposed(host: str, start: int, job: str) -> Instant:
    """The next run that the server proposed after its start of that number."""
    answer = json.loads((STATES / f"{host}-{start}-serverstate.json").read_text(encoding="utf-8"))["response"]["body"]
    answer = json.loads(answer) if isinstance(answer, str) else answer
    return moment(next(each["Item2"] for each in answer["ProposedSchedule"] if each["Item1"] == JOBS[job]))


def story_of(host: str) -> list[tuple[Instant, Recording]]:
    """The reports of a host with the end of their runs, at which they arrived."""
    told = [
        each for each in recordings("2.3.0.109-languages") if isinstance(each.parsed, Report) and each.parsed.origin.machine_name == host
    ]
    return sorted(
        ((Instant(each.parsed.ended_at or each.begun), each) for each in told if isinstance(each.parsed, Report)), key=lambda each: each[0]
    )


def truth_of(host: str, story: list[tuple[Instant, Recording]], job: str) -> list[tuple[Instant, Instant]]:
    """(from when on, next run) by what the server proposed after each start at which the job ran; a start without a run changed nothing.
    Servers were started once on each of the days, by their own clock."""
    found = []
    for at, each in story:
        assert isinstance(each.parsed, Report)
        if each.parsed.origin.job_name == job:
            ahead = each.parsed.last_version.offset_minutes if each.parsed.last_version is not None else 0
            local = datetime.fromtimestamp((at + ahead * MINUTE) / SECOND, UTC)
            found.append((at, proposed(host, DAYS.index(local.day), job)))
    return found


def is_overdue(truth: list[tuple[Instant, Instant]], hour: Instant) -> bool | None:
    """None before the first report: nobody knows of the job."""
    known = [next_run for at, next_run in truth if at <= hour]
    return hour > known[-1] + TOLERANCE if known else None


@pytest.mark.parametrize("host", HOSTS)
def test_the_verdict_of_every_hour_is_that_of_the_server_itself(database: Database, host: str) -> None:
    story = story_of(host)
    truth = {job: truth_of(host, story, job) for job in JOBS}
    waiting, verdicts = list(story), Counter[bool]()
    connection = database.connect()
    try:
        for hour in map(Instant, range(FIRST, LAST, HOUR)):
            while waiting and waiting[0][0] <= hour:
                at, each = waiting.pop(0)
                tell(connection, each, at)
            for job in fleet.jobs(connection):
                expected = is_overdue(truth[job.name], hour)
                assert expected is not None
                verdict = schedule_of(job, hour) is Schedule.OVERDUE
                assert verdict is expected, f"{host} {job.name} at {iso(hour)}"
                verdicts[verdict] += 1
    finally:
        connection.close()
    # The servers were off for days, so both verdicts were right at times.
    assert verdicts[True] > 100
    assert verdicts[False] > 100


@pytest.mark.parametrize("host", HOSTS)
def test_asked_afterwards_each_hour_has_the_same_verdict(database: Database, host: str) -> None:
    story = story_of(host)
    tell_all(database, [each for _, each in story], LAST)
    with database.read() as connection:
        for job in fleet.jobs(connection):
            truth = truth_of(host, story, job.name)
            for hour in map(Instant, range(FIRST, LAST, HOUR)):
                assert _verdict(connection, job, hour) is is_overdue(truth, hour), f"{host} {job.name} at {iso(hour)}"


def _verdict(connection: Connection, job: fleet.JobRow, hour: Instant) -> bool | None:
    known, runs = knowledge_at(connection, job.id, hour)
    if not runs:
        return None
    found = expect(known)
    assert found is not None
    return schedule_now(found.at, Instant(found.at + TOLERANCE), hour) is Schedule.OVERDUE
