"""The texts of a run: log lines and the document's own arrays in, a `Log` out. Levels are read from the tag of each line, never
from words, since Duplicati translates some texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from duplistatus.report.fields import Section, as_json, count, items
from duplistatus.report.report import Log

# `2026-07-10 03:00:12 +02 - [Warning-Duplicati.Library…-PathProcessingFailed]: …`; the time is in the culture of the host and may
# hold anything, so only ` - [Level-` near the start of the line counts.
_TAG = " - [{level}-"
_TAG_WITHIN = 80
_REDACTED = "-redacted-"
_LEFT_OUT = re.compile(r"\.\.\. and ([0-9]{1,18}) more\s*")


def read_log(data: Section, log_lines: Sequence[object] | None, exception: str | None) -> Log:
    """The log of a document.

    1. The lines are `LogLines`, or the `Messages` of results from the job database and of plain text.
    2. Warnings and errors are the document's own arrays, or else the lines of these levels.
    3. The exception is an error unless one of the errors holds it already.
    """
    lines = _texts(log_lines or ())
    left_out = 0
    if lines:
        marker = _LEFT_OUT.fullmatch(lines[-1])
        left_out = int(marker[1]) if marker else 0
    else:
        lines = _texts(items(data, "Messages") or ())
        left_out = max(0, (count(data, "MessagesActualLength") or 0) - len(lines)) if lines else 0
    errors = _own_or_of_level(data, "Errors", lines, "Error")
    if exception is not None and not any(_holds(error, exception) for error in errors):
        errors = (*errors, exception)
    return Log(lines=lines, warnings=_own_or_of_level(data, "Warnings", lines, "Warning"), errors=errors, left_out=left_out)


def starts_line(text: str) -> bool:
    """True where a log line begins, False for the further lines of one that holds several, such as an exception."""
    return text.find(" - [", 0, _TAG_WITHIN) > 0 or _LEFT_OUT.fullmatch(text) is not None


def _holds(error: str, exception: str) -> bool:
    """True for an error line with that exception below it. Lines may be without paths, while the exception itself never is."""
    if exception in error:
        return True
    at = 0
    below = error.partition("\n")[2]
    for piece in below.split(_REDACTED):
        found = exception.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return _REDACTED in below


def _own_or_of_level(data: Section, key: str, lines: Sequence[str], level: str) -> tuple[str, ...]:
    own = items(data, key)
    if own is not None:
        return _texts(own)
    if count(data, f"{key}ActualLength") == 0:  # spares the search in the long logs of good runs
        return ()
    tag = _TAG.format(level=level)
    return tuple(line for line in lines if line.find(tag, 0, _TAG_WITHIN) > 0)


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    if set(map(type, values)) <= {str}:  # nearly always; a check of each line costs more than all the rest
        return cast(tuple[str, ...], tuple(values))
    return tuple(value if isinstance(value, str) else as_json(value) for value in values if value is not None)
