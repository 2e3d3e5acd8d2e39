"""The tables of docs/access.md, as the tests read them: which kinds of callers a level lets in, which level each route has, and which
changes need no token. In: the page; out: sets and rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from duplistatus.web.access import Access
from tests.web.people import Kind

PAGE = Path(__file__).parent.parent.parent / "docs" / "access.md"

COLUMNS = (
    Kind.NOBODY,
    Kind.ANONYMOUS,
    Kind.MUST_CHANGE,
    Kind.USER,
    Kind.LIMITED,
    Kind.ADMIN,
    Kind.KEY_UPLOAD,
    Kind.KEY_READ,
    Kind.KEY_METRICS,
    Kind.KEY_ADMIN,
)
"""Of the table of levels, in their order."""


class Row(NamedTuple):
    """One path of one row: `pattern` as it is written, the methods it is for, and the level."""

    methods: frozenset[str]
    pattern: str
    access: Access

    def matches(self, method: str, path: str) -> bool:
        """Whether a route is meant. HEAD is as GET; the kinds of parameters do not count."""
        method = "GET" if method == "HEAD" else method
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", path)
        if method not in self.methods:
            return False
        if self.pattern.endswith("/**"):
            start = self.pattern.removesuffix("/**")
            return path == start or path.startswith(start + "/")
        return path == self.pattern


def _rows(section: str) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def levels() -> dict[str, set[Kind]]:
    """Whom each level lets in, by what stands in its first column."""
    found = {}
    for name, *cells in _rows("Levels"):
        assert len(cells) == len(COLUMNS), name
        assert set(cells) <= {"yes", "–"}, name
        found[name] = {kind for kind, cell in zip(COLUMNS, cells, strict=True) if cell == "yes"}
    return found


def routes() -> list[Row]:
    """Each path of each row."""
    return [
        Row(frozenset(methods.split(", ")), pattern, Access(level))
        for methods, paths, level in _rows("Routes")
        for pattern in re.findall(r"`([^`]+)`", paths)
    ]


def without_token() -> set[str]:
    """Changes that need no token of the session, as `POST /path`."""
    return {route for cells in _rows("Changes") for route in re.findall(r"`([^`]+)`", cells[0])}
