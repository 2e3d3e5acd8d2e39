"""Jobs become late and overdue at their moment, by time alone, each change once and with its reason."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.background.due import judge_due
from duplistatus.clock import HOUR, Instant, SetClock
from duplistatus.store.record import record
from duplistatus.store.writer import Writer
from tests.report.samples import backup, encoded, read
from tests.store.telling import arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Database


class Watched:
    """A database with the judgement beside it, at a clock that is moved by hand. It is noon."""

    def __init__(self, database: Database, writer: Writer, clock: SetClock) -> None:
        self.database, self.writer, self.clock = database, writer, clock
        self.noon = clock.now()

    def hear(self, hour: int, next_run: str | None, job: str = "Documents") -> None:
        """A report of a run at that hour of the day, which announces the next, e.g. `15:00`."""
        announced = None if next_run is None else f"20260710T{next_run.replace(':', '')}00Z"
        data: dict[str, object] = {"BeginTime": f"2026-07-10T{hour:02}:00:00Z", "EndTime": f"2026-07-10T{hour:02}:10:00Z"}
        document = backup(data, {"backup-name": job, "backup-id": f"id of {job}", "next-scheduled-run": announced})
        report = read(document)
        at = self.clock.now()
        self.writer.submit(lambda connection: record(connection, arrival(encoded(document), report, at), report)).result()

    def judge(self) -> int:
        return asyncio.run(judge_due(self.database, self.writer, self.clock))

    def judge_at(self, hours: float, milliseconds: int = 0) -> int:
        """Judges so long after noon."""
        self.clock.at = Instant(self.noon + round(hours * HOUR) + milliseconds)
        return self.judge()

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.raw.execute(text).fetchall()]

    def schedules(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT schedule FROM job ORDER BY name")]

    def changes(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT from_value, to_value, at, reason FROM change WHERE fact = 'schedule' ORDER BY id")


@pytest.fixture
def watched(database: Database, clock: SetClock) -> Iterator[Watched]:
    writer = Writer(database)
    writer.start()
    yield Watched(database, writer, clock)
    writer.close()


def test_a_job_is_ok_then_late_then_overdue_each_told_once(watched: Watched) -> None:
    watched.hear(11, "15:00")
    told = []
    for hours, milliseconds in ((1, 0), (3, 0), (3, 1), (4, 0), (5, 0), (5, 1), (9, 0), (999, 0)):
        told.append((watched.judge_at(hours, milliseconds), *watched.schedules()))
    assert told == [(0, "ok"), (0, "ok"), (1, "late"), (0, "late"), (0, "late"), (1, "overdue"), (0, "overdue"), (0, "overdue")]
    expected = {"source": "report", "expected_at": watched.noon + 3 * HOUR, "overdue_at": watched.noon + 5 * HOUR}
    assert [(*row[:3], json.loads(row[3])) for row in watched.changes()[1:]] == [
        ("ok", "late", watched.noon + 3 * HOUR + 1, expected),
        ("late", "overdue", watched.noon + 5 * HOUR + 1, expected),
    ]


def test_after_a_long_pause_a_job_is_overdue_at_once(watched: Watched) -> None:
    """The product did not run while the moment of being late passed."""
    watched.hear(11, "15:00")
    assert watched.judge_at(48) == 1
    assert watched.schedules() == ["overdue"]
    assert [(before, after) for before, after, _, _ in watched.changes()[1:]] == [("ok", "overdue")]


def test_a_report_in_time_keeps_a_job_ok(watched: Watched) -> None:
    watched.hear(11, "15:00")
    watched.clock.at = Instant(watched.noon + 3 * HOUR)
    watched.hear(15, "19:00")
    assert watched.judge_at(6) == 0
    assert watched.schedules() == ["ok"]
    assert watched.judge_at(7, 1) == 1


def test_a_report_mends_an_overdue_job_and_its_next_announcement_counts(watched: Watched) -> None:
    watched.hear(11, "15:00")
    watched.judge_at(6)
    watched.hear(17, "23:00")
    assert watched.schedules() == ["ok"]
    assert watched.judge() == 0
    assert watched.judge_at(11, 1) == 1
    assert [(before, after) for before, after, _, _ in watched.changes()[1:]] == [("ok", "overdue"), ("overdue", "ok"), ("ok", "late")]


def test_a_run_by_hand_moves_nothing(watched: Watched) -> None:
    watched.hear(11, "15:00")
    watched.hear(13, None)
    assert watched.judge_at(5, 1) == 1
    assert watched.schedules() == ["overdue"]


def test_a_job_that_announces_nothing_is_never_judged(watched: Watched) -> None:
    watched.hear(11, None)
    assert watched.judge_at(10_000) == 0
    assert watched.schedules() == ["unscheduled"]
    assert watched.rows("SELECT due_at FROM job") == [(None,)]


def test_only_the_jobs_whose_moment_has_come_change(watched: Watched) -> None:
    watched.hear(11, "15:00", "One")
    watched.hear(11, "16:00", "Two")
    assert watched.judge_at(3.5) == 1
    assert watched.schedules() == ["late", "ok"]
    assert watched.judge_at(4.5) == 1
    assert watched.schedules() == ["late", "late"]
    assert watched.judge_at(20) == 2
    assert watched.schedules() == ["overdue", "overdue"]


def test_nothing_due_writes_nothing(watched: Watched) -> None:
    watched.hear(11, "15:00")
    before = watched.writer.version
    watched.judge_at(2)
    assert watched.writer.version == before


def test_since_when_is_kept(watched: Watched) -> None:
    watched.hear(11, "15:00")
    watched.judge_at(4)
    watched.judge_at(4.5)
    assert watched.rows("SELECT schedule_since FROM job") == [(watched.noon + 4 * HOUR,)]
