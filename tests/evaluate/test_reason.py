"""Why a run ended as it did, in one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.reason import reason_of
from duplistatus.report.reading import read_body
from duplistatus.report.report import Kind, Log, Origin, Report, Status
from tests.report.samples import DATA, recorded

ERROR = "2026-07-10 03:00:00 +02 - [Error-Duplicati.Library.Main.Operation.BackupHandler-FatalError]: "
WARNING = "2026-07-10 03:00:00 +02 - [Warning-Duplicati.Library.Main.Operation.FileEnumeration-PathProcessingError]: "


def report(
    status: Status = Status.ERROR, exception: str | None = None, errors: tuple[str, ...] = (), warnings: tuple[str, ...] = ()
) -> Report:
    origin = Origin("m", "host", "Documents", "DB-1")
    log = Log((*errors, *warnings), warnings, errors)
    return Report(Kind.JSON, origin, "Backup", status, status.value, None, None, None, exception=exception, log=log)


def test_a_success_needs_no_reason() -> None:
    assert reason_of(report(Status.SUCCESS, "left over", (ERROR + "x",))) == ""


def test_the_exception_comes_first_then_errors_then_warnings() -> None:
    errors, warnings = (f"{ERROR}an error", f"{ERROR}another"), (f"{WARNING}a warning",)
    assert reason_of(report(exception="System.Exception: it failed", errors=errors, warnings=warnings)) == "it failed"
    assert reason_of(report(errors=errors, warnings=warnings)) == "an error"
    assert reason_of(report(Status.WARNING, warnings=warnings)) == "a warning"
    assert reason_of(report(Status.FATAL)) == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Duplicati.Library.Interface.UserInformationException: The folder is gone", "The folder is gone"),
        ("System.IO.IOException: No space left on device : '/backup/a: b'", "No space left on device : '/backup/a: b'"),
        (
            "System.AggregateException: One or more errors occurred. (x)\n ---> System.Exception: x\n   at A.B()",
            "One or more errors occurred. (x)",
        ),
        ("System.Net.WebException (0x80131500): Not found", "Not found"),
        ("Microsoft.Data.Sqlite.SqliteException: SQLite Error 5: 'database is locked'.", "SQLite Error 5: 'database is locked'."),
        ("no type at all", "no type at all"),
        ("\n\n  a line after empty ones\n", "a line after empty ones"),
        (f"{WARNING}Failed to process path: /source/a - [b]: c", "Failed to process path: /source/a - [b]: c"),
        ("", ""),
    ],
)
def test_the_first_line_without_what_only_programmers_read(text: str, line: str) -> None:
    assert reason_of(report(exception=text)) == line


def test_an_empty_text_gives_way_to_the_next() -> None:
    assert reason_of(report(exception="  \n ", errors=(f"{ERROR}an error",))) == "an error"


def test_long_lines_are_cut_with_a_sign() -> None:
    line = reason_of(report(exception="word " * 100))
    assert len(line) <= 200
    assert line.endswith("word…")


@given(st.text(max_size=600))
def test_a_reason_is_one_line_of_bounded_length(text: str) -> None:
    line = reason_of(report(exception=text))
    assert len(line) <= 200
    assert "\n" not in line
    assert line == line.strip()


@pytest.mark.parametrize("piece", [" - [a-", " - [a-b-", "aException", "aException (", "a.", "- [", "x: ", " ", "\n", " - [a-b]: "])
def test_no_text_takes_longer_than_its_length_says(piece: str) -> None:
    """A search that tries every pair of places would take hours for a million characters."""
    begun = time.process_time()
    reason_of(report(errors=(piece * (1_000_000 // len(piece)),)))
    assert time.process_time() - begun < 0.5


FAILED = [path for path in sorted((DATA / "reports").glob("*/*.json")) if "-fatal" in path.name or "-error" in path.name]


@pytest.mark.parametrize("path", FAILED[::7], ids=lambda path: path.stem)
def test_recorded_failures_have_a_reason_without_technical_prefix(path: Path) -> None:
    request = recorded(path)
    parsed = read_body(request.body.encode(), request.content_type, None, 1 << 25)
    assert isinstance(parsed, Report)
    line = reason_of(parsed)
    assert line
    assert "Exception: " not in line[:60]
    assert " - [" not in line[:40]
