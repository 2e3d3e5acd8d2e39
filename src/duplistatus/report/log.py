"""The texts of a run: log lines and the document's own arrays in, a `Log` out. Levels are read from the tag of each line, never
from words, since Duplicati translates some texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from duplistatus.report.fields import Section, as_json, count, items
from duplistatus.report.report import Log

# `2026-07-10 03:00:12 +02 - [Warning-Duplicati.Library…-PathProcessingFailed]: …`; the time is in the culture of the host and may
# hold anything, so only ` - [Level-` near the start of the line counts.
_TAG = " - [{level}-"
_TAG_WITHIN = 80
_LEFT_OUT = re.compile(r"\.\.\. and ([0-9]{1,18}) more\s*")


def read_log(data: Section, log_lines: Sequence[object] | None, exception: str | None) -> Log:
    """The log of a document.

    1. The lines are `LogLines`, or the `Messages` of results from the job database and of plain text.
    2. Warnings and errors are the document's own arrays, or else the lines of these levels.
    3. The exception is an error unless one of the errors holds it already.
    """
    lines = tuple(_texts(log_lines or ()))
    left_out = 0
    if lines:
        marker = _LEFT_OUT.fullmatch(lines[-1])
        left_out = int(marker[1]) if marker else 0
    else:
        lines = tuple(_texts(items(data, "Messages") or ()))
        left_out = max(0, (count(data, "MessagesActualLength") or 0) - len(lines)) if lines else 0
    warnings = items(data, "Warnings")
    errors = items(data, "Errors")
    all_errors = tuple(_texts(errors)) if errors is not None else _of_level(lines, "Error")
    if exception is not None and not any(exception in error for error in all_errors):
        all_errors = (*all_errors, exception)
    return Log(
        lines=lines,
        warnings=tuple(_texts(warnings)) if warnings is not None else _of_level(lines, "Warning"),
        errors=all_errors,
        left_out=left_out,
    )


def starts_line(text: str) -> bool:
    """True where a log line begins, False for the further lines of one that holds several, such as an exception."""
    return text.find(" - [", 0, _TAG_WITHIN) > 0 or _LEFT_OUT.fullmatch(text) is not None


def _of_level(lines: Iterable[str], level: str) -> tuple[str, ...]:
    tag = _TAG.format(level=level)
    return tuple(line for line in lines if line.find(tag, 0, _TAG_WITHIN) > 0)


def _texts(values: Iterable[object]) -> Iterable[str]:
    return (value if isinstance(value, str) else as_json(value) for value in values if value is not None)
