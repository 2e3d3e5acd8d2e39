"""Rows of a job's log as reports, beside the reports that real servers sent of the same runs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from duplistatus.clock import Instant
from duplistatus.evaluate.reason import reason_of
from duplistatus.report.log_row import begin_of, failed_run, origin_of, read_log_row
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Origin, Report, Status
from duplistatus.report.server_answers import ApiJob, ServerIdentity, read_identity, read_log_rows

DATA = Path(__file__).parent.parent / "data" / "duplicati"
JOB = ApiJob("3", "Documents", "s3", None, None, None, None)
NAMES = origin_of(JOB, "an-id", "nas")
NOBODY = ServerIdentity(None, None, None, None, None, frozenset())
OF_THE_SENDER = {"origin", "host", "sends_next_run", "next_run", "unknown_extra", "kind"}
"""What a row cannot hold."""
_LOGS = [
    ("2.1.0.5", "log"),
    ("2.1.0.5", "log-with-fatal"),
    ("2.3.0.4", "log"),
    ("2.3.0.4", "log-with-partial"),
    ("2.3.0.109", "log"),
    ("2.3.0.109", "log-with-fatal"),
    *(
        ("2.3.0.109-languages", f"{host}-log")
        for host in ("bangkok", "buero", "docker", "helsinki", "mumbai", "nas-oslo", "office-pc", "seoul")
    ),
]


def rows(version: str, name: str) -> list[Any]:
    answer = json.loads((DATA / "api" / version / f"{name}.json").read_text(encoding="utf-8"))["response"]["body"]
    return [row.data for row in read_log_rows(answer)]


def sent(version: str) -> dict[tuple[str, Instant | None], Report]:
    """The reports of a version that came as JSON, by operation and begin."""
    found = {}
    for file in sorted((DATA / "reports" / version).glob("*.json")):
        request = json.loads(file.read_text(encoding="utf-8"))
        if request["method"] == "POST" and request["body"].startswith("{"):
            report = read_body(request["body"].encode(), "application/json", None, 1 << 25)
            if isinstance(report, Report):
                found[report.operation, report.begun_at] = report
    return found


@pytest.mark.parametrize(("version", "name"), _LOGS)
def test_a_row_says_what_the_report_of_the_same_run_said(version: str, name: str) -> None:
    reports = sent(version)
    compared = 0
    for data in rows(version, name):
        row = read_log_row(data, NAMES, JOB, NOBODY)
        report = reports.get((row.operation, row.begun_at))
        if report is None:
            continue
        compared += 1
        told, missing = replace(row, log=report.log, exception=None), {"exception"}
        if version == "2.1.0.5" and row.operation == "Repair":
            # The one operation that this version went on counting in its report.
            missing |= {"ended_at", "duration_seconds"}
        differing = {each.name for each in fields(Report) if getattr(told, each.name) != getattr(report, each.name)}
        assert differing <= OF_THE_SENDER | missing
        assert row.status is report.status
        assert reason_of(row) == reason_of(report)
        assert row.is_run is report.is_run
    assert compared >= 2


def test_operations_and_results_of_every_recorded_log_are_known() -> None:
    seen = Counter(
        (row.operation, row.status.value, row.is_run)
        for version, name in _LOGS
        for row in (read_log_row(data, NAMES, JOB, NOBODY) for data in rows(version, name))
    )
    assert {operation for operation, _, is_run in seen if not is_run} >= {"Restore", "Test", "Repair", "List", "ListFilesets", "Compact"}
    assert {status for operation, status, is_run in seen if is_run} == {"Success", "Warning", "Fatal"}


def test_a_fatal_row_has_an_exception_though_the_log_keeps_none() -> None:
    (fatal,) = [
        row for data in rows("2.3.0.109", "log-with-fatal") if (row := read_log_row(data, NAMES, JOB, NOBODY)).status is Status.FATAL
    ]
    assert fatal.exception == ("RemoteListVerificationException: Found 1 files that are missing from the remote storage, please run repair")


def test_a_partial_run_is_one_in_its_row() -> None:
    assert [read_log_row(data, NAMES, JOB, NOBODY).partial for data in rows("2.3.0.4", "log-with-partial")] == [False, False, True]


def test_a_dry_run_in_the_log_is_no_run() -> None:
    (data, *_) = rows("2.3.0.4", "log-first-run")
    assert read_log_row(data, NAMES, JOB, NOBODY).is_run
    assert not read_log_row({**data, "Dryrun": True}, NAMES, JOB, NOBODY).is_run


def test_a_row_is_of_whom_it_is_said_to_be_and_of_the_machine_as_it_is_now() -> None:
    answer = json.loads((DATA / "api" / "2.3.0.4" / "systeminfo.json").read_text(encoding="utf-8"))["response"]["body"]
    (data, *_) = rows("2.3.0.4", "log-first-run")
    row = read_log_row(data, NAMES, JOB, read_identity(answer))
    assert row.origin == Origin("an-id", "nas", "Documents", "DB-3")
    assert (row.host.operating_system, row.host.update_channel, row.host.destination_type) == ("Linux", "Stable", "s3")
    assert row.host.operating_system_detailed == "Debian GNU/Linux 12 (bookworm)"


def test_a_row_that_does_not_say_when_it_began_is_no_report() -> None:
    (data, *_) = rows("2.3.0.4", "log-first-run")
    for broken in ({**data, "BeginTime": None}, {**data, "MainOperation": "Test", "BeginTime": "0001-01-01T00:00:00"}):
        with pytest.raises(NotAReport):
            read_log_row(broken, NAMES, JOB, NOBODY)


def test_the_begin_of_a_row_is_read_without_the_rest_of_it() -> None:
    for data in rows("2.3.0.4", "log"):
        assert begin_of(data) == read_log_row(data, NAMES, JOB, NOBODY).begun_at
    assert begin_of({"BeginTime": "yesterday"}) is None
    assert begin_of({"BeginTime": 7}) is None
    assert begin_of({}) is None


def test_a_failure_without_a_row_is_a_run_with_an_error() -> None:
    run = failed_run(Instant(1_795_248_855_000), "The folder /backups/locked/in does not exist", NAMES, JOB)
    assert run.is_run
    assert (run.status, run.errors_count, run.ended_at) == (Status.FATAL, 1, None)
    assert reason_of(run) == "The folder /backups/locked/in does not exist"
    assert run.log.errors == ("The folder /backups/locked/in does not exist",)
