"""Reports through the door: what is answered, and what is then stored."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import MINUTE, SECOND
from duplistatus.store.compression import unpack
from tests.report.samples import ABSENT, backup, encoded

if TYPE_CHECKING:
    from tests.ingest.conftest import Door

EXCEPTION = {
    "Data": {"ClassName": "System.IO.IOException", "Message": "The destination is gone", "HResult": -2146233088},
    "Extra": {"OperationName": "Backup", "machine-id": "m1", "machine-name": "fileserver", "backup-name": "Documents", "backup-id": "DB-3"},
    "LogLines": [],
}


def numbered(number: int) -> bytes:
    """The small report, of one run an hour."""
    return encoded(backup({"BeginTime": f"2026-07-09T{number:02}:00:00.0034501Z", "EndTime": f"2026-07-09T{number:02}:00:51.3890558Z"}))


# A report and its repetitions


def test_a_report_is_answered_once_it_is_stored(door: Door) -> None:
    answer = door.post_json(backup())
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert door.rows("SELECT status, begun_at, warnings_count, examined_files, known_file_size FROM run") == [
        ("Success", 1783645200003, 0, 12, 99_000)
    ]
    assert door.rows("SELECT s.key, s.name, j.name, j.run_count FROM job j JOIN server s ON s.id = j.server_id") == [
        ("de061ef940dc4e2d98e397383be75bb8", "fileserver", "Documents", 1)
    ]


def test_the_same_run_a_second_time_is_a_duplicate(door: Door) -> None:
    door.post_json(backup())
    answer = door.post_json(backup())
    assert (answer.status_code, answer.json()) == (409, {"error": "ignored, duplicated data"})
    assert door.value("SELECT count(*) FROM run") == 1
    assert door.value("SELECT run_count FROM job") == 1


def test_of_many_copies_at_once_exactly_one_is_stored(door: Door) -> None:
    body = encoded(backup())
    with ThreadPoolExecutor(16) as senders:
        statuses = [answer.status_code for answer in senders.map(lambda _: door.post(body), range(16))]
    assert sorted(statuses) == [200] + [409] * 15
    assert door.value("SELECT count(*) FROM run") == 1
    assert door.value("SELECT run_count FROM job") == 1
    assert door.value("SELECT runs FROM fleet_day") == 1


def test_different_reports_at_once_are_all_stored(door: Door) -> None:
    bodies = [encoded(backup(extra={"backup-name": f"Job {job}", "backup-id": f"DB-{job}"})) for job in range(8)] * 2
    with ThreadPoolExecutor(16) as senders:
        statuses = [answer.status_code for answer in senders.map(door.post, bodies)]
    assert sorted(statuses) == [200] * 8 + [409] * 8
    assert door.rows("SELECT count(*), sum(run_count) FROM job") == [(8, 8)]
    assert door.value("SELECT count(*) FROM server") == 1


def test_the_text_and_the_json_of_a_run_are_one_run_whichever_comes_first(door: Door) -> None:
    json_document, text = "2.3.0.4/backup-form-and-json-success", "2.3.0.4/form-both-form"
    assert [door.post_recorded(name).status_code for name in (text, json_document, text, json_document)] == [200, 200, 409, 409]
    assert door.rows("SELECT run_count FROM job") == [(1,)]
    assert door.value("SELECT known_file_size FROM run") > 0


def test_the_json_first_and_then_the_text_is_one_run_too(door: Door) -> None:
    json_document, text = "2.3.0.4/backup-form-and-json-success", "2.3.0.4/form-both-form"
    assert [door.post_recorded(name).status_code for name in (json_document, text, json_document, text)] == [200, 200, 409, 409]
    assert door.rows("SELECT run_count FROM job") == [(1,)]
    assert door.value("SELECT known_file_size FROM run") > 0


# Documents without a begin time


def test_an_exception_is_a_fatal_run_at_its_arrival(door: Door) -> None:
    assert door.post_json(EXCEPTION).status_code == 200
    assert door.rows("SELECT status, begun_at, ended_at, known_file_size, reason FROM run") == [
        ("Fatal", door.clock.now(), None, None, "The destination is gone")
    ]


def test_the_same_exception_within_ten_minutes_is_the_same_run(door: Door) -> None:
    door.post_json(EXCEPTION)
    door.clock.advance(10 * MINUTE)
    assert door.post_json(EXCEPTION).status_code == 409
    assert door.value("SELECT count(*) FROM run") == 1


def test_the_same_exception_later_is_another_run(door: Door) -> None:
    door.post_json(EXCEPTION)
    door.clock.advance(11 * MINUTE)
    assert door.post_json(EXCEPTION).status_code == 200
    assert door.value("SELECT run_count FROM job") == 2


def test_the_same_exception_compressed_otherwise_is_the_same_run(door: Door) -> None:
    """Something on the way compresses; the time in the header of gzip differs."""
    body = encoded(EXCEPTION)
    assert door.post(gzip.compress(body, mtime=1), content_encoding="gzip").status_code == 200
    assert door.post(gzip.compress(body, mtime=2), content_encoding="gzip").status_code == 409
    assert door.post(body).status_code == 409


def test_two_different_exceptions_in_one_millisecond_are_two_runs(door: Door) -> None:
    other = EXCEPTION | {"Data": {"ClassName": "System.Exception", "Message": "Something else"}}
    assert door.post_json(EXCEPTION).status_code == 200
    assert door.post_json(other).status_code == 200
    now = door.clock.now()
    assert door.rows("SELECT begun_at, reason FROM run ORDER BY begun_at") == [
        (now, "The destination is gone"),
        (now + 1, "Something else"),
    ]


def test_exceptions_of_two_jobs_are_told_apart(door: Door) -> None:
    other = EXCEPTION | {"Extra": {**EXCEPTION["Extra"], "backup-name": "Photos", "backup-id": "DB-4"}}  # type: ignore[dict-item]
    assert [door.post_json(each).status_code for each in (EXCEPTION, other, EXCEPTION, other)] == [200, 200, 409, 409]


def test_an_exception_without_any_name_of_a_machine_belongs_to_the_address_that_sent_it(door: Door) -> None:
    nameless = EXCEPTION | {"Extra": {"OperationName": "Backup", "backup-name": "Documents"}}
    assert door.post_json(nameless).status_code == 200
    assert door.rows("SELECT key, name FROM server") == [("name:192.0.2.7", "192.0.2.7")]


# What is no run


def test_other_operations_are_activities_of_the_job(door: Door) -> None:
    assert door.post_recorded("2.3.0.4/backup-documents-success").status_code == 200
    for operation in ("restore", "repair", "compact", "list", "vacuum"):
        assert door.post_recorded(f"2.3.0.4/{operation}-documents-success").status_code == 200
        assert door.post_recorded(f"2.3.0.4/{operation}-documents-success").status_code == 200, "no refusal, Duplicati would warn"
    assert [row[0] for row in door.rows("SELECT operation FROM activity ORDER BY operation")] == [
        "Compact",
        "List",
        "Repair",
        "Restore",
        "Vacuum",
    ]
    assert door.rows("SELECT run_count, restored_result FROM job") == [(1, "Success")]


def test_a_dry_run_is_no_backup(door: Door) -> None:
    assert door.post_recorded("2.3.0.4/backup-dry-run-success").status_code == 200
    assert door.rows("SELECT operation, dry_run FROM activity") == [("Backup", 1)]
    assert door.value("SELECT count(*) FROM run") == 0
    assert door.rows("SELECT run_count, last_status FROM job") == [(0, None)]


def live(state: str, reported: str, progress: float = 0.42) -> dict[str, object]:
    metadata = {"machineId": "de061ef940dc4e2d98e397383be75bb8", "machineName": "fileserver", "backupName": "Documents", "backupId": "DB-3"}
    return {
        "status": state,
        "operation": "Backup",
        "startedUtc": "2026-07-10T01:00:00.1Z",
        "reportedUtc": reported,
        "isCompleted": False,
        "progress": {"phase": "Backup_ProcessingFiles", "progress": progress},
        "metadata": metadata,
    }


def test_a_recorded_live_status_shows_the_job_at_work_and_then_at_rest(door: Door) -> None:
    activities = []
    for name in ("status-started", "status-progress", "status-completed"):
        assert door.post_recorded(f"2.3.0.109/{name}").status_code == 200
        activities.append({row[0] for row in door.rows("SELECT activity FROM job WHERE live_state IS NOT NULL")})
    assert activities[0] == {"running"}
    assert door.value("SELECT count(*) FROM run") == 0


def test_the_newest_live_status_counts_however_they_arrive(door: Door) -> None:
    for state, reported, progress in (("Started", "01:00:01Z", 0.0), ("Progress", "01:00:31Z", 0.5), ("Progress", "01:00:21Z", 0.3)):
        assert door.post_json(live(state, f"2026-07-10T{reported}", progress)).status_code == 200
    assert door.rows("SELECT activity, live_state, live_phase, live_progress, run_count FROM job") == [
        ("running", "Progress", "Backup_ProcessingFiles", 0.5, 0)
    ]


def test_the_report_of_a_run_ends_its_live_status(door: Door) -> None:
    door.post_json(live("Progress", "2026-07-10T01:00:30Z"))
    assert door.value("SELECT activity FROM job") == "running"
    assert door.post_json(backup()).status_code == 200
    assert door.rows("SELECT activity, run_count FROM job") == [("idle", 1)]


def test_a_live_status_that_comes_after_the_report_makes_nothing_run_again(door: Door) -> None:
    door.post_json(backup())
    door.post_json(live("Progress", "2026-07-10T01:00:30Z"))
    assert door.value("SELECT activity FROM job") == "idle"
    later = live("Started", "2026-07-11T01:00:01Z") | {"startedUtc": "2026-07-11T01:00:00Z"}
    door.post_json(later)
    assert door.value("SELECT activity FROM job") == "running"


# What is kept


def test_the_newest_three_documents_of_each_job_are_kept(door: Door) -> None:
    bodies = [numbered(number) for number in range(5)]
    other = encoded(backup(extra={"backup-name": "Photos", "backup-id": "DB-4"}))
    for body in (other, *bodies):
        assert door.post(body).status_code == 200
    kept = [
        (name, unpack(packed))
        for name, packed in door.rows("SELECT j.name, body FROM raw_report r JOIN job j ON j.id = r.job_id ORDER BY r.id")
    ]
    assert kept == [("Photos", other), *(("Documents", body) for body in bodies[2:])]


def test_a_document_that_came_compressed_is_kept_as_it_reads(door: Door) -> None:
    body = encoded(backup())
    assert door.post(gzip.compress(body), content_encoding="gzip").status_code == 200
    ((packed, size),) = door.rows("SELECT body, size FROM raw_report")
    assert (unpack(packed), size) == (body, len(body))


def test_a_duplicate_is_not_kept_again(door: Door) -> None:
    for _ in range(3):
        door.post_json(backup())
    assert door.value("SELECT count(*) FROM raw_report") == 1


def test_large_documents_are_read_too(door: Door) -> None:
    """They are read in a thread, so that nobody else waits for it."""
    lines = [f"2026-07-10 03:00:0{number % 10} +02 - [Information-Duplicati-Long]: {'x' * 1000}" for number in range(2_000)]
    assert door.post_json(backup(LogLines=lines)).status_code == 200
    assert door.value("SELECT size FROM raw_report") > 2_000_000


# What is refused


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no body"),
        (b"{", "no valid JSON"),
        (b'{"test":"connection"}', "connection works"),
        (encoded(backup(extra={"backup-name": ABSENT})), "backup-name"),
        (encoded(backup({"BeginTime": ABSENT})), "BeginTime"),
        (b"message=hello", "no report"),
        (gzip.compress(b'{"a":1}', mtime=0)[:-4], "gzip"),
    ],
)
def test_what_is_no_report_is_refused_with_the_reason_and_kept(door: Door, body: bytes, says: str) -> None:
    answer = door.post(body)
    assert answer.status_code == 400
    ((reason, sender, size),) = door.rows("SELECT reason, sender, size FROM rejected_report")
    assert says in json.dumps(answer.json()) + reason
    assert (sender, size) == ("192.0.2.7", len(body))
    for table in ("server", "job", "origin", "run", "activity", "raw_report"):
        assert door.value(f"SELECT count(*) FROM {table}") == 0, table


def test_nothing_of_a_report_that_cannot_be_stored_stays(door: Door) -> None:
    """A defect while its parts are written, as late as possible."""
    door.parts.writer.submit(lambda connection: connection.raw.execute("ALTER TABLE raw_report RENAME TO moved")).result()
    answer = door.post_json(backup())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    for table in ("server", "job", "origin", "run", "day", "fleet_day"):
        assert door.value(f"SELECT count(*) FROM {table}") == 0, table
    door.parts.writer.submit(lambda connection: connection.raw.execute("ALTER TABLE moved RENAME TO raw_report")).result()
    assert door.post_json(backup()).status_code == 200


@pytest.mark.usefixtures("nothing_by_time")
def test_a_database_that_takes_nothing_is_answered_with_a_time_to_come_back(door: Door) -> None:
    forbid = "PRAGMA query_only = 1" if door.parts.database.dialect == "sqlite" else "SET default_transaction_read_only = on"
    door.parts.writer.submit(lambda connection: connection.script(forbid)).result()
    answer = door.post_json(backup())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert door.post_json(backup()).status_code == 200


# How often


def test_more_reports_than_allowed_in_a_minute_are_put_off(door: Door) -> None:
    """600 a minute from one address by default: the limit itself is tested with the throttle."""
    throttle = door.client.app.state.upload_throttle  # type: ignore[attr-defined]
    for _ in range(600):
        assert throttle.report("192.0.2.7") is None
    door.clock.advance(20 * SECOND)
    answer = door.post_json(backup())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
    door.clock.advance(40 * SECOND)
    assert door.post_json(backup()).status_code == 200


def test_more_refused_documents_than_allowed_are_neither_kept_nor_read_out(door: Door) -> None:
    for number in range(60):
        assert door.post(b'{"number": %d}' % number).status_code == 400
    answer = door.post(b'{"one": "more"}')
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert door.value("SELECT count(*) FROM rejected_report") == 60
    assert door.post_json(backup()).status_code == 200, "good reports still come through"


# How it is asked


def test_either_spelling_of_the_path_takes_reports(door: Door) -> None:
    for number, path in enumerate(("/api/upload", "/api/upload/", "/api/upload?key=1", "/api/upload/?key=1")):
        assert door.client.post(path, content=numbered(number)).status_code == 200
    assert door.value("SELECT run_count FROM job") == 4


ELSEWHERE = ("/api/upload//", "//api/upload", "/API/UPLOAD", "/api/upload/x", "/upload", "/api")


def test_no_method_and_no_spelling_is_ever_redirected(door: Door) -> None:
    """Duplicati follows a redirect with GET and takes the report for delivered."""
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in ("/api/upload", "/api/upload/", *ELSEWHERE):
            answer = door.client.request(method, "http://testserver" + path)
            assert (answer.status_code in {404, 405}, answer.headers.get("location")) == (True, None), (method, path)


def test_no_post_elsewhere_is_taken_for_delivered(door: Door) -> None:
    for path in (*ELSEWHERE, "/login", "/"):
        answer = door.client.post("http://testserver" + path, content=encoded(backup()))
        assert (answer.status_code >= 400, answer.headers.get("location")) == (True, None), path
