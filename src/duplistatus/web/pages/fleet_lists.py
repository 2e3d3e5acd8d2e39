"""Orders of the dashboard. In: servers with their jobs, or jobs; out: the same in the order asked for. Orders have short names that stand
in addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from duplistatus.evaluate.fleet_view import RANK, JobView, ServerView
from duplistatus.store.fleet import ServerRow
from duplistatus.store.fleet_states import JobState

Server = ServerView[ServerRow, JobState]
Line = tuple[ServerRow, JobView[JobState]]

CARD_ORDERS = ("problems", "name", "last", "size")

_CARD_KEYS: dict[str, Callable[[Server], Any]] = {
    "problems": lambda server: (RANK[server.state], server.row.label.casefold(), server.row.key),
    "name": lambda server: (server.row.label.casefold(), server.row.key),
    "last": lambda server: (-(server.last_run or 0), server.row.label.casefold()),
    "size": lambda server: (-(server.stored_size or 0), server.row.label.casefold()),
}


def sorted_cards(servers: Sequence[Server], order: str) -> list[Server]:
    """`problems` first, by `name`, newest run first (`last`), largest first (`size`)."""
    return sorted(servers, key=_CARD_KEYS[order])


def _names(line: Line) -> tuple[str, str]:
    return line[0].label.casefold(), line[1].row.name.casefold()


_LINE_KEYS: dict[str, Callable[[Line], Any]] = {
    "state": lambda line: RANK[line[1].state],
    "server": lambda line: line[0].label.casefold(),
    "job": lambda line: line[1].row.name.casefold(),
    "last": lambda line: line[1].row.last_begun_at,
    "next": lambda line: line[1].row.expected_at,
    "duration": lambda line: line[1].row.last_duration_ms,
    "source": lambda line: line[1].row.source_size,
    "uploaded": lambda line: line[1].row.last_uploaded,
    "versions": lambda line: line[1].row.versions_count,
    "warnings": lambda line: line[1].row.last_warnings,
    "errors": lambda line: line[1].row.last_errors,
}
LINE_ORDERS = tuple(_LINE_KEYS)
FALLING_FIRST = frozenset({"last", "duration", "source", "uploaded", "versions", "warnings", "errors"})
"""Columns of which people want the largest first."""


def sorted_lines(servers: Sequence[Server], order: str, *, falling: bool) -> list[Line]:
    """The jobs of the servers by a column; what is unknown comes last in both directions."""
    lines = [(server.row, job) for server in servers for job in server.jobs]
    lines.sort(key=_names)
    key = _LINE_KEYS[order]
    known = [line for line in lines if key(line) is not None]
    known.sort(key=key, reverse=falling)
    return known + [line for line in lines if key(line) is None]


def line_rank(line: Line) -> tuple[int, str, str]:
    """The most urgent first, then by name."""
    return RANK[line[1].state], *_names(line)
