"""Duplicati's plain-text reports."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import iso
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Figures, Kind, Origin, Report, Status
from tests.report.samples import LIMIT

HEADING = "Duplicati Backup report for Documents (de061ef9, DB-3, fileserver)"
FIELDS = """\
ExaminedFiles: 5
SizeOfExaminedFiles: 5225
PartialBackup: False
Dryrun: False
MainOperation: Backup
RemoteSynchronizationResults: []
ParsedResult: {result}
Interrupted: False
Fatal: {fatal}
Version: 2.3.0.4 (2.3.0.4_stable_2026-07-09)
EndTime: 23.02.2020 23:04:56 (1582495496)
BeginTime: 23.02.2020 23:04:05 (1582495445)
Duration: 00:00:51.3856057
MessagesActualLength: 2
WarningsActualLength: {warnings}
ErrorsActualLength: {errors}"""
SUCCESS = FIELDS.format(result="Success", fatal="False", warnings=0, errors=0)
FATAL = FIELDS.format(result="Fatal", fatal="True", warnings=0, errors=1)
TRACE = "System.IO.IOException: No such folder\n ---> System.Exception: inner\n\n   at Duplicati.Library.Main.Controller.Run()"


def read_text(text: str, **parameters: str) -> Report:
    report = read_body(urlencode({"message": text} | parameters).encode(), "application/x-www-form-urlencoded", None, LIMIT)
    assert isinstance(report, Report)
    return report


def test_a_plain_text_report_is_a_run() -> None:
    report = read_text(f"{HEADING}\n\n{SUCCESS}")
    assert report.kind is Kind.TEXT
    assert report.is_run
    assert report.origin == Origin("de061ef9", "fileserver", "Documents", "DB-3")
    assert (report.status, report.duration_seconds, report.messages_count) == (Status.SUCCESS, 51.3856057, 2)
    assert report.begun_at is not None
    assert iso(report.begun_at) == "2020-02-23T22:04:05.000Z"
    assert (report.figures.examined_files, report.figures.size_of_examined_files) == (5, 5225)
    assert (report.figures.bytes_uploaded, report.last_version, report.sends_next_run) == (None, None, False)
    assert report.host.duplicati_version == "2.3.0.4 (2.3.0.4_stable_2026-07-09)"


def test_line_ends_of_windows_are_the_same() -> None:
    text = f"{HEADING}\n\n{SUCCESS}\n"
    assert read_text(text.replace("\n", "\r\n")) == read_text(text)


def test_text_without_a_form_around_it_is_read() -> None:
    text = f"{HEADING}\n\n{SUCCESS}"
    assert read_body(text.encode(), "text/plain", None, LIMIT) == read_text(text)


def test_a_failed_run_begins_with_its_exception() -> None:
    report = read_text(f"{HEADING}\n\nFailed: No such folder\nDetails: {TRACE}\n\n{FATAL}")
    assert (report.status, report.exception) == (Status.FATAL, TRACE)
    assert report.log.errors == (TRACE,)
    assert report.begun_at is not None
    assert report.figures.examined_files == 5


def test_a_failure_of_old_duplicati_is_nothing_but_its_exception() -> None:
    report = read_text(f"Duplicati Backup report for Documents\n\nFailed: No such folder\nDetails: {TRACE}\n")
    assert report.origin == Origin(None, None, "Documents", None)
    assert (report.operation, report.status, report.begun_at) == ("Backup", Status.FATAL, None)
    assert (report.exception, report.figures) == (TRACE, Figures())


def test_a_failure_without_details_says_its_message() -> None:
    assert read_text(f"{HEADING}\n\nFailed: No such folder\nand a second line").exception == "No such folder\nand a second line"


def test_a_failure_keeps_the_log_below_it() -> None:
    warning = "2026-07-10 03:00:12 +02 - [Warning-Duplicati.Main-Id]: w"
    report = read_text(f"{HEADING}\n\nFailed: No such folder\nDetails: {TRACE}\n\nLog data:\n{warning}\n")
    assert (report.exception, report.log.lines, report.log.warnings) == (TRACE, (warning,), (warning,))


def test_the_limited_lists_are_messages_warnings_and_errors() -> None:
    first = "2026-07-10 03:00:12 +02 - [Warning-Duplicati.Main-Id]: Failed, to read\nSystem.IO.IOException: denied,\n   at Read()"
    second = "2026-07-10 03:00:13 +02 - [Warning-Duplicati.Main-Id]: second"
    fields = FIELDS.format(result="Error", fatal="False", warnings=12, errors=1)
    lists = (
        f"LimitedMessages: [\n    a message,\n...\n]\nLimitedWarnings: [\n    {first},\n    {second}\n]\nLimitedErrors: [\n    an error\n]"
    )
    report = read_text(f"{HEADING}\n\n{fields}\n{lists}")
    assert report.log.warnings == (first, second)
    assert report.log.errors == ("an error",)
    assert (report.log.lines, report.log.left_out) == (("a message",), 1)
    assert (report.warnings_count, report.errors_count) == (12, 1)


def test_log_data_keeps_lines_that_hold_several() -> None:
    first = "2026-07-10 03:00:12 +02 - [Error-Duplicati.Main-Id]: It failed\nSystem.Exception: x\n\n   at Run()"
    second = "2026-07-10 03:00:13 +02 - [Information-Duplicati.Main-Id]: Key: value"
    fields = FIELDS.format(result="Error", fatal="False", warnings=0, errors=1)
    report = read_text(f"{HEADING}\n\n{fields}\n\nLog data:\n{first}\n{second}\n... and 7 more\n")
    assert report.log.lines == (first, second, "... and 7 more")
    assert (report.log.errors, report.log.left_out) == ((first,), 7)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=30),
    st.text("0123456789abcdef", max_size=32),
    st.integers(min_value=0, max_value=10**6),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-.()ü", max_size=20),
)
def test_the_heading_names_job_and_machine(job: str, machine_id: str, number: int, machine: str) -> None:
    report = read_text(f"Duplicati Backup report for {job} ({machine_id}, DB-{number}, {machine})\n\n{SUCCESS}")
    assert report.origin == Origin(machine_id or None, machine or None, job, f"DB-{number}")


@pytest.mark.parametrize("job", ["Documents", "Photos (old)", "a, b", "x (a, b)", "report for me", "x (a, b, c)"])
def test_a_job_name_may_look_like_the_rest_of_the_heading(job: str) -> None:
    assert read_text(f"Duplicati Backup report for {job} (id, DB-1, host)\n\n{SUCCESS}").origin.job_name == job


def test_a_placeholder_that_was_not_filled_in_is_no_name() -> None:
    report = read_text(f"Duplicati Backup report for Documents (%machine-id%, DB-1, %machine-name%)\n\n{SUCCESS}")
    assert report.origin == Origin(None, None, "Documents", "DB-1")


def test_another_operation_is_told_by_the_fields() -> None:
    text = SUCCESS.replace("MainOperation: Backup", "MainOperation: Restore")
    assert read_text(f"Duplicati Restore report for Documents\n\n{text}").operation == "Restore"


def test_extra_parameters_name_the_job_where_the_heading_was_changed() -> None:
    report = read_text(f"My own words\n\n{SUCCESS}", **{"backup-name": "Documents", "machine-name": "nas", "site": "north"})
    assert report.origin == Origin(None, "nas", "Documents", None)
    assert report.unknown_extra == (("site", "north"),)


def test_extra_parameters_do_not_replace_what_the_heading_says() -> None:
    report = read_text(f"{HEADING}\n\n{SUCCESS}", **{"backup-name": "Other", "machine-id": "other"})
    assert report.origin == Origin("de061ef9", "fileserver", "Documents", "DB-3")


def test_a_comma_at_the_end_of_the_last_text_is_its_own() -> None:
    report = read_text(
        f"{HEADING}\n\n{SUCCESS}\nLimitedMessages: [\n    2026 - [Information-a-b]: one,\n    2026 - [Information-a-b]: two,\n]"
    )
    assert report.log.lines == ("2026 - [Information-a-b]: one", "2026 - [Information-a-b]: two,")


def test_text_without_a_job_name_lists_what_is_missing() -> None:
    with pytest.raises(NotAReport) as refused:
        read_text(f"My own words\n\n{SUCCESS}")
    assert refused.value.missing == ("machine-id", "machine-name", "backup-name", "backup-id")


@pytest.mark.parametrize(
    "text",
    ["hello", "", "\n\n", "Failing: x", HEADING, "ParsedResult: Success", "a Failed: x", "Log data:\nMainOperation: Backup"],
)
def test_text_that_names_neither_operation_nor_failure_is_refused(text: str) -> None:
    with pytest.raises(NotAReport) as refused:
        read_text(text)
    assert refused.value.code == "no_report"


@pytest.mark.parametrize(
    "line", ["BeginTime: 23.02.2020 23:04:05", "BeginTime: ", "BeginTime: (99999999999999)", "Duration: soon", "ExaminedFiles: many"]
)
def test_a_line_that_cannot_be_read_is_refused(line: str) -> None:
    text = "\n".join(line if kept.startswith(line.partition(" ")[0]) else kept for kept in SUCCESS.split("\n"))
    with pytest.raises(NotAReport, match=line.partition(":")[0]):
        read_text(f"{HEADING}\n\n{text}")


def test_a_text_of_one_year_1_moment_has_none() -> None:
    text = SUCCESS.replace("EndTime: 23.02.2020 23:04:56 (1582495496)", "EndTime: 01/01/0001 00:00:00 (-62135596800)")
    assert read_text(f"{HEADING}\n\n{text}").ended_at is None


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_around_a_report_is_read_or_refused(before: str, after: str) -> None:
    body = f"message={quote(f'{before}{chr(10)}{HEADING}{chr(10)}{SUCCESS}{chr(10)}{after}', errors='replace')}"
    with suppress(NotAReport):
        report = read_body(body.encode(), None, None, LIMIT)
        assert isinstance(report, Report)
        assert report.operation == "Backup"
