"""Figures, and the fillers that look like them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import instant
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Report, Version
from tests.report.samples import ABSENT, LIMIT, backup, encoded, read, read_recorded

YEAR_1 = "0001-01-01T00:00:00"


def test_zeros_of_a_good_run_are_figures() -> None:
    figures = read(backup()).figures
    assert (figures.added_files, figures.bytes_uploaded, figures.free_quota_space) == (0, 0, 0)


def test_absent_figures_are_unknown() -> None:
    figures = read(backup(data={"BackendStatistics": ABSENT, "ExaminedFiles": ABSENT, "AddedFiles": None})).figures
    assert (figures.examined_files, figures.added_files, figures.bytes_uploaded, figures.known_file_size) == (None, None, None, None)


def test_zeros_of_a_fatal_run_are_unknown_and_its_other_figures_stay() -> None:
    figures = read(backup(data={"ParsedResult": "Fatal"})).figures
    assert (figures.added_files, figures.bytes_uploaded) == (None, None)
    assert (figures.examined_files, figures.known_file_size, figures.backup_list_count) == (12, 99_000, 4)


def test_a_destination_that_was_not_counted_is_unknown() -> None:
    report = read(
        backup(backend={"LastBackupDate": YEAR_1, "KnownFileSize": 0, "KnownFilesets": 0, "BackupListCount": 0, "BytesUploaded": 5})
    )
    assert report.last_version is None
    assert report.versions_count is None
    assert (report.figures.known_file_size, report.figures.bytes_uploaded) == (None, 5)
    assert report.figures.added_files == 0


def test_a_backup_that_did_not_get_as_far_as_counting_knows_nothing() -> None:
    figures = read(backup(data={"ParsedResult": "Error", "ExaminedFiles": 0, "AddedFiles": 0}, backend={"LastBackupDate": YEAR_1})).figures
    assert (figures.examined_files, figures.added_files) == (None, None)


def test_a_backup_of_nothing_knows_that_it_examined_nothing() -> None:
    assert read(backup(data={"ExaminedFiles": 0})).figures.examined_files == 0


@pytest.mark.parametrize("name", ["2.3.0.4/backup-dry-run-success", "2.3.0.4/backup-large-warning", "2.3.0.4/compact-documents-success"])
def test_recorded_dry_stopped_and_other_runs_do_not_know_the_destination(name: str) -> None:
    report = read_recorded(name)
    assert (report.versions_count, report.figures.known_file_size, report.last_version) == (None, None, None)


def test_a_stopped_run_knows_what_it_sent() -> None:
    report = read_recorded("2.3.0.4/backup-large-warning")
    assert report.partial
    assert (report.figures.bytes_uploaded, report.figures.examined_files) == (11_564_886, 22)


def test_an_unfinished_version_does_not_count() -> None:
    report = read_recorded("2.3.0.4/backup-large-warning-2")
    assert (report.figures.known_filesets, report.figures.backup_list_count, report.versions_count) == (3, 4, 3)


def test_older_duplicati_knows_its_versions_by_the_list_alone() -> None:
    report = read_recorded("2.1.0.5/backup-documents-success-6")
    assert (report.figures.known_filesets, report.versions_count) == (None, 2)


@pytest.mark.parametrize(
    ("backend", "total", "free", "assigned"),
    [
        ({}, 1_000_000, 0, None),
        ({"TotalQuotaSpace": 0}, None, None, None),
        ({"TotalQuotaSpace": 0, "FreeQuotaSpace": 70}, None, 70, None),
        ({"FreeQuotaSpace": -1}, 1_000_000, None, None),
        ({"AssignedQuotaSpace": 0}, 1_000_000, 0, None),
        ({"AssignedQuotaSpace": 9}, 1_000_000, 0, 9),
    ],
)
def test_quota_that_the_destination_did_not_tell_is_unknown(
    backend: dict[str, object], total: int | None, free: int | None, assigned: int | None
) -> None:
    figures = read(backup(backend=backend)).figures
    assert (figures.total_quota_space, figures.free_quota_space, figures.assigned_quota_space) == (total, free, assigned)


@pytest.mark.parametrize(
    ("value", "expected"), [(12, 12), ("12", 12), (" 12 ", 12), (12.0, 12), (-5, None), ("-5", None), ("", None), (None, None)]
)
def test_a_count_is_read_in_each_form(value: object, expected: int | None) -> None:
    assert read(backup(data={"AddedFiles": value})).figures.added_files == expected


@pytest.mark.parametrize("value", [{"a": 1}, [1], True, "twelve", 12.5, "1e3", "١٢", "9" * 30, 2**63])
def test_a_count_that_is_none_is_refused_by_name(value: object) -> None:
    with pytest.raises(NotAReport, match="AddedFiles must be a whole number") as refused:
        read(backup(data={"AddedFiles": value}))
    assert refused.value.code == "bad_value"


def test_the_newest_version_keeps_its_offset() -> None:
    expected = Version(instant(datetime(2026, 7, 10, 1, 0, 1, tzinfo=UTC)), 120, exact=True)
    assert read(backup()).last_version == expected


def test_a_newest_version_without_offset_needs_the_zone() -> None:
    document = backup(backend={"LastBackupDate": "2026-07-10T03:00:01"})
    assert read(document).last_version is None
    report = read_body(encoded(document), None, None, LIMIT, ZoneInfo("Europe/Berlin"))
    assert isinstance(report, Report)
    assert report.last_version == read(backup()).last_version


@pytest.mark.parametrize("written", ["soon", "", None, 5, YEAR_1, "9999-12-31T23:59:59Z"])
def test_a_newest_version_that_cannot_be_read_is_unknown(written: object) -> None:
    assert read(backup(backend={"LastBackupDate": written})).last_version is None


def volumes(*kinds: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"Key": f"volume-{number}", "Value": [{"Key": kind, "Value": "…"} for kind in found]} for number, found in enumerate(kinds)]


@pytest.mark.parametrize(
    ("verified", "found", "problems"),
    [
        (3, volumes((), (), ()), 0),
        (3, volumes((), ("Extra",), ()), 0),
        (3, volumes(("Error",), ("Missing", "Modified"), ("Extra",)), 2),
        (50, volumes(("Error",), ()), 1),
        (50, volumes((), ()), None),
        (3, [{}, {}, {}], None),
        (3, None, None),
        (None, volumes(("Modified",)), 1),
    ],
)
def test_volumes_with_problems_are_counted(verified: int | None, found: object, problems: int | None) -> None:
    results = {"VerificationsActualLength": verified, "Verifications": found}
    nested = read(backup(data={"TestResults": {"ParsedResult": "Success"} | results})).figures
    assert (nested.verifications, nested.verification_problems) == (verified, problems)
    own = read(backup(data={"MainOperation": "Test"} | results)).figures
    assert (own.verifications, own.verification_problems) == (verified, problems)


def test_a_damaged_volume_shows_although_the_test_says_success() -> None:
    report = read_recorded("2.1.0.5/backup-damaged-volume-error")
    assert (report.figures.verifications, report.figures.verification_problems) == (6, 1)
    assert ("Test", "Success") in report.nested


def test_a_restore_says_what_it_restored() -> None:
    figures = read_recorded("2.3.0.109/restore-documents-success").figures
    assert (figures.restored_files, figures.size_of_restored_files) == (49, 715_169)
