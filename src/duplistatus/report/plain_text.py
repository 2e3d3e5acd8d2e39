"""Duplicati's plain-text report (the format `Duplicati`, which is the default of form posts): text in, a document of the shape of the
JSON one out, as far as the text tells. It has no statistics of the destination, whole seconds, and at most ten lines of each kind."""

from __future__ import annotations

import re
from collections.abc import Mapping

from duplistatus.clock import iso
from duplistatus.report.log import starts_line
from duplistatus.report.rejection import NotAReport
from duplistatus.report.timestamps import read_epoch_seconds

_FIELD = re.compile(r"([A-Z][A-Za-z]*): ?(.*)")
_LIST = re.compile(r"([A-Z][A-Za-z]*): \[(\])?")
# The first line of the default message, which users may change; the part in parentheses came later.
_HEADING = re.compile(r"Duplicati ([A-Za-z]+) report for (.+?)(?: \(([^(),]*), ([^(),]*), ([^,]*)\))?")
_HEADING_KEYS = ("OperationName", "backup-name", "machine-id", "backup-id", "machine-name")
_LONGEST_HEADING = 2_000
_PLACEHOLDER = re.compile(r"%[\w-]+%")
_LOG_HEADING = "Log data:"
_INDENT = "    "
_CUT_SHORT = "..."
_LISTS = {"LimitedMessages": "Messages", "LimitedWarnings": "Warnings", "LimitedErrors": "Errors"}
_MOMENTS = ("BeginTime", "EndTime")
_YEAR_1 = "0001-01-01T00:00:00"


def read_plain_text(text: str, parameters: Mapping[str, str]) -> dict[str, object]:
    """The document in a message. `parameters` are the other fields of the form (`send-http-extra-parameters`); they take part as
    keys of `Extra`, where the message does not name the same."""
    lines = text.replace("\r\n", "\n").split("\n")
    log_at = lines.index(_LOG_HEADING) if _LOG_HEADING in lines else len(lines)
    extra: dict[str, object] = {}
    data: dict[str, object] = {}
    failure, at = _read_failure(lines[:log_at], _read_heading(lines[:log_at], extra))
    while at < log_at:
        at = _read_entry(lines, at, log_at, data)
    if "MainOperation" not in data and failure is None:
        raise NotAReport("no_report", "The text is no report of Duplicati: it names neither an operation nor a failure")
    for key in _MOMENTS:
        if isinstance(moment := data.get(key), str):
            data[key] = _date_time(moment)
    return {
        # Duplicati up to 2.0.7 sends nothing but the exception of a failed run.
        "Data": data if "MainOperation" in data else {"Message": failure, "StackTrace": None},
        "Extra": {**parameters, **extra},
        "LogLines": _grouped(lines[log_at + 1 :]),
        "Exception": failure,
    }


def _read_heading(lines: list[str], extra: dict[str, object]) -> int:
    """Fills in the names of the heading; gives the number of the line after it, 0 without one."""
    for number, line in enumerate(lines):
        heading = _HEADING.fullmatch(line.rstrip()) if len(line) <= _LONGEST_HEADING else None
        if heading is not None:
            named = zip(_HEADING_KEYS, heading.groups(), strict=True)
            # An older Duplicati leaves a placeholder that it does not know as it is.
            extra.update({key: value for key, value in named if value and not _PLACEHOLDER.fullmatch(value)})
            return number + 1
        if _FIELD.fullmatch(line):
            break
    return 0


def _read_failure(lines: list[str], at: int) -> tuple[str | None, int]:
    """The exception at the start of the message of a failed run: `Failed: …`, then `Details: …` with the whole of it, then a blank
    line. Gives its text and the number of the line after it."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    if at == len(lines) or not lines[at].startswith("Failed: "):
        return None, at
    end = at + 1
    while end < len(lines) and not (lines[end - 1].strip() == "" and _FIELD.fullmatch(lines[end])):
        end += 1
    told = "\n".join(lines[at:end]).rstrip()
    short, _, details = told.partition("\nDetails: ")
    return details or short.removeprefix("Failed: "), end


def _read_entry(lines: list[str], at: int, end: int, data: dict[str, object]) -> int:
    """Reads the field or list that begins at a line; gives the number of the line after it."""
    opening = _LIST.fullmatch(lines[at])
    if opening is not None:
        key, closed = opening.groups()
        close = at if closed else next((number for number in range(at + 1, end) if lines[number] == "]"), end)
        if key in _LISTS:
            data[_LISTS[key]] = _list_items(lines[at + 1 : close])
        return close + 1
    field = _FIELD.fullmatch(lines[at])
    if field is not None:
        data.setdefault(field[1], field[2])
    return at + 1


def _list_items(lines: list[str]) -> list[str]:
    """The texts of a list: indented, with a comma after all but the last; a text of several lines goes on without indentation."""
    cut_short = bool(lines) and lines[-1] == _CUT_SHORT
    texts: list[str] = []
    for line in lines[:-1] if cut_short else lines:
        indented = line.startswith(_INDENT)
        if not texts or (indented and starts_line(line)):
            texts.append(line.removeprefix(_INDENT))
        else:
            texts[-1] += "\n" + line
    last = len(texts) if cut_short else len(texts) - 1
    return [text.removesuffix(",") if number < last else text for number, text in enumerate(texts)]


def _grouped(lines: list[str]) -> list[str]:
    """Log lines, each with the further lines that belong to it."""
    texts: list[str] = []
    for line in lines:
        if not texts or starts_line(line):
            texts.append(line)
        else:
            texts[-1] += "\n" + line
    if texts:
        texts[-1] = texts[-1].rstrip()
    return [text for text in texts if text]


def _date_time(text: str) -> str:
    """A moment as the JSON document writes it; text that cannot be read stays and is refused there."""
    try:
        moment = read_epoch_seconds(text)
    except ValueError:
        return text
    return iso(moment.at) if moment is not None else _YEAR_1
