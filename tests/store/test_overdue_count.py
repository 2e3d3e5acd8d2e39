"""The number of overdue jobs that other programs ask for is counted in SQL; it is the number that the rule itself gives."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from duplistatus.clock import HOUR, Instant
from duplistatus.evaluate.overdue import Schedule, schedule_of
from duplistatus.store import fleet

if TYPE_CHECKING:
    from duplistatus.store.database import Database

NOW = Instant(1_795_262_400_000)
MOMENTS = (None, NOW - HOUR, NOW - 1, NOW, NOW + 1)


def test_the_number_of_overdue_jobs_is_that_of_the_rule(database: Database) -> None:
    connection = database.connect()
    try:
        connection.raw.execute("INSERT INTO server (id, key, has_machine_id, name, created_at) VALUES (1, 'id-alpha', 1, 'alpha', 0)")
        cases = product(("ok", "overdue", "off"), ("idle", "running", "stuck"), MOMENTS, MOMENTS)
        for number, (schedule, activity, overdue, stuck) in enumerate(cases, 1):
            values = ", ".join("NULL" if each is None else str(each) for each in (overdue, overdue, stuck))
            connection.raw.execute(
                "INSERT INTO job (id, server_id, name, created_at, schedule, activity, expected_at, overdue_at, stuck_at) "
                f"VALUES ({number}, 1, 'job {number}', 0, '{schedule}', '{activity}', {values})"
            )
        by_rule = sum(schedule_of(job, NOW) is Schedule.OVERDUE for job in fleet.jobs(connection))
        assert by_rule > 20
        assert fleet.overdue_count(connection, NOW) == by_rule
    finally:
        connection.close()
