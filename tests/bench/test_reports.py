from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.filling import fill, places
from bench.measuring import Uploads
from bench.reports import CONTENT_TYPE, Place, document, report
from bench.sizes import Size
from duplistatus.clock import DAY, Instant
from duplistatus.report.reading import read_body
from duplistatus.report.report import Report, Status
from duplistatus.store import fleet
from duplistatus.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

NOW = Instant(1_795_255_200_000)


def every_kind() -> list[Place]:
    """Runs of every result, with and without a version removed."""
    found = [Place(server, 1, number, 59, NOW) for server in range(150) for number in (0, 20, 21, 59, 60, 90)]
    assert {(place.status, place.removed is None) for place in found} == {
        (status, kept) for status in Status if status is not Status.UNKNOWN for kept in (True, False)
    }
    return found


def test_the_value_that_fills_a_database_is_what_parsing_the_document_yields() -> None:
    for place in every_kind():
        parsed = read_body(document(place, long=False), CONTENT_TYPE, None, 2**20)
        assert parsed == report(place)


def test_documents_to_upload_weigh_40_kb_and_are_distinct() -> None:
    bodies = Uploads(Size("x", 3, 2, 5), NOW).bodies(50)
    assert len(set(bodies)) == 50
    assert all(38_000 < len(body) < 42_000 for body in bodies)


def test_uploads_go_on_where_the_history_of_each_job_ends() -> None:
    size = Size("x", 2, 2, 5)
    newest = {(place.server_name, place.job_name): place.begun_at for place in places(size, NOW)}
    for body in Uploads(size, NOW).bodies(12):
        parsed = read_body(body, CONTENT_TYPE, None, 2**20)
        assert isinstance(parsed, Report)
        assert parsed.begun_at is not None
        key = (parsed.origin.machine_name or "", parsed.origin.job_name)
        assert newest[key] < parsed.begun_at < NOW
        newest[key] = parsed.begun_at


def test_a_run_removes_a_version_that_an_earlier_one_made() -> None:
    for number in (21, 40, 59, 60, 75, 100):
        place = Place(3, 0, number, 59, NOW)
        assert place.removed == replace(place, number=number - 21).version


def test_a_filled_database_holds_the_fleet(tmp_path: Path) -> None:
    size = Size("x", 4, 3, 25)
    fill(size, tmp_path, NOW)
    database = Database(tmp_path / "duplistatus.db")
    with database.read() as connection:
        totals = fleet.totals(connection)
        jobs = fleet.jobs(connection)
    database.close()
    assert (totals.servers, totals.jobs, totals.runs) == (4, 12, 300)
    for job in jobs:
        assert job.run_count == 25
        assert job.versions_count == 21
        assert job.last_begun_at is not None
        assert NOW - 3 * DAY - DAY < job.last_begun_at < NOW
