"""What of a run's log a message shows. In: the log, and the words for its levels; out: lines of text: errors first, then warnings, and
messages only where there is neither; so many that they can be read."""

from __future__ import annotations

from duplistatus.evaluate.log_view import parse_line
from duplistatus.notify.phrasebook import Texts
from duplistatus.store.runs import RunLog

MOST_LINES = 40
MOST_CHARACTERS = 4_000
_LONGEST_LINE = 500
_OF_ONE = 3
"""Lines of one entry: what follows is the trace of an exception."""


def excerpt(log: RunLog, reason: str, texts: Texts) -> list[str]:
    """The lines; `reason`: said where the log says nothing."""
    errors = list(log.errors) or ([log.exception] if log.exception else [])
    entries = [("error", text) for text in errors] + [("warning", text) for text in log.warnings]
    entries = entries or [("", text) for text in log.lines]
    lines: list[str] = []
    length = 0
    for index, (level, text) in enumerate(entries):
        own = _lines_of(level, text, texts)
        length += sum(len(line) + 1 for line in own)
        if lines and (len(lines) + len(own) > MOST_LINES or length > MOST_CHARACTERS):
            lines.append(texts.word("log.more", count=str(len(entries) - index + log.left_out)))
            return lines
        lines += own
    if lines and log.left_out:
        lines.append(texts.word("log.more", count=str(log.left_out)))
    return lines or ([reason] if reason else [])


def _lines_of(level: str, text: str, texts: Texts) -> list[str]:
    said = [line.rstrip() for line in parse_line(text, level).text.strip().splitlines() if line.strip()]
    said = [line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…" for line in said]
    if not said:
        return []
    if len(said) > _OF_ONE:
        said = [*said[:_OF_ONE], "…"]
    first = f"{texts.word(f'log.{level}')} {said[0]}" if level else said[0]
    return [first, *(f"  {line.strip()}" for line in said[1:])]
