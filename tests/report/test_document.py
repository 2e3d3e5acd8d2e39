"""What the JSON document says of a run."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import iso
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Figures, Report, Status
from tests.report.samples import ABSENT, LIMIT, backup, encoded, read, read_recorded

YEAR_1 = "0001-01-01T00:00:00"


@pytest.mark.parametrize(
    ("result", "warnings", "status"),
    [
        ("Success", 0, Status.SUCCESS),
        ("Success", 2, Status.WARNING),
        ("Success", "3", Status.WARNING),
        ("Warning", 0, Status.WARNING),
        ("Error", 2, Status.ERROR),
        ("Fatal", 2, Status.FATAL),
        ("Unknown", 0, Status.UNKNOWN),
        ("Quantum", 0, Status.UNKNOWN),
        ("Quantum", 2, Status.UNKNOWN),
    ],
)
def test_the_result_becomes_a_status_and_a_success_with_warnings_a_warning(result: str, warnings: object, status: Status) -> None:
    report = read(backup(data={"ParsedResult": result, "WarningsActualLength": warnings}))
    assert (report.status, report.parsed_result, report.warnings_count) == (status, result, int(str(warnings)))


def test_a_run_without_end_is_stored_without_end() -> None:
    report = read(backup(data={"EndTime": ABSENT}))
    assert report.ended_at is None
    assert report.duration_seconds == 51.3856057


def test_a_run_that_never_set_its_end_has_no_duration() -> None:
    report = read(backup(data={"EndTime": YEAR_1, "Duration": "00:00:00", "ParsedResult": "Fatal"}))
    assert (report.ended_at, report.duration_seconds) == (None, None)


def test_a_run_shorter_than_the_clock_shows_has_a_duration_of_zero() -> None:
    assert read(backup(data={"Duration": "00:00:00"})).duration_seconds == 0


def test_a_run_over_a_day_has_its_days() -> None:
    assert read(backup(data={"Duration": "1.02:03:04.5"})).duration_seconds == 93784.5


def test_a_begin_in_the_year_1_counts_from_the_arrival() -> None:
    assert read(backup(data={"BeginTime": YEAR_1, "ParsedResult": "Fatal"})).begun_at is None


def test_the_same_moment_at_another_offset_is_the_same() -> None:
    utc = read(backup(data={"BeginTime": "2026-11-20T13:48:00.000Z"}))
    assert read(backup(data={"BeginTime": "2026-11-20T19:18:00+05:30"})).begun_at == utc.begun_at


@pytest.mark.parametrize("key", ["BeginTime", "EndTime", "Duration"])
@pytest.mark.parametrize("value", ["not-a-date", "soon", 5, {"a": 1}, [], True])
def test_a_time_that_cannot_be_read_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(NotAReport, match=key) as refused:
        read(backup(data={key: value}))
    assert refused.value.code == "bad_value"
    assert list(refused.value.body()) == ["error"]


@pytest.mark.parametrize("key", ["ParsedResult", "BeginTime", "Duration"])
@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_a_backup_needs_its_result_begin_and_duration(key: str, value: object) -> None:
    data = {"MainOperation": "Backup", "ParsedResult": "Success", "BeginTime": "2026-07-10T01:00:00Z", "Duration": "00:01:00"}
    section = {name: text for name, text in (data | {key: value}).items() if text is not ABSENT}
    with pytest.raises(NotAReport) as refused:
        read(backup(Data=section))
    assert refused.value.code == "missing_fields"
    assert refused.value.body() == {
        "error": f"Missing required fields in Data section: {key}",
        "missingFields": [key],
        "dataSection": section,
    }


def test_all_missing_fields_are_named_at_once_and_long_values_are_not_sent_back() -> None:
    with pytest.raises(NotAReport) as refused:
        read(backup(Data={"MainOperation": "Backup", "Messages": ["x"] * 9, "Version": "v" * 201, "ExaminedFiles": 4}))
    assert refused.value.body() == {
        "error": "Missing required fields in Data section: ParsedResult, BeginTime, Duration",
        "missingFields": ["ParsedResult", "BeginTime", "Duration"],
        "dataSection": {"MainOperation": "Backup", "ExaminedFiles": 4},
    }


def test_another_operation_needs_only_its_name() -> None:
    report = read(backup(Data={"MainOperation": "Vacuum"}))
    assert (report.operation, report.status, report.begun_at, report.duration_seconds) == ("Vacuum", Status.UNKNOWN, None, None)
    assert not report.is_run


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (backup(Data=ABSENT), "The document has no Data section"),
        (backup(Data=None), "The document has no Data section"),
        (backup(Data="text"), "The document has no Data section"),
        (backup(data={"MainOperation": ABSENT}), "Data does not say which operation it reports"),
        (backup(data={"MainOperation": None}), "Data does not say which operation it reports"),
        (backup(Data={}), "Data does not say which operation it reports"),
        (backup(Data={"Message": "no exception"}), "Data does not say which operation it reports"),
    ],
)
def test_a_document_without_operation_is_refused_as_clients_know_it(document: dict[str, object], sentence: str) -> None:
    with pytest.raises(NotAReport) as refused:
        read(document)
    assert (refused.value.code, refused.value.sentence) == ("no_operation", sentence)
    assert refused.value.body() == {"error": "Only backup operations are supported"}


@pytest.mark.parametrize("extra", [ABSENT, None, [], "text"])
def test_a_document_without_extra_is_refused_as_clients_know_it(extra: object) -> None:
    with pytest.raises(NotAReport) as refused:
        read(backup(Extra=extra))
    assert refused.value.code == "missing_extra"
    assert refused.value.body() == {"error": "Missing Extra section in request data"}


@pytest.mark.parametrize("value", [{"x": 1}, [1], True])
def test_an_operation_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(NotAReport, match="MainOperation"):
        read(backup(data={"MainOperation": value}))


def test_an_exception_shows_its_inner_ones() -> None:
    inner = {"ClassName": "System.IO.IOException", "Message": "Disk gone", "StackTraceString": "   at Inner()\r\n", "InnerException": None}
    outer = {"ClassName": "System.Exception", "Message": "It failed", "StackTraceString": None, "InnerException": inner, "HResult": -1}
    report = read(backup(Data=outer, LogLines=["2020-01-01 00:00:00 +01 - [Warning-Tag-Id]: w"]))
    assert report.status is Status.FATAL
    assert report.exception == "System.Exception: It failed\n ---> System.IO.IOException: Disk gone\n   at Inner()"
    assert report.log.warnings == report.log.lines
    assert (report.warnings_count, report.errors_count) == (1, 1)


def test_exceptions_without_end_are_cut() -> None:
    data: dict[str, object] = {"Message": "m", "HResult": 1}
    for _ in range(100):
        data = {"Message": "m", "HResult": 1, "InnerException": data}
    exception = read(backup(Data=data)).exception
    assert exception is not None
    assert exception.count("m") == 10


@pytest.mark.parametrize(
    ("data", "exception", "expected"),
    [
        ({"Exception": "System.Exception: in Data"}, None, "System.Exception: in Data"),
        ({"Exception": "System.Exception: in Data"}, "System.Exception: on top", "System.Exception: on top"),
        ({}, "System.Exception: on top", "System.Exception: on top"),
        ({}, "", None),
        ({}, None, None),
    ],
)
def test_the_exception_is_an_error_of_the_run(data: dict[str, object], exception: str | None, expected: str | None) -> None:
    report = read(backup(data={"ParsedResult": "Fatal", "Errors": []} | data, Exception=exception))
    assert report.exception == expected
    assert report.log.errors == ((expected,) if expected else ())


def test_a_reduced_report_without_data_tells_what_extra_tells() -> None:
    report = read(backup(Data=None, extra={"report-mode": "reduced", "OperationName": "Restore", "ParsedResult": "Success"}))
    assert (report.operation, report.status, report.begun_at, report.reduced) == ("Restore", Status.SUCCESS, None, True)
    assert report.figures == Figures()


@pytest.mark.parametrize(("exception", "status"), [(None, Status.UNKNOWN), ("Type [helpid:X] [st:a]", Status.FATAL)])
def test_a_reduced_report_that_tells_no_result_is_unknown_unless_it_failed(exception: str | None, status: Status) -> None:
    report = read(backup(Data=None, extra={"report-mode": "reduced"}, Exception=exception))
    assert (report.operation, report.status, report.exception) == ("Backup", status, exception)


def test_a_reduced_report_keeps_the_numbers_and_times_that_it_has() -> None:
    data = {"ExaminedFiles": 4, "BeginTime": "2026-07-10T01:00:00Z", "Verifications": [{}], "TestResults": {"Verifications": [{}, {}]}}
    line = "2026-07-10 03:00:12 +02 - [Warning-Duplicati.Library.Main-Id] [ex:IOException] [st:1]"
    report = read(backup(Data=data, extra={"report-mode": "reduced"}, LogLines=[line]))
    assert (report.operation, report.status, report.figures.examined_files) == ("Backup", Status.UNKNOWN, 4)
    assert report.begun_at is not None
    assert report.figures.verification_problems is None
    assert report.log.warnings == (line,)


def test_only_a_real_run_of_a_backup_counts_as_run() -> None:
    assert read(backup()).is_run
    assert not read(backup(data={"Dryrun": True})).is_run
    assert not read(backup(data={"MainOperation": "Restore"})).is_run


def test_a_dry_run_lists_and_deletes_no_versions() -> None:
    sets = {"DeletedSets": [{"Item1": 1, "Item2": "2026-07-04T03:00:01+02:00"}]}
    tag = "2026-07-10 03:00:44 +02 - [Information-DeleteHandler:RetentionPolicy"
    lines = [
        f"{tag}-BackupList]: Backups to consider: 07/09/2026 03:00:02, 07/04/2026 03:00:01",
        f"{tag}-AllBackupsToDelete]: All backups to delete: 07/04/2026 03:00:01",
    ]
    real = read(backup(data={"DeleteResults": sets}, LogLines=lines))
    assert real.listed_versions is not None
    assert len(real.listed_versions) == 1
    assert [iso(at) for at in real.deleted_versions] == ["2026-07-04T01:00:01.000Z"]
    dry = read(backup(data={"DeleteResults": sets, "Dryrun": True}, LogLines=lines))
    assert (dry.listed_versions, dry.deleted_versions) == (None, ())
    assert read(backup(data={"DeleteResults": sets | {"Dryrun": True}})).deleted_versions == ()


def test_deleted_versions_that_cannot_be_read_are_left_out() -> None:
    sets = [{"Item2": "soon"}, "x", {"Item2": YEAR_1}, {"Item2": "2026-07-04T03:00:01"}, {"Item2": "2026-07-04T03:00:01+02:00"}, {}]
    document = backup(data={"MainOperation": "Delete", "DeletedSets": sets})
    assert [iso(at) for at in read(document).deleted_versions] == ["2026-07-04T01:00:01.000Z"]
    in_zone = read_body(encoded(document), None, None, LIMIT, ZoneInfo("America/New_York"))
    assert isinstance(in_zone, Report)
    assert [iso(at) for at in in_zone.deleted_versions] == ["2026-07-04T07:00:01.000Z", "2026-07-04T01:00:01.000Z"]


def test_nested_results_are_named_in_their_order() -> None:
    report = read_recorded("2.3.0.4/backup-compacting-success-3")
    assert report.nested == (("Compact", "Success"), ("Vacuum", "Success"), ("Delete", "Success"), ("Test", "Success"))


def test_each_remote_synchronization_is_a_nested_result() -> None:
    results = [{"MainOperation": "RemoteSynchronization", "ParsedResult": result} for result in ("Success", "Error")]
    report = read(backup(data={"VacuumResults": {"ParsedResult": "Success"}, "RemoteSynchronizationResults": [*results, None]}))
    assert report.nested == (("Vacuum", "Success"), ("RemoteSynchronization", "Success"), ("RemoteSynchronization", "Error"))


def test_quota_warnings_come_from_the_destination() -> None:
    report = read(backup(backend={"ReportedQuotaError": True, "ReportedQuotaWarning": False}))
    assert (report.quota_error, report.quota_warning) == (True, False)
