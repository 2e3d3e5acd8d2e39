"""The texts of a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.report.log import starts_line
from duplistatus.report.rejection import NotAReport
from tests.report.samples import ABSENT, RECORDED, backup, read, read_recorded, recorded

TAG = "Duplicati.Library.Main.Operation.TestHandler-Test results"
TIMES = ["2026-07-10 03:00:12 +02", "2568-11-21 21.05.09 +07", "1447-09-17 20:31:12 +03", "٢٠٢٦-٠٧-١٠ 03:00:12 +05"]


def line(level: str, time: str = TIMES[0], message: str = "text") -> str:
    return f"{time} - [{level}-{TAG}]: {message}"


@pytest.mark.parametrize("time", TIMES)
def test_levels_are_read_from_the_tag_in_any_culture(time: str) -> None:
    lines = [line(level, time) for level in ("Information", "Warning", "Retry", "Error", "Warning")]
    log = read(backup(data={"WarningsActualLength": 2, "ErrorsActualLength": 1}, LogLines=lines)).log
    assert log.lines == tuple(lines)
    assert log.warnings == (lines[1], lines[4])
    assert log.errors == (lines[3],)


def test_a_level_inside_a_message_is_no_level() -> None:
    lines = [line("Information", message=f"x{'x' * 60} - [Error-a-b]: quoted")]
    assert read(backup(data={"ErrorsActualLength": 1}, LogLines=lines)).log.errors == ()


def test_the_documents_own_lists_come_before_the_lines() -> None:
    data = {"Warnings": ["own"], "Errors": [], "WarningsActualLength": 1, "ErrorsActualLength": 1}
    report = read(backup(data=data, LogLines=[line("Warning"), line("Error")]))
    assert (report.log.warnings, report.log.errors) == (("own",), ())


def test_the_messages_of_a_stored_result_are_its_lines() -> None:
    report = read(backup(data={"Messages": ["a", "b"], "Warnings": None, "MessagesActualLength": 5}, LogLines=ABSENT))
    assert (report.log.lines, report.log.left_out, report.messages_count) == (("a", "b"), 3, 5)


def test_counts_that_the_document_does_not_state_are_those_of_its_texts() -> None:
    absent: dict[str, object] = {f"{kind}ActualLength": ABSENT for kind in ("Messages", "Warnings", "Errors")}
    report = read(backup(data=absent, LogLines=[line("Information"), line("Warning"), line("Warning"), line("Error")]))
    assert (report.messages_count, report.warnings_count, report.errors_count) == (4, 2, 1)


@pytest.mark.parametrize(("version", "left_out"), [("2.1.0.5", 11), ("2.3.0.4", 13), ("2.3.0.109", 13)])
def test_a_log_that_duplicati_cut_says_how_much_is_missing(version: str, left_out: int) -> None:
    log = read_recorded(f"{version}/backup-ten-lines-success").log
    assert (len(log.lines), log.left_out) == (11, left_out)


def test_only_the_last_line_says_that_the_log_was_cut() -> None:
    assert read(backup(LogLines=["... and 5 more", line("Information")])).log.left_out == 0


@pytest.mark.parametrize("path", [path for path in RECORDED if "-fatal" in path.name], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_failure_lists_each_of_its_errors_once(path: object) -> None:
    assert path in RECORDED
    report = read_recorded("/".join(str(path).removesuffix(".json").split("/")[-2:]))
    assert report.exception is not None
    assert len(report.log.errors) == report.errors_count
    assert len(report.log.warnings) == report.warnings_count


def test_an_exception_that_a_line_shows_without_paths_is_listed_once() -> None:
    exception = "System.IO.IOException: Access to /home/anna/a.txt is denied\n   at Read(/home/anna)"
    shown = line("Error", message="It failed\n" + exception.replace("/home/anna", "-redacted-"))
    data: dict[str, object] = {"ParsedResult": "Fatal", "ErrorsActualLength": 1}
    assert read(backup(data=data, LogLines=[shown], Exception=exception)).log.errors == (shown,)
    other = shown.replace("denied", "granted")
    assert read(backup(data=data, LogLines=[other], Exception=exception)).log.errors == (other, exception)


@pytest.mark.parametrize("value", ["text", {"a": 1}, 5])
def test_lines_that_are_no_list_are_refused(value: object) -> None:
    with pytest.raises(NotAReport, match="LogLines must be a list"):
        read(backup(LogLines=value))


def test_entries_that_are_no_text_are_kept_as_json() -> None:
    assert read(backup(LogLines=["a", None, 5, {"b": 1}])).log.lines == ("a", "5", '{"b":1}')


@given(st.sampled_from(["Error", "Warning", "Information", "Retry", "Verbose", "Profiling", "DryRun"]), st.sampled_from(TIMES), st.text())
def test_a_log_line_is_known_by_its_beginning(level: str, time: str, message: str) -> None:
    assert starts_line(line(level, time, message))


def test_no_line_of_a_stack_trace_begins_a_log_line() -> None:
    request = recorded(next(path for path in RECORDED if path.match("2.3.0.4/backup-damaged-volume-fatal.json")))
    trace = read_recorded("2.3.0.4/backup-damaged-volume-fatal").exception
    assert trace is not None
    assert "\\n   at " in request.body
    assert not any(starts_line(part) for part in trace.split("\n"))
