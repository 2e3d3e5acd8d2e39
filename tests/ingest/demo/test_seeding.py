from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, Instant, SetClock
from duplistatus.ingest.demo.machines import MACHINES
from duplistatus.ingest.demo.seeding import Feed, seed
from duplistatus.store import fleet
from duplistatus.store.database import Database
from duplistatus.store.fleet import JobRow
from duplistatus.store.runs import newest_runs
from duplistatus.store.schema import migrate
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A Saturday in November, 2026, 10:00 UTC.
NOW = Instant(1_795_255_200_000)
SIX_WEEKS = 42 / 365


class Seeded:
    """A database with six weeks of the story."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "duplistatus.db")
        migrate(self.database)
        self.writer = Writer(self.database)
        self.writer.start()
        self.feed = seed(self.writer, SetClock(NOW), years=SIX_WEEKS)

    def close(self) -> None:
        self.writer.close()
        self.database.close()

    def jobs(self) -> dict[tuple[str, str], JobRow]:
        with self.database.read() as connection:
            names = {server.id: server.name for server in fleet.servers(connection)}
            return {(names[job.server_id], job.name): job for job in fleet.jobs(connection)}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """For tests that look."""
    made = Seeded(tmp_path_factory.mktemp("seeded"))
    yield made
    made.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Seeded]:
    """For tests that go on."""
    made = Seeded(tmp_path)
    yield made
    made.close()


def test_the_demo_shows_every_server_and_job(seeded: Seeded) -> None:
    assert set(seeded.jobs()) == {(machine.name, job.name) for machine in MACHINES for job in machine.jobs}


def test_a_machine_that_fell_silent_is_overdue_because_its_announced_run_did_not_come(seeded: Seeded) -> None:
    jobs = seeded.jobs()
    overdue = {key for key, job in jobs.items() if job.schedule == "overdue"}
    assert overdue == {("anna-laptop", "Home folder")}
    laptop = jobs["anna-laptop", "Home folder"]
    assert laptop.next_run is not None
    assert laptop.next_run < NOW - 4 * DAY
    # It became overdue some hours after that run was due, not when the demo was started.
    assert laptop.schedule_since is not None
    assert 0 < laptop.schedule_since - laptop.next_run < 3 * HOUR


def test_a_job_started_by_hand_is_unscheduled_and_one_that_announces_nothing_is_known_by_its_rhythm(seeded: Seeded) -> None:
    jobs = seeded.jobs()
    assert {key for key, job in jobs.items() if job.schedule == "unscheduled"} == {("fileserver", "Archiv")}
    assert {key for key, job in jobs.items() if job.due_source == "learned"} == {("loja-sp", "Vendas"), ("loja-sp", "Notas fiscais")}


def test_a_job_without_a_success_in_its_newest_slots_is_failing(seeded: Seeded) -> None:
    jobs = seeded.jobs()
    assert {key for key, job in jobs.items() if job.outcome == "failing"} == {("homelab", "Container volumes")}
    container = jobs["homelab", "Container volumes"]
    assert container.last_status == "Fatal"
    assert "missing from the remote storage" in container.last_reason
    # What the failing runs did not find out is still known from before.
    assert container.source_size
    assert container.files


def test_warnings_come_with_their_reason(seeded: Seeded) -> None:
    paperless = seeded.jobs()["homelab", "Paperless"]
    assert paperless.last_status == "Warning"
    assert paperless.last_warnings == 3
    footage = seeded.jobs()["tokyo-studio", "Footage"]
    assert "quota" in footage.last_reason


def test_restores_and_verifications_are_remembered(seeded: Seeded) -> None:
    jobs = seeded.jobs().values()
    assert any(job.verified_result == "Success" for job in jobs)


def test_the_reports_could_have_come_by_upload(fresh: Seeded) -> None:
    """A second telling of the same story changes nothing: every document is recognised."""
    before = fresh.jobs()
    again = Feed(NOW, years=SIX_WEEKS)
    assert again.deliver(fresh.writer, NOW) > 500
    after = fresh.jobs()
    assert {key: job.run_count for key, job in after.items()} == {key: job.run_count for key, job in before.items()}
    with fresh.database.read() as connection:
        for job in after.values():
            times = [run.begun_at for run in newest_runs(connection, job.id, 1000)]
            assert len(times) == len(set(times)) == job.run_count


def test_reports_go_on_as_time_passes(fresh: Seeded) -> None:
    before = fresh.jobs()
    assert fresh.feed.deliver(fresh.writer, NOW) == 0
    assert fresh.feed.next_at is not None
    assert fresh.feed.next_at > NOW
    delivered = fresh.feed.deliver(fresh.writer, Instant(NOW + 2 * DAY))
    after = fresh.jobs()
    assert delivered >= sum(job.run_count for job in after.values()) - sum(job.run_count for job in before.values()) > 20
    assert {key for key, job in after.items() if job.schedule == "overdue"} == {("anna-laptop", "Home folder")}


def test_a_renamed_job_keeps_its_history_under_its_new_name(tmp_path: Path) -> None:
    """The story of two years, of which only the machine with the renamed job is told."""
    made = Database(tmp_path / "duplistatus.db")
    migrate(made)
    writer = Writer(made)
    writer.start()
    machine = next(machine for machine in MACHINES if machine.name == "nas-oslo")
    Feed(NOW, years=1.1, machines=(machine,)).deliver(writer, NOW)
    with made.read() as connection:
        jobs = {job.name: job for job in fleet.jobs(connection)}
        assert set(jobs) == {"Photos", "Documents", "Home videos"}
        assert jobs["Photos"].run_count > 395
    writer.close()
    made.close()
