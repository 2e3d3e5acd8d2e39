"""What of a log a message shows."""

from __future__ import annotations

from duplistatus.i18n.languages import ENGLISH
from duplistatus.notify.log_excerpt import MOST_CHARACTERS, MOST_LINES, excerpt
from duplistatus.notify.phrasebook import texts_of
from duplistatus.store.runs import RunLog

TEXTS = texts_of(ENGLISH)
HEAD = "2026-07-10 11:00:00 +00 - [Warning-Duplicati.Library.Main.Operation.Backup-Trouble]: "


def lines(log: RunLog, reason: str = "") -> list[str]:
    return excerpt(log, reason, TEXTS)


def test_errors_come_first_and_without_their_technical_beginning() -> None:
    log = RunLog(("line",), (HEAD + "3 files are locked",), (HEAD.replace("Warning", "Error") + "The disk is gone",))
    assert lines(log) == ["Error: The disk is gone", "Warning: 3 files are locked"]


def test_messages_are_shown_where_there_is_neither() -> None:
    assert lines(RunLog((HEAD.replace("Warning", "Information") + "done",))) == ["done"]
    assert lines(RunLog((), ("w",))) == ["Warning: w"]


def test_an_exception_counts_as_an_error_and_its_trace_is_left_out() -> None:
    trace = "System.IO.IOException: gone\n  at A\n\n  at B\n  at C\n  at D"
    assert lines(RunLog(exception=trace)) == ["Error: System.IO.IOException: gone", "  at A", "  at B", "  …"]


def test_a_log_that_says_nothing_is_its_reason() -> None:
    assert lines(RunLog(), "the run never ended") == ["the run never ended"]
    assert lines(RunLog()) == []


def test_a_long_log_is_cut_and_the_rest_counted() -> None:
    found = lines(RunLog((), tuple(f"warning {index}" for index in range(100)), left_out=7))
    assert len(found) == MOST_LINES + 1
    assert found[-1] == f"… and {100 - MOST_LINES + 7} more"
    found = lines(RunLog((), ("x" * 10_000,) * 30))
    assert sum(len(line) for line in found) < MOST_CHARACTERS + 600
    assert found[-1] == "… and 23 more"
