"""Who sent a document, and what else its `Extra` section says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import iso
from duplistatus.report.extra import normal_backup_id
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Host, Origin
from tests.report.samples import ABSENT, backup, read, read_recorded


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_servers_own_id_is_the_same_from_report_and_api(number: int) -> None:
    assert normal_backup_id(str(number)) == normal_backup_id(f"DB-{number}") == f"DB-{number}"


@pytest.mark.parametrize("backup_id", ["E-1", "DB-", "DB-x", "db-1", "DB-01", "007", "DB-1 ", "a" * 64, "1" * 64, "DB-٣", "my id"])
def test_an_id_that_is_not_a_servers_own_stays_as_it_came(backup_id: str) -> None:
    assert normal_backup_id(backup_id) == backup_id


@pytest.mark.parametrize("nothing", [ABSENT, None, "", "  "])
def test_only_the_job_name_is_needed(nothing: object) -> None:
    origin = read(backup(extra={"machine-id": nothing, "machine-name": nothing, "backup-id": nothing})).origin
    assert origin == Origin(None, None, "Documents", None)


def test_a_machine_id_may_be_a_number() -> None:
    assert read(backup(extra={"machine-id": 12345})).origin.machine_id == "12345"


@pytest.mark.parametrize("key", ["machine-id", "machine-name", "backup-name", "backup-id", "OperationName"])
@pytest.mark.parametrize("value", [{"x": 1}, ["x"], True, "x" * 501])
def test_a_name_that_cannot_be_one_is_refused(key: str, value: object) -> None:
    with pytest.raises(NotAReport, match=key) as refused:
        read(backup(data={"MainOperation": ABSENT} if key == "OperationName" else {}, extra={key: value, "report-mode": "reduced"}))
    assert refused.value.code == "bad_value"


def test_without_job_name_every_absent_name_is_listed() -> None:
    with pytest.raises(NotAReport) as refused:
        read(backup(Extra={}))
    assert refused.value.code == "missing_fields"
    assert refused.value.body() == {
        "error": "Missing required fields in Extra section: machine-id, machine-name, backup-name, backup-id",
        "missingFields": ["machine-id", "machine-name", "backup-name", "backup-id"],
        "extraSection": {},
    }


@pytest.mark.parametrize("nothing", [ABSENT, None, ""])
def test_a_missing_job_name_shows_what_there_is(nothing: object) -> None:
    document = backup(extra={"backup-name": nothing, "machine-name": ""})
    with pytest.raises(NotAReport) as refused:
        read(document)
    assert refused.value.body() == {
        "error": "Missing required fields in Extra section: machine-name, backup-name",
        "missingFields": ["machine-name", "backup-name"],
        "extraSection": document["Extra"],
    }


@pytest.mark.parametrize(
    ("value", "sent", "at"),
    [
        ("20260711T010000Z", True, "2026-07-11T01:00:00.000Z"),
        (None, True, None),
        ("", True, None),
        (ABSENT, False, None),
        ("tomorrow", False, None),
        (5, False, None),
    ],
)
def test_the_next_run_tells_scheduled_from_manual_runs(value: object, sent: bool, at: str | None) -> None:
    report = read(backup(extra={"next-scheduled-run": value}))
    assert report.sends_next_run is sent
    assert (iso(report.next_run) if report.next_run is not None else None) == at


def test_the_installation_is_kept_and_empty_texts_are_unknown() -> None:
    assert read_recorded("2.3.0.109/backup-daily-success").host == Host(
        duplicati_version="2.3.0.109 (2.3.0.109_canary_2026-08-22)",
        operating_system="Linux",
        operating_system_detailed="Debian GNU/Linux 12 (bookworm)",
        installation_type=None,
        destination_type="file",
        destination_host_suffix=None,
        update_channel="Canary",
    )


def test_unknown_keys_are_kept_in_their_order() -> None:
    extra = {"site": "Köln", "rack": 7, "none": None, "flag": True, "list": [1, "a"], "operating-system": "Linux"}
    report = read(backup(extra=extra))
    assert report.unknown_extra == (("site", "Köln"), ("rack", "7"), ("none", None), ("flag", "true"), ("list", '[1,"a"]'))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("file:///backups/278c49", "file:///backups/278c49"),
        ("s3://bucket/folder?auth-username=u&auth-password=p", "s3://bucket/folder"),
        ("ftp://user:secret@host/folder", "ftp://host/folder"),
    ],
)
def test_the_destination_is_kept_without_its_secrets(url: str, kept: str) -> None:
    assert read(backup(extra={"RemoteUrl": url})).unknown_extra == (("RemoteUrl", kept),)
