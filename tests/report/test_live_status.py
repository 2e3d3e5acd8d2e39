"""Live-status documents."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from duplistatus.clock import iso
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Host, Origin
from tests.report.samples import backup, read, read_status

PROGRESS: dict[str, Any] = {
    "operation": "Backup",
    "status": "Progress",
    "startedUtc": "2026-07-10T01:00:00.0034501Z",
    "reportedUtc": "2026-07-10T01:00:30.1Z",
    "isCompleted": False,
    "progress": {
        "phase": "Backup_ProcessingFiles",
        "progress": 0.42,
        "filesProcessed": 6400,
        "fileSizeProcessed": 4_600_000_000,
        "fileCount": 15399,
        "fileSize": 11_086_692_615,
        "countingFiles": False,
        "currentFilename": "/source/Übersicht.xlsx",
    },
    "recentLogLines": [],
    "metadata": {
        "duplicatiVersion": "2.3.1.0",
        "machineId": "de061ef9",
        "backupId": "DB-3",
        "backupName": "Documents",
        "machineName": "fileserver",
        "destinationType": "s3",
        "installationType": "linux-x64-cli.docker",
        "operatingSystem": "Linux",
    },
}


def changed(**changes: object) -> dict[str, Any]:
    """The document with changes; those of `progress` and `metadata` are changes inside them."""
    document = deepcopy(PROGRESS)
    for key, value in changes.items():
        document[key] = document[key] | value if isinstance(value, dict) else value
    return document


def test_a_status_document_tells_how_far_the_operation_is() -> None:
    status = read_status(PROGRESS)
    assert (status.operation, status.state, status.phase, status.progress) == ("Backup", "Progress", "Backup_ProcessingFiles", 0.42)
    assert status.started_at is not None
    assert status.reported_at is not None
    assert (iso(status.started_at), iso(status.reported_at)) == ("2026-07-10T01:00:00.003Z", "2026-07-10T01:00:30.100Z")
    assert (status.files_processed, status.files_total) == (6400, 15399)
    assert (status.bytes_processed, status.bytes_total) == (4_600_000_000, 11_086_692_615)
    assert status.origin == Origin("de061ef9", "fileserver", "Documents", "DB-3")
    assert status.host == Host("2.3.1.0", "Linux", None, "linux-x64-cli.docker", "s3", None, None)
    assert status.error is None


def test_a_failed_operation_says_why() -> None:
    status = read_status(changed(status="Failed", errorMessage="No such folder"))
    assert (status.state, status.error) == ("Failed", "No such folder")


def test_keys_that_are_left_out_are_unknown() -> None:
    metadata = {"backupName": "Documents"}
    status = read_status({"operation": "Backup", "status": "Started", "metadata": metadata})
    assert (status.started_at, status.reported_at, status.phase, status.progress) == (None, None, None, None)
    assert (status.files_processed, status.files_total, status.bytes_total) == (None, None, None)
    assert (status.origin, status.host) == (Origin(None, None, "Documents", None), Host())


def test_nothing_of_nothing_is_not_a_figure_but_nothing_of_something_is() -> None:
    none = read_status(changed(progress={"filesProcessed": 0, "fileCount": 0, "fileSizeProcessed": 0, "fileSize": 0}))
    assert (none.files_processed, none.files_total, none.bytes_processed, none.bytes_total) == (None, None, None, None)
    some = read_status(changed(progress={"filesProcessed": 0, "fileCount": 7}))
    assert (some.files_processed, some.files_total) == (0, 7)


@pytest.mark.parametrize(("value", "share"), [(0, 0.0), (1, 1.0), (1.5, 1.0), (-1, 0.0), ("0.5", None), (True, None), (None, None)])
def test_progress_is_a_share(value: object, share: float | None) -> None:
    assert read_status(changed(progress={"progress": value})).progress == share


def test_a_report_that_looks_like_a_status_is_a_report() -> None:
    assert read(backup(status="Progress", metadata={})).operation == "Backup"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"metadata": {"backupName": ""}}, "missing_fields"),
        ({"metadata": {"backupName": None}}, "missing_fields"),
        ({"metadata": {"backupName": {"x": 1}}}, "bad_value"),
        ({"operation": None}, "missing_fields"),
        ({"status": ""}, "missing_fields"),
        ({"status": 5, "operation": [1]}, "bad_value"),
        ({"startedUtc": "soon"}, "bad_value"),
        ({"reportedUtc": 5}, "bad_value"),
        ({"progress": {"fileCount": "many"}}, "bad_value"),
    ],
)
def test_a_status_document_that_cannot_be_read_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(NotAReport) as refused:
        read_status(changed(**changes))
    assert refused.value.code == code


def test_without_metadata_it_is_no_status_document() -> None:
    with pytest.raises(NotAReport) as refused:
        read_status({"operation": "Backup", "status": "Progress"})
    assert refused.value.code == "no_report"
