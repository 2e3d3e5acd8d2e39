"""Documents for the tests of `report`: recorded and modelled requests from files, and a small report to change."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from duplistatus.report.reading import read_body
from duplistatus.report.report import LiveStatus, Report

DATA = Path(__file__).parent.parent / "data" / "duplicati"
RECORDED = sorted((DATA / "reports").glob("*/*.json"))
MODELLED = sorted((DATA / "modelled").glob("*.json"))
LIMIT = 32 * 1024 * 1024

_BACKUP: dict[str, dict[str, object]] = {
    "Data": {
        "ExaminedFiles": 12,
        "SizeOfExaminedFiles": 34_567,
        "AddedFiles": 0,
        "DeletedFiles": 2,
        "PartialBackup": False,
        "Dryrun": False,
        "MainOperation": "Backup",
        "ParsedResult": "Success",
        "Interrupted": False,
        "Version": "2.3.0.4 (2.3.0.4_stable_2026-07-09)",
        "EndTime": "2026-07-10T01:00:51.3890558Z",
        "BeginTime": "2026-07-10T01:00:00.0034501Z",
        "Duration": "00:00:51.3856057",
        "MessagesActualLength": 7,
        "WarningsActualLength": 0,
        "ErrorsActualLength": 0,
        "BackendStatistics": {
            "BytesUploaded": 0,
            "KnownFileSize": 99_000,
            "KnownFileCount": 9,
            "KnownFilesets": 3,
            "BackupListCount": 4,
            "LastBackupDate": "2026-07-10T03:00:01+02:00",
            "TotalQuotaSpace": 1_000_000,
            "FreeQuotaSpace": 0,
            "AssignedQuotaSpace": -1,
        },
    },
    "Extra": {
        "OperationName": "Backup",
        "machine-id": "de061ef940dc4e2d98e397383be75bb8",
        "machine-name": "fileserver",
        "backup-name": "Documents",
        "backup-id": "DB-3",
    },
}
ABSENT = object()
"""In place of a value: the key is left out."""


@dataclass(frozen=True, slots=True)
class Request:
    """A recorded request."""

    path: Path
    body: str
    content_type: str

    @property
    def text(self) -> str:
        """The message of a form, or else the body."""
        return unquote(self.body.partition("message=")[2].partition("&")[0]) if self.is_form else self.body

    @property
    def is_form(self) -> bool:
        return self.content_type == "application/x-www-form-urlencoded"


def recorded(path: Path) -> Request:
    record = json.loads(path.read_text(encoding="utf-8"))
    headers = {name.lower(): value for name, value in record["headers"]}
    return Request(path, record["body"], headers["content-type"])


def read_recorded(name: str) -> Report:
    """The report in a recorded request, named by its path without the ending."""
    request = recorded(DATA / "reports" / f"{name}.json")
    report = read_body(request.body.encode(), request.content_type, None, LIMIT)
    assert isinstance(report, Report)
    return report


def backup(
    data: dict[str, object] | None = None,
    extra: dict[str, object] | None = None,
    backend: dict[str, object] | None = None,
    **top: object,
) -> dict[str, object]:
    """The small report with changes to its sections; `top` changes the document itself, also whole sections."""
    base = deepcopy(_BACKUP)
    changed = base["Data"] | (data or {})
    if backend is not None:
        statistics = base["Data"]["BackendStatistics"]
        assert isinstance(statistics, dict)
        changed["BackendStatistics"] = _without_absent(statistics | backend)
    document: dict[str, object] = {"Data": changed, "Extra": base["Extra"] | (extra or {}), "LogLines": [], "Exception": None} | top
    return {key: _without_absent(value) if isinstance(value, dict) else value for key, value in document.items() if value is not ABSENT}


def _without_absent(section: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in section.items() if value is not ABSENT}


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def read(document: object) -> Report:
    """The report in a document."""
    report = read_body(encoded(document), "application/json", None, LIMIT)
    assert isinstance(report, Report)
    return report


def read_status(document: object) -> LiveStatus:
    status = read_body(encoded(document), "application/json", None, LIMIT)
    assert isinstance(status, LiveStatus)
    return status
