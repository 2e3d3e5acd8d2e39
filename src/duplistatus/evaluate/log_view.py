"""The log of a run as people read it. In: the texts as Duplicati wrote them, what is searched for and a place to start; out: one page
of lines, split into what was found and what lies between. Only one page is made of a log of any length, and the time that it takes
grows with the log alone, never with what is in its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

PAGE = 200
"""Lines of one page."""
LONGEST = 10_000
"""Characters of one line that a page shows; the rest is in the download."""
QUERY = 200
"""Characters of a query that count."""

_FOLDED, _UNFOLDED = 6, 3
"""Line breaks from which on a text is folded, and lines that stay in sight."""

ERROR, WARNING, OTHER = "error", "warning", "other"

# `2026-07-10 03:00:12 +02 - [Warning-Duplicati.Library.Main.Controller-UnsupportedOption]: …`. The time is in the culture of the host,
# ids may hold spaces, and reduced reports end after the bracket.
_OPENING = " - ["
_LEVEL = re.compile(r"\w+")
_TAG_WITHIN, _TAG_ENDS = 80, 600
_STAMP = re.compile(r"(\S+) (\d{1,2}[:.]\d{2}[:.]\d{2})(?: \S+)?\Z")
_OFFSET = re.compile(r" ([+-])(\d{2})(?::(\d{2}))?\Z", re.ASCII)
_MARKER = re.compile(r"\.\.\. and [0-9]+ more\s*")


class _Tag(NamedTuple):
    """The bracket of a line, and where it stands in it."""

    start: int
    end: int
    level: str
    tag: str
    id: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, taken apart. `level` in lower case, empty where the line names none; `stamp` is the whole time as written, `day`
    and `time` its parts where it has them; `tag` names the part of Duplicati that wrote the line, `id` the kind of message."""

    level: str
    stamp: str
    day: str
    time: str
    tag: str
    id: str
    text: str

    @property
    def offset(self) -> int | None:
        """Minutes by which the clock that wrote the line was ahead of UTC, where it says so."""
        if (found := _OFFSET.search(self.stamp)) is None:
            return None
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return -minutes if found[1] == "-" else minutes


class Part(NamedTuple):
    """A piece of text, and whether it is what was searched for."""

    text: str
    found: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line on a page. `number` counts all lines of the log from 1; `more` is what follows a long text's first lines, such as the trace
    of an exception; `cut` are characters beyond the longest that is shown; `starts_day` marks the first line of each day on a page
    that spans several."""

    number: int
    line: LogLine
    id: tuple[Part, ...]
    text: tuple[Part, ...]
    more: tuple[Part, ...]
    more_lines: int
    cut: int
    starts_day: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page. `counts` are the lines that match the query by level, `found` those that match query and level, `lines` all of the
    log; `start` is the position of the first entry among the found ones."""

    entries: tuple[Entry, ...]
    start: int
    found: int
    lines: int
    counts: tuple[tuple[str, int], ...]
    query: str
    level: str

    @property
    def end(self) -> int:
        """Position after the last entry."""
        return self.start + len(self.entries)

    @property
    def matching(self) -> int:
        """Lines that match the query, whatever their level."""
        return sum(count for _, count in self.counts)

    def count(self, level: str) -> int:
        """Lines of a level that match the query."""
        return dict(self.counts).get(level, 0)


def parse_line(text: str, level: str = "") -> LogLine:
    """A line taken apart; one without a tag is all text and has the level that the caller knows."""
    tag = _tag(text)
    if tag is None:
        return LogLine(level, "", "", "", "", "", text)
    stamp = text[: tag.start]
    parts = _STAMP.match(stamp)
    day, time = (parts[1], parts[2]) if parts else ("", "")
    return LogLine(tag.level, stamp, day, time, tag.tag, tag.id, text[tag.end :])


def _tag(text: str) -> _Tag | None:
    """The bracket with level, tag and id, where the line has one at its beginning. The few places where one may begin are looked at one
    by one, so that no line takes longer than others of its length."""
    line_end = text.find("\n", 0, _TAG_ENDS)
    end = line_end if line_end >= 0 else min(len(text), _TAG_ENDS)
    start = text.find(_OPENING, 0, _TAG_WITHIN + len(_OPENING))
    while start >= 0:
        inside = start + len(_OPENING)
        closed = text.find("]", inside, end)
        if closed < 0:
            return None
        after = closed + 1
        if after == end or text[after] in ": ":
            level, _, rest = text[inside:closed].partition("-")
            tag, dash, id_ = rest.rpartition("-")
            if dash and id_ and _LEVEL.fullmatch(level):
                after += 2 if text.startswith(": ", after, end) else int(after < end)
                return _Tag(start, after, level.lower(), tag, id_) if start else None
        start = text.find(_OPENING, start + 1, _TAG_WITHIN + len(_OPENING))
    return None


