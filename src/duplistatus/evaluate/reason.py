"""Why a run ended as it did, in one line for lists. In: a report; out: the first line of what went wrong, without the technical prefix,
at most 200 characters, or an empty text for a run without trouble."""

from __future__ import annotations

import re

from duplistatus.evaluate.log_view import parse_line
from duplistatus.report.report import Report, Status

# Begins only where a word begins, and looks only so far for the end of the bracket: anybody may send any text, and the search must not
# take longer for one than for another.
_EXCEPTION_TYPE = re.compile(r"(?<![\w.`+])[\w.`+]+(?:Exception|Error)(?: \([^)]{0,80}\))?: ")
_LONGEST = 200
_LOOKED_AT = 4_000
"""Characters of a text in which its first line is looked for."""


def reason_of(report: Report) -> str:
    """The exception of a failed run, else its first error, else its first warning."""
    if report.status == Status.SUCCESS:
        return ""
    texts = (report.exception, *report.log.errors[:1], *report.log.warnings[:1])
    for text in texts:
        if text:
            line = _in_brief(text)
            if line:
                return line
    return ""


def _in_brief(text: str) -> str:
    message = parse_line(text.lstrip()[:_LOOKED_AT]).text
    first = message.strip().split("\n", 1)[0].strip()
    first = _EXCEPTION_TYPE.sub("", first, count=1)
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1].rstrip() + "…"
