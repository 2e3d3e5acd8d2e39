"""Lists of runs, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from duplistatus.clock import Instant
from duplistatus.store import fleet
from duplistatus.store.history import START, RunLine, last_lines, lines_of_server, newest_begin
from tests.store.telling import recordings, tell_all

if TYPE_CHECKING:
    from duplistatus.store.database import Connection, Database
    from duplistatus.store.ids import ServerId


def pages(connection: Connection, server_id: ServerId, size: int) -> list[RunLine]:
    found, after = lines_of_server(connection, server_id, size)
    before = START
    while after is not None:
        assert after < before, "each page goes on"
        before = after
        more, after = lines_of_server(connection, server_id, size, after)
        found += more
    return found


def test_pages_of_any_size_hold_the_same_runs_in_the_same_order(database: Database) -> None:
    tell_all(database, [*recordings("2.3.0.109-languages"), *recordings("2.3.0.4")])
    with database.read() as connection:
        for server in fleet.servers(connection):
            whole, rest = lines_of_server(connection, server.id, 1_000)
            assert rest is None
            assert len(whole) == sum(job.run_count for job in fleet.jobs_of(connection, server.id))
            assert whole == sorted(whole, key=lambda line: (line.begun_at, line.id), reverse=True)
            for size in (1, 2, 3, len(whole)):
                assert pages(connection, server.id, size) == whole


def test_the_last_lines_of_a_server_are_one_a_job_with_its_log(database: Database) -> None:
    tell_all(database, recordings("2.3.0.4"))
    logs: list[bytes | None] = []
    with database.read() as connection:
        for server in fleet.servers(connection):
            jobs = {job.name: job.last_uid for job in fleet.jobs_of(connection, server.id) if job.last_uid}
            lines = last_lines(connection, server.id)
            assert {line.job_name: line.uid for line, _ in lines} == jobs
            assert [line.begun_at for line, _ in lines] == sorted((line.begun_at for line, _ in lines), reverse=True)
            logs += [log for _, log in lines]
    assert None in logs
    assert any(log is not None and log.startswith(b'{"lines"') for log in logs)


def test_the_newest_begin_is_looked_for_up_to_a_moment(database: Database) -> None:
    with database.read() as connection:
        assert newest_begin(connection, Instant(2**60)) is None
    tell_all(database, recordings("2.3.0.4"))
    with database.read() as connection:
        newest = newest_begin(connection, Instant(2**60))
        assert newest == max(job.last_begun_at or 0 for job in fleet.jobs(connection))
        before = newest_begin(connection, Instant(newest - 1))
        assert before is not None
        assert before < newest