def log_lines(lines: Sequence[str], warnings: Sequence[str], errors: Sequence[str], exception: str | None = None) -> list[tuple[str, str]]:
    """All texts of a run as (level where the list says it, text): the lines without Duplicati's mark of a cut, then the warnings and
    errors that are not among them. The exception is left out, since it is shown by itself."""
    texts = [("", line) for line in lines]
    if texts and _MARKER.fullmatch(texts[-1][1]):
        texts.pop()
    known = set(lines)
    texts += [(WARNING, line) for line in dict.fromkeys(warnings) if line not in known]
    texts += [(ERROR, line) for line in dict.fromkeys(errors) if line not in known and line != exception]
    return texts


def log_page(texts: Iterable[tuple[str, str]], query: str = "", level: str = "", start: int = 0, size: int = PAGE) -> LogPage:
    """The lines from position `start` among those that hold the query (in any case of letters, in message or kind) and have the
    level; a start beyond the last one gives the last page."""
    query = query.strip()[:QUERY]
    finder = re.compile(re.escape(query), re.IGNORECASE) if query else None
    found: list[tuple[int, str, str]] = []
    counts: Counter[str] = Counter()
    total = 0
    for number, (known_level, text) in enumerate(texts, 1):
        total = number
        tag = _tag(text)
        if finder and not (finder.search(text, tag.end if tag else 0) or (tag and finder.search(tag.id))):
            continue
        of_line = (tag.level if tag else known_level) or OTHER
        counts[of_line] += 1
        if level in {"", of_line}:
            found.append((number, known_level, text))
    start = _within(start, len(found), size)
    shown = [(number, parse_line(text, known)) for number, known, text in found[start : start + size]]
    entries = _entries(shown, finder)
    return LogPage(tuple(entries), start, len(found), total, tuple(sorted(counts.items())), query, level)


def _entries(shown: list[tuple[int, LogLine]], finder: re.Pattern[str] | None) -> list[Entry]:
    several_days = len({line.day for _, line in shown if line.day}) > 1
    entries = []
    day = ""
    for number, line in shown:
        starts_day = several_days and line.day not in {"", day}
        day = line.day or day
        shown_text = line.text[:LONGEST]
        fold = _fold(shown_text)
        more = shown_text[fold:].strip("\r\n")
        entries.append(
            Entry(
                number,
                line,
                split(line.id, finder),
                split(shown_text[:fold], finder),
                split(more, finder),
                more.count("\n") + 1 if more else 0,
                len(line.text) - len(shown_text),
                starts_day,
            )
        )
    return entries


def _fold(text: str) -> int:
    """Where a text of many lines is folded: after the first ones."""
    if text.count("\n") < _FOLDED:
        return len(text)
    end = -1
    for _ in range(_UNFOLDED):
        end = text.index("\n", end + 1)
    return end


def _within(start: int, found: int, size: int) -> int:
    """The start of a page that has lines, nearest below the one asked for."""
    last = max(0, (found - 1) // size * size)
    return max(0, min(start, last))


def split(text: str, finder: re.Pattern[str] | None) -> tuple[Part, ...]:
    """The text in pieces, in order; joined they are the text again."""
    if finder is None:
        return (Part(text, False),) if text else ()
    parts = []
    end = 0
    for match in finder.finditer(text):
        if match.start() > end:
            parts.append(Part(text[end : match.start()], False))
        parts.append(Part(match[0], True))
        end = match.end()
    if end < len(text):
        parts.append(Part(text[end:], False))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception in plain words: what happened, its technical name, and the trace that only a developer reads."""

    message: str
    kind: str
    trace: str


_KIND = re.compile(r"(?:[\w`+]+\.)*([\w`+]+)(?: \([^)\n]{0,40}\))?: ")
_TRACE = re.compile(r"^[ \t]*(?:at |---)", re.MULTILINE)


def failure_of(exception: str) -> Failure:
    """Takes .NET's text of an exception apart: `Type: message`, over any number of lines, then the trace."""
    text = exception.replace("\r\n", "\n").strip()
    kind = _KIND.match(text)
    rest = text[kind.end() :] if kind else text
    trace = _TRACE.search(rest, 1)
    message = rest[: trace.start()] if trace else rest
    return Failure(message.strip() or text, kind[1] if kind else "", rest[trace.start() :].strip("\n") if trace else "")
