"""What `duplistatus read` prints."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode

import pytest

from duplistatus.report.reading import read_file
from duplistatus.report.recording import unwrap
from duplistatus.report.rejection import NotAReport
from duplistatus.report.rendering import as_read
from tests.report.samples import DATA, LIMIT, RECORDED, backup, encoded, read, read_status

TAG = "2026-07-10 03:00:44 +02 - [Information-DeleteHandler:RetentionPolicy"
LINES = [
    f"{TAG}-BackupList]: Backups to consider: 07/09/2026 03:00:02, 06/30/2026 03:00:01",
    f"{TAG}-AllBackupsToDelete]: All backups to delete: ",
]


def test_a_report_is_rendered_in_full() -> None:
    document = backup(extra={"next-scheduled-run": "20260711T010000Z"}, LogLines=LINES)
    rendered = as_read(read(document))
    assert rendered == {
        "operation": "Backup",
        "status": "Success",
        "server": {"machine_id": "de061ef940dc4e2d98e397383be75bb8", "name": "fileserver"},
        "job": {"id": "DB-3", "name": "Documents"},
        "begun_at": "2026-07-10T01:00:00.003Z",
        "ended_at": "2026-07-10T01:00:51.389Z",
        "duration_seconds": 51.3856057,
        "next_run": "2026-07-11T01:00:00.000Z",
        "versions": {"count": 3, "at": ["2026-07-10T01:00:01.000Z", "2026-07-09T01:00:02.000Z", "2026-06-30T01:00:01.000Z"]},
    }
    assert list(rendered) == ["operation", "status", "server", "job", "begun_at", "ended_at", "duration_seconds", "next_run", "versions"]


def test_what_is_unknown_is_null() -> None:
    rendered = as_read(read(backup(Data={"MainOperation": "Vacuum"}, Extra={"backup-name": "Documents"})))
    assert rendered["server"] == {"machine_id": None, "name": None}
    assert rendered["versions"] == {"count": None, "at": None}
    assert (rendered["begun_at"], rendered["ended_at"], rendered["duration_seconds"], rendered["next_run"]) == (None, None, None, None)


def test_without_retention_lines_the_newest_version_alone_is_no_list() -> None:
    assert as_read(read(backup()))["versions"] == {"count": 3, "at": None}


def test_a_status_document_renders_with_the_same_keys() -> None:
    document = {"operation": "Backup", "status": "Started", "startedUtc": "2026-07-10T01:00:00Z", "metadata": {"backupName": "Documents"}}
    rendered = as_read(read_status(document))
    assert list(rendered) == list(as_read(read(backup())))
    assert (rendered["operation"], rendered["status"], rendered["begun_at"]) == ("Backup", "Started", "2026-07-10T01:00:00.000Z")
    assert rendered["versions"] == {"count": None, "at": None}


def test_a_recorded_request_is_read_by_its_body_and_headers() -> None:
    content = (DATA / "reports" / "2.3.0.109" / "form-form.json").read_bytes()
    assert as_read(read_file(content, LIMIT))["job"] == {"id": "DB-15", "name": "Form"}
    record = {"method": "POST", "headers": {"Content-Type": "text/plain", "Content-Encoding": "br"}, "body": backup()}
    with pytest.raises(NotAReport, match="br is not supported"):
        read_file(json.dumps(record).encode(), LIMIT)


def test_a_file_that_is_a_body_is_read_as_it_is() -> None:
    assert read_file(encoded(backup()), LIMIT) == read(backup()) == read_file(gzip.compress(encoded(backup())), LIMIT)


@pytest.mark.parametrize("headers", [[["Content-Type", "a/b"], ["X", 1], "x", []], {"CONTENT-TYPE": "a/b", "X": 1}])
def test_headers_of_a_recording_may_be_pairs_or_an_object(headers: object) -> None:
    recording = unwrap(json.dumps({"method": "POST", "headers": headers, "body": "x", "path": "/"}).encode())
    assert (recording.body, recording.content_type, recording.content_encoding) == (b"x", "a/b", None)


@pytest.mark.parametrize("content", [b"", b"text", b"[]", b'{"method": "POST", "body": ""}', b64encode(b"x")])
def test_other_files_are_no_recordings(content: bytes) -> None:
    assert unwrap(content).body == content


def test_every_recording_renders_as_json() -> None:
    assert len(RECORDED) > 250
    for path in RECORDED:
        rendered = as_read(read_file(path.read_bytes(), LIMIT))
        assert json.loads(json.dumps(rendered)) == rendered
