"""Every recorded and modelled request, read as a whole and held against what its raw text says; and whatever else may arrive."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duplistatus.clock import Instant, instant
from duplistatus.report.reading import read_body, read_file
from duplistatus.report.rejection import NotAReport, Rejection, TooLarge
from duplistatus.report.report import Figures, Kind, LiveStatus, Report, Status
from tests.report.samples import LIMIT, MODELLED, RECORDED, backup, encoded, read, recorded

OF_DATA = {
    "examined_files": "ExaminedFiles",
    "size_of_examined_files": "SizeOfExaminedFiles",
    "opened_files": "OpenedFiles",
    "size_of_opened_files": "SizeOfOpenedFiles",
    "added_files": "AddedFiles",
    "size_of_added_files": "SizeOfAddedFiles",
    "modified_files": "ModifiedFiles",
    "size_of_modified_files": "SizeOfModifiedFiles",
    "deleted_files": "DeletedFiles",
    "added_folders": "AddedFolders",
    "deleted_folders": "DeletedFolders",
    "files_with_error": "FilesWithError",
    "restored_files": "RestoredFiles",
}
OF_BACKEND = {
    "remote_calls": "RemoteCalls",
    "bytes_uploaded": "BytesUploaded",
    "bytes_downloaded": "BytesDownloaded",
    "files_uploaded": "FilesUploaded",
    "remote_files_deleted": "FilesDeleted",
    "known_file_size": "KnownFileSize",
    "known_file_count": "KnownFileCount",
    "known_filesets": "KnownFilesets",
    "backup_list_count": "BackupListCount",
}
reports = [path for path in RECORDED if not path.name.startswith(("form-", "status-"))]
forms = [path for path in RECORDED if path.name.startswith("form-")]
statuses = [path for path in RECORDED if path.name.startswith("status-")]


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def at(text: str | None) -> Instant | None:
    """The instant of a time in a document, by the standard library."""
    if text is None or text.startswith("0001"):
        return None
    return instant(datetime.fromisoformat(text))


def seconds(text: str) -> float:
    hours, minutes, rest = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes)).total_seconds() + float(rest)


def named(path: Path) -> tuple[str, str]:
    """Operation and result as the name of a file says them."""
    host = r"(?:bangkok|buero|docker|helsinki|mumbai|nas-oslo|office-pc|seoul|tokyo)-"
    match = re.fullmatch(rf"(?:{host})?([a-z]+)-.*?-?(success|warning|error|fatal)(?:-\d+|-\d{{4}}-\d\d-\d\d)?", path.stem)
    assert match is not None
    return match[1], match[2]


def check_document(report: Report, raw: dict[str, Any]) -> None:
    """Holds a report against the JSON document that it was read from."""
    data, extra = raw["Data"], raw["Extra"]
    backend = data["BackendStatistics"]
    assert report.kind is Kind.JSON
    assert report.origin.job_name == extra["backup-name"]
    assert report.origin.machine_id == (extra.get("machine-id") or None)
    assert report.origin.machine_name == extra.get("machine-name")
    assert report.origin.backup_id == extra.get("backup-id")
    assert (report.operation, report.parsed_result) == (data["MainOperation"], data["ParsedResult"])
    assert report.begun_at == at(data["BeginTime"])
    assert report.ended_at == at(data["EndTime"])
    assert report.duration_seconds == (seconds(data["Duration"]) if report.ended_at is not None else None)
    assert report.messages_count == data["MessagesActualLength"]
    assert report.warnings_count == data["WarningsActualLength"]
    assert report.errors_count == data["ErrorsActualLength"]
    assert (report.partial, report.dry_run) == (data.get("PartialBackup", False), data.get("Dryrun", False))
    assert report.interrupted == data["Interrupted"]
    assert report.exception == raw["Exception"]
    assert report.sends_next_run == ("next-scheduled-run" in extra)
    written = extra.get("next-scheduled-run")
    assert report.next_run == (at(written) if written else None)
    assert report.host.duplicati_version == data["Version"]
    assert report.log.lines == tuple(raw["LogLines"])
    newest = at(backend["LastBackupDate"])
    assert (report.last_version.at if report.last_version else None) == newest
    filler_in_data = data["ParsedResult"] == "Fatal"
    filler_in_backend = filler_in_data or newest is None
    for figure, key in OF_DATA.items():
        assert getattr(report.figures, figure) == ((data.get(key) or None) if filler_in_data else data.get(key)), figure
    for figure, key in OF_BACKEND.items():
        assert getattr(report.figures, figure) == ((backend.get(key) or None) if filler_in_backend else backend.get(key)), figure


@pytest.mark.parametrize("path", reports, ids=label)
def test_a_recorded_report_is_read_as_its_document_says(path: Path) -> None:
    request = recorded(path)
    report = read_body(request.body.encode(), request.content_type, None, LIMIT)
    assert isinstance(report, Report)
    check_document(report, json.loads(request.body))
    operation, result = named(path)
    assert (report.operation.lower(), report.status.value.lower()) == (operation, result)


@pytest.mark.parametrize("path", [path for path in MODELLED if not path.name.startswith("legacy")], ids=lambda path: str(path.stem))
def test_a_modelled_report_is_read_as_its_document_says(path: Path) -> None:
    report = read_file(path.read_bytes(), LIMIT)
    assert isinstance(report, Report)
    check_document(report, json.loads(path.read_text(encoding="utf-8")))
    operation, _, result = path.name.partition(".")[0].partition("-")
    assert (report.operation.lower().replace("test", "verify"), report.status.value.lower()) == (operation, result)


@pytest.mark.parametrize("path", [path for path in MODELLED if path.name.startswith("legacy")], ids=lambda path: str(path.stem))
def test_an_exception_in_place_of_a_result_is_a_fatal_run(path: Path) -> None:
    report = read_file(path.read_bytes(), LIMIT)
    assert isinstance(report, Report)
    raw = json.loads(path.read_text(encoding="utf-8"))["Data"]
    assert (report.operation, report.status, report.origin.job_name) == ("Backup", Status.FATAL, "Documents")
    assert (report.begun_at, report.ended_at, report.duration_seconds, report.last_version) == (None, None, None, None)
    assert report.figures == Figures()
    assert report.exception is not None
    assert raw["Message"] in report.exception
    assert (raw.get("StackTraceString") or raw["StackTrace"]).strip() in report.exception
    assert report.log.errors == (report.exception,)
    assert report.errors_count == 1


@pytest.mark.parametrize("path", forms, ids=label)
def test_a_recorded_plain_text_report_is_read_as_its_text_says(path: Path) -> None:
    request = recorded(path)
    report = read_body(request.body.encode(), request.content_type, None, LIMIT)
    assert isinstance(report, Report)

    def written(key: str) -> str:
        match = re.search(rf"^{key}: (.*)$", request.text, re.MULTILINE)
        assert match is not None
        return match[1]

    assert report.kind is Kind.TEXT
    assert (report.operation, report.status) == ("Backup", Status.SUCCESS)
    assert report.begun_at == int(written("BeginTime").rpartition("(")[2].rstrip(")")) * 1000
    assert report.ended_at == int(written("EndTime").rpartition("(")[2].rstrip(")")) * 1000
    assert report.duration_seconds == seconds(written("Duration"))
    for figure in ("examined_files", "size_of_examined_files", "added_files", "added_folders", "deleted_files"):
        assert getattr(report.figures, figure) == int(written(OF_DATA[figure]))
    assert report.messages_count == int(written("MessagesActualLength"))
    assert report.figures.bytes_uploaded is None
    heading = request.text.partition("\n")[0]
    assert heading.startswith(f"Duplicati Backup report for {report.origin.job_name} (")
    assert heading.endswith(f"({report.origin.machine_id or ''}, {report.origin.backup_id}, {report.origin.machine_name})")


@pytest.mark.parametrize("version", ["2.1.0.5", "2.3.0.4", "2.3.0.109"])
def test_a_plain_text_twin_says_the_same_as_its_json(version: str) -> None:
    folder = RECORDED[0].parent.parent / version
    twins = []
    for name in ("backup-form-and-json-success", "form-both-form"):
        request = recorded(folder / f"{name}.json")
        twin = read_body(request.body.encode(), request.content_type, None, LIMIT)
        assert isinstance(twin, Report)
        twins.append(twin)
    full, text = twins
    assert text.origin == full.origin
    assert (text.operation, text.status, text.duration_seconds) == (full.operation, full.status, full.duration_seconds)
    assert full.begun_at is not None
    assert full.ended_at is not None
    assert text.begun_at == full.begun_at // 1000 * 1000
    assert text.ended_at == full.ended_at // 1000 * 1000
    assert (text.messages_count, text.warnings_count, text.errors_count) == (full.messages_count, full.warnings_count, full.errors_count)
    known = {figure: value for figure in Figures.__dataclass_fields__ if (value := getattr(text.figures, figure)) is not None}
    assert len(known) >= 18
    assert known == {figure: getattr(full.figures, figure) for figure in known}
    assert len(text.log.lines) == 10
    assert text.log.left_out == full.messages_count - 10


@pytest.mark.parametrize("path", statuses, ids=label)
def test_a_recorded_status_document_is_no_report(path: Path) -> None:
    request = recorded(path)
    raw = json.loads(request.body)
    status = read_body(request.body.encode(), request.content_type, None, LIMIT)
    assert isinstance(status, LiveStatus)
    assert status.state.lower() == path.stem.split("-")[1]
    assert status.started_at == at(raw["startedUtc"])
    assert status.reported_at == at(raw["reportedUtc"])
    assert (status.origin.job_name, status.origin.backup_id, status.origin.machine_name) == ("Large", "DB-32", "fileserver")
    assert status.origin.machine_id is None


@given(
    st.binary(max_size=300),
    st.sampled_from([None, "application/json", "application/x-www-form-urlencoded"]),
    st.sampled_from([None, "gzip"]),
)
def test_bytes_that_are_no_report_are_refused_and_nothing_else_happens(body: bytes, content_type: str | None, encoding: str | None) -> None:
    with pytest.raises(Rejection):
        read_body(body, content_type, encoding, LIMIT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_SMALL = backup(TestResults={})
_PLACES = [
    ("Data",),
    ("Extra",),
    ("LogLines",),
    ("Exception",),
    *(("Data", key) for key in [*_SMALL["Data"], "DeleteResults", "TestResults", "CompactResults", "Messages", "Errors"]),  # type: ignore[misc]
    *(("Extra", key) for key in [*_SMALL["Extra"], "next-scheduled-run", "report-mode", "RemoteUrl"]),  # type: ignore[misc]
    *(("Data", "BackendStatistics", key) for key in ("LastBackupDate", "KnownFileSize", "FreeQuotaSpace")),
    ("Data", "DeleteResults", "DeletedSets"),
    ("Data", "TestResults", "Verifications"),
]


@settings(max_examples=300)
@given(st.sampled_from(_PLACES), json_values)
def test_any_value_at_any_place_is_read_or_refused(place: tuple[str, ...], value: object) -> None:
    document: dict[str, Any] = backup(data={"DeleteResults": {}, "TestResults": {}})
    section = document
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value
    try:
        report = read(document)
    except NotAReport as refusal:
        json.dumps(refusal.body())
    else:
        assert report.origin.job_name
        assert all(figure is None or figure >= 0 for figure in (getattr(report.figures, name) for name in Figures.__dataclass_fields__))


@pytest.mark.parametrize("number", [2**63, 2**64, 10**30, -(2**63), 1e300])
def test_a_number_beyond_64_bits_is_refused_or_unknown(number: float) -> None:
    document = backup(data={"ExaminedFiles": number})
    if number < 0:
        assert read(document).figures.examined_files is None
    else:
        with pytest.raises(NotAReport, match="ExaminedFiles"):
            read(document)


@pytest.mark.parametrize(
    "body",
    [
        b'{"Data": NaN, "Extra": {}}',
        b'{"Data": Infinity}',
        b"[" * 100_000,
        b'{"Data":' * 100_000,
        b'{"Data": "\xff\xfe"}',
        b'{"Data": "\\ud800"}',
        b"{broken",
        b'{"Data": 1e999}',
    ],
)
def test_what_is_no_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(NotAReport) as refused:
        read_body(body, "application/json", None, LIMIT)
    assert refused.value.code == "invalid_json"


def test_nesting_that_json_allows_but_no_report_has_is_refused() -> None:
    deep: object = 1
    for _ in range(400):
        deep = [deep]
    with pytest.raises(NotAReport):
        read(backup(extra={"site": deep}))


def test_a_nul_in_a_text_becomes_the_replacement_character() -> None:
    body = encoded(backup(extra={"backup-name": "a\0b", "path": "C:\\u0000"}))
    assert b'"a\\u0000b"' in body
    report = read_body(body, None, None, LIMIT)
    assert report.origin.job_name == "a\ufffdb"
    assert isinstance(report, Report)
    assert report.unknown_extra == (("path", "C:\\u0000"),)


@pytest.mark.parametrize(
    "body",
    [
        b"message=Duplicati+Backup+report+for+" + b"+" * 1_000_000 + b"x",
        b"message=Duplicati Backup report for " + b" (a, b, " * 250_000,
        b"message=" + b"Failed: x\n\nA" * 100_000,
        b"message=MainOperation: Backup\nLimitedMessages: [\n" + b"    x - [Error-\n" * 100_000,
        b'{"Data": "' + b"\\\\" * 500_000 + b'u0000"}',
        b"a" * 1_000_000,
        b"&" * 1_000_000,
        b"message=x&" + b"a%26" * 250_000,
        b"\x1f\x8b" * 500_000,
        b'{"Data":{"MainOperation":"Backup","BeginTime":"' + b"2" * 1_000_000 + b'"},"Extra":{}}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_a_megabyte_made_to_be_slow_is_refused_soon(body: bytes) -> None:
    started = datetime.now().astimezone()
    with pytest.raises(Rejection):
        read_body(body, None, None, LIMIT)
    assert datetime.now().astimezone() - started < timedelta(seconds=5)


def test_the_limit_holds_for_the_body_as_sent() -> None:
    body = encoded(backup())
    assert isinstance(read_body(body, None, None, len(body)), Report)
    with pytest.raises(TooLarge):
        read_body(body, None, None, len(body) - 1)
