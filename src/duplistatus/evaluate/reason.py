"""Why a run ended as it did, in one line for lists. In: a report; out: the first line of what went wrong, without the technical prefix,
at most 200 characters, or an empty text for a run without trouble."""

from __future__ import annotations

import re

from duplistatus.report.report import Report, Status

_PREFIX = re.compile(r".*? - \[\w+-.+?-[^-\]]+\]: ")
_EXCEPTION_TYPE = re.compile(r"[\w.`+]+(?:Exception|Error)\b(?: \([^)]*\))?: ")
_LONGEST = 200


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
    first = _PREFIX.sub("", text, count=1).strip().split("\n", 1)[0].strip()
    first = _EXCEPTION_TYPE.sub("", first, count=1)
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1].rstrip() + "…"
