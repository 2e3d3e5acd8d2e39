"""The log of a run on its page: lines taken apart, searched, filtered and paged, without losing or inventing a character."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate import log_view
from duplistatus.evaluate.log_view import LogPage, failure_of, log_lines, log_page, parse_line, split

REPORTS = Path(__file__).parents[1] / "data" / "duplicati" / "reports"
LINE = "2026-11-21 09:15:58 +01 - [Warning-Duplicati.Library.Main.Controller-UnsupportedOption]: The supplied option --a is not supported"


def recorded_lines() -> list[str]:
    lines: list[str] = []
    for file in sorted(REPORTS.glob("*/*.json")):
        body = json.loads(file.read_text(encoding="utf-8"))["body"]
        if body.startswith("{"):
            lines += json.loads(body).get("LogLines") or []
    return lines


def texts(page: LogPage) -> list[str]:
    return [entry.line.text for entry in page.entries]


def untagged(*lines: str) -> list[tuple[str, str]]:
    return [("", line) for line in lines]


def test_a_line_is_taken_apart() -> None:
    line = parse_line(LINE)
    assert (line.level, line.tag, line.id) == ("warning", "Duplicati.Library.Main.Controller", "UnsupportedOption")
    assert (line.stamp, line.day, line.time) == ("2026-11-21 09:15:58 +01", "2026-11-21", "09:15:58")
    assert line.text == "The supplied option --a is not supported"


@pytest.mark.parametrize(
    ("stamp", "minutes"),
    [
        ("2026-07-10 03:00:12 +02", 120),
        ("2026-07-10 03:00:12 -03:30", -210),
        ("2026-03-06 20.31.04 +00", 0),
        ("2026-07-10 03:00:12", None),
        ("a moment", None),
    ],
)
def test_a_line_says_how_far_its_clock_was_ahead_of_utc(stamp: str, minutes: int | None) -> None:
    assert parse_line(f"{stamp} - [Warning-A-B]: x").offset == minutes


@pytest.mark.parametrize(
    ("text", "level", "id_", "time", "rest"),
    [
        (
            "2026-07-10 03:00:12 +02 - [Information-Duplicati.Library.Main.Operation.TestHandler-Test results]: Verified 3",
            "information", "Test results", "03:00:12", "Verified 3",
        ),
        ("2569-03-06 20:31:12 +07 - [Error-A.B-C]: x", "error", "C", "20:31:12", "x"),
        ("2026-03-06 20.31.04 +02 - [Retry-A.B:C-D]: x", "retry", "D", "20.31.04", "x"),
        ("1447-09-17 20:31:12 +03 - [DryRun-A-B]: x\n   at y [z-q]: w", "dryrun", "B", "20:31:12", "x\n   at y [z-q]: w"),
        ("2026-07-10 03:00:12 +02 - [Warning-A-B] [ex:System.IO.IOException]", "warning", "B", "03:00:12", "[ex:System.IO.IOException]"),
        ("2026-07-10 03:00:12 +02 - [Warning-A-B]", "warning", "B", "03:00:12", ""),
        ("a moment - [Warning-A-B]: x", "warning", "B", "", "x"),
        ("no line of Duplicati", "", "", "", "no line of Duplicati"),
        ("text first\n2026-07-10 03:00:12 +02 - [Warning-A-B]: x", "", "", "", "text first\n2026-07-10 03:00:12 +02 - [Warning-A-B]: x"),
        ("", "", "", "", ""),
    ],
)  # fmt: skip
def test_lines_of_every_culture_and_version_are_read(text: str, level: str, id_: str, time: str, rest: str) -> None:
    line = parse_line(text)
    assert (line.level, line.id, line.time, line.text) == (level, id_, time, rest)


def test_every_recorded_line_has_its_parts() -> None:
    lines = [line for line in recorded_lines() if not line.startswith("... and ")]
    assert len(lines) > 5_000
    for text in lines:
        line = parse_line(text)
        written = re.escape(line.stamp) + r" - \[(\w+)-" + re.escape(f"{line.tag}-{line.id}]: {line.text}")
        assert (match := re.fullmatch(written, text)), text
        assert match[1].lower() == line.level
        assert line.time in line.stamp
        assert line.time


@given(
    st.sampled_from(["Error", "Warning", "Information", "Retry", "Verbose", "Profiling", "DryRun", "ExplicitOnly"]),
    st.from_regex(r"[A-Za-z.:`0-9]{1,60}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9 ]{0,20}[A-Za-z0-9])?", fullmatch=True),
    st.text(),
)
def test_what_duplicati_composes_is_taken_apart_again(level: str, tag: str, id_: str, message: str) -> None:
    line = parse_line(f"2026-07-10 03:00:12 +02 - [{level}-{tag}-{id_}]: {message}")
    assert (line.level, line.tag, line.id, line.text) == (level.lower(), tag, id_, message)


@given(st.text())
def test_any_text_keeps_its_end(text: str) -> None:
    line = parse_line(text)
    assert text.endswith(line.text)
    if not line.level:
        assert line.text == text


@given(st.text(), st.text(min_size=1, max_size=4))
def test_pieces_joined_are_the_text_again(text: str, query: str) -> None:
    parts = split(text, re.compile(re.escape(query), re.IGNORECASE))
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts)
    assert all(part.found == (re.fullmatch(re.escape(query), part.text, re.IGNORECASE) is not None) for part in parts if part.found)
    assert any(part.found for part in parts) == (re.search(re.escape(query), text, re.IGNORECASE) is not None)


def test_the_query_is_found_in_any_case_and_as_text_not_as_a_pattern() -> None:
    page = log_page(untagged("Access (denied)", "access granted", "(DENIED) twice (denied)"), "(denied)")
    assert [entry.number for entry in page.entries] == [1, 3]
    assert [part for part in page.entries[1].text if part.found] == [("(DENIED)", True), ("(denied)", True)]
    assert (page.found, page.lines) == (2, 3)


def test_the_kind_of_message_is_searched_too() -> None:
    page = log_page(untagged(LINE, "other"), "unsupportedopt")
    assert [part.text for part in page.entries[0].id if part.found] == ["UnsupportedOpt"]


def test_levels_filter_and_are_counted_under_the_query() -> None:
    lines = untagged(LINE, LINE.replace("[Warning", "[Error"), LINE.replace("[Warning", "[Error").replace("--a", "--b"), "plain")
    page = log_page(lines, "--a", "error")
    assert texts(page) == ["The supplied option --a is not supported"]
    assert (page.count("error"), page.count("warning"), page.count("other"), page.matching) == (1, 1, 0, 2)
    assert log_page(lines, level="other").entries[0].number == 4


def test_a_long_log_comes_in_pages_and_every_line_on_one_of_them() -> None:
    lines = untagged(*(f"line {number}" for number in range(1, 451)))
    pages = [log_page(lines, start=start, size=200) for start in (0, 200, 400)]
    assert [page.end - page.start for page in pages] == [200, 200, 50]
    assert [text for page in pages for text in texts(page)] == [text for _, text in lines]


@pytest.mark.parametrize(("start", "shown"), [(-5, 0), (400, 400), (450, 400), (10**30, 400)])
def test_a_start_outside_the_log_gives_a_page_that_has_lines(start: int, shown: int) -> None:
    lines = untagged(*(f"line {number}" for number in range(450)))
    assert log_page(lines, start=start, size=200).start == shown


def test_an_empty_log_is_an_empty_page() -> None:
    page = log_page([], "x", "error", 50)
    assert (page.entries, page.start, page.found, page.lines) == ((), 0, 0, 0)


def test_a_line_of_any_length_is_cut_on_the_page_and_says_by_how_much() -> None:
    page = log_page(untagged("x" * (log_view.LONGEST + 7)))
    assert len(page.entries[0].text[0].text) == log_view.LONGEST
    assert page.entries[0].cut == 7


def test_a_text_of_many_lines_is_folded_after_its_first_ones() -> None:
    trace = "\n".join(["failed", "System.Exception: why", *(f"   at {number}" for number in range(8))])
    (entry,) = log_page(untagged(trace)).entries
    assert entry.text[0].text == "failed\nSystem.Exception: why\n   at 0"
    assert entry.more[0].text.splitlines() == [f"   at {number}" for number in range(1, 8)]
    assert entry.more_lines == 7
    (short,) = log_page(untagged("a\nb\nc\nd")).entries
    assert (short.text[0].text, short.more, short.more_lines) == ("a\nb\nc\nd", (), 0)


@given(st.text(alphabet="ab\n", max_size=60))
def test_folding_loses_no_character_but_the_breaks_around_the_fold(text: str) -> None:
    (entry,) = log_page(untagged(text)).entries
    shown = "".join(part.text for part in (*entry.text, *entry.more))
    assert shown.replace("\n", "") == text.replace("\n", "")


def test_the_days_are_named_only_when_the_log_spans_several() -> None:
    first, second = LINE, LINE.replace("2026-11-21", "2026-11-22")
    assert [entry.starts_day for entry in log_page(untagged(first, first)).entries] == [False, False]
    assert [entry.starts_day for entry in log_page(untagged(first, first, second, "x", second)).entries] == [
        True,
        False,
        True,
        False,
        False,
    ]


def test_duplicatis_mark_of_a_cut_is_no_line() -> None:
    assert log_lines(["a", "... and 13 more"], [], []) == [("", "a")]
    assert log_lines(["... and 13 more", "a"], [], []) == [("", "... and 13 more"), ("", "a")]


def test_warnings_and_errors_that_no_line_holds_are_added_with_their_level() -> None:
    found = log_lines(["a", "w1"], ["w1", "w2", "w2"], ["e1", "the exception"], "the exception")
    assert found == [("", "a"), ("", "w1"), ("warning", "w2"), ("error", "e1")]
    assert log_page(found).count("warning") == 1


def test_an_exception_is_told_in_plain_words_first() -> None:
    failure = failure_of(
        "Duplicati.Library.Interface.FolderMissingException: The folder /backups/in does not exist\r\n"
        "   at Duplicati.Library.Backend.File.ListAsync(CancellationToken cancelToken)+MoveNext()\r\n   at B"
    )
    assert failure.message == "The folder /backups/in does not exist"
    assert failure.kind == "FolderMissingException"
    assert failure.trace.splitlines() == [
        "   at Duplicati.Library.Backend.File.ListAsync(CancellationToken cancelToken)+MoveNext()",
        "   at B",
    ]


@pytest.mark.parametrize(
    ("text", "message", "kind"),
    [
        ("System.Net.Sockets.SocketException (111): Connection refused\n   at X", "Connection refused", "SocketException"),
        ("System.IO.IOException: No space\nleft ---> here\n ---> System.X: y", "No space\nleft ---> here", "IOException"),
        ("something went wrong: really", "something went wrong: really", ""),
        ("The folder does not exist", "The folder does not exist", ""),
        ("System.Exception: \n   at X", "System.Exception: \n   at X", "Exception"),
    ],
)
def test_exceptions_of_any_form_have_a_message(text: str, message: str, kind: str) -> None:
    failure = failure_of(text)
    assert (failure.message, failure.kind) == (message, kind)


@given(st.text(min_size=1).filter(str.strip))
def test_any_exception_has_a_message(text: str) -> None:
    assert failure_of(text).message.strip()


@pytest.mark.parametrize("piece", [" - [a-", " - [a-b-", " - [a-b-c]", " - [a", "- [", "-", "]", "\n"])
def test_a_page_takes_no_longer_for_lines_that_nearly_have_a_tag(piece: str) -> None:
    lines = untagged(*[piece * (1_200 // len(piece))] * 5_000)
    begun = time.process_time()
    log_page(lines, "nothing like this")
    assert time.process_time() - begun < 1
