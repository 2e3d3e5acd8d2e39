"""The history table of a server or job. In: the query of its address (order, status, place, size); out: the lines of one page with the
addresses of those around it. In the order of begin times a page is found by the place where it starts, so that the
thousandth costs as much as the first; in other orders by its number among the newest runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from duplistatus.report.report import Status
from duplistatus.store import history_page
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow
from duplistatus.store.history_page import COUNTED_RUNS, SORTED_RUNS, Column, HistoryLine, Place
from duplistatus.store.ids import JobId
from duplistatus.web.pages.dashboard_query import RANGES, USUAL_RANGE

SIZES = (25, 50, 100, 200)
_PLACE = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})")
_SKIP = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which part of a history. `before` and `after`: the page that ends or begins next to a place, by begin time; `skip`: lines of
    the order before the page, as far as the address tells; `span`: the range of the charts beside it."""

    sort: Column = Column.BEGUN
    descending: bool = True
    status: str | None = None
    size: int = SIZES[0]
    span: str = USUAL_RANGE
    beyond: Place | None = None
    until: Place | None = None
    skip: int = 0


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """One page. `total` counts the runs that it is a page of, `counted` is False when there are more than were counted; `sorted_of`:
    how many runs there are where only the newest were sorted. Addresses are queries without `?`, None where there is no such page."""

    query: HistoryQuery
    lines: list[HistoryLine]
    names: Mapping[JobId, str]
    total: int
    counted: bool
    sorted_of: int | None
    address: str
    sort_addresses: Mapping[str, str]
    range_addresses: Mapping[str, str]
    backward: str | None
    forward: str | None

    @property
    def first(self) -> int:
        """Number of the first line, from 1."""
        return self.query.skip + 1

    @property
    def last(self) -> int:
        return self.query.skip + len(self.lines)


def read_query(values: Mapping[str, str]) -> HistoryQuery:
    """The query of an address. What nobody knows is read as the usual: an old bookmark is no error."""
    column = Column(_one_of(values, "sort", [column.value for column in Column], Column.BEGUN.value))
    order = _one_of(values, "order", ["asc", "desc"], "asc" if column is Column.JOB else "desc")
    status = _one_of(values, "status", [each.value for each in Status], "")
    size = int(_one_of(values, "size", [str(each) for each in SIZES], str(SIZES[0])))
    skip = _SKIP.fullmatch(values.get("skip", ""))
    return HistoryQuery(
        column,
        order == "desc",
        status or None,
        size,
        _one_of(values, "range", RANGES, USUAL_RANGE),
        _place(values, "beyond"),
        _place(values, "until"),
        int(skip[0]) if skip else 0,
    )


def _one_of(values: Mapping[str, str], name: str, allowed: Sequence[str], default: str) -> str:
    value = values.get(name, "")
    return value if value in allowed else default


def _place(values: Mapping[str, str], name: str) -> Place | None:
    match = _PLACE.fullmatch(values.get(name, ""))
    return Place(int(match[1]), int(match[2])) if match else None


def read_history(connection: Connection, jobs: Sequence[JobRow], query: HistoryQuery) -> HistoryPart:
    """The page that the query means, of these jobs."""
    names = {each.id: each.name for each in jobs}
    runs = sum(each.run_count for each in jobs)
    counted = True
    if query.status:
        runs = history_page.count_of_status(connection, list(names), query.status)
        counted = runs <= COUNTED_RUNS
        runs = min(runs, COUNTED_RUNS)
    if query.sort is Column.BEGUN:
        lines, query, backward, forward = _by_begin(connection, list(names), query)
        total, sorted_of = runs, None
    else:
        ordered = history_page.sorted_lines(connection, names, query.status, query.sort, descending=query.descending)
        total, sorted_of = len(ordered), runs if runs > SORTED_RUNS or not counted else None
        skip = min(query.skip, max(0, (total - 1) // query.size * query.size))
        query = replace(query, skip=skip)
        lines = ordered[skip : skip + query.size]
        backward = {"skip": max(0, skip - query.size)} if skip else None
        forward = {"skip": skip + query.size} if skip + query.size < total else None
        counted = True
    return HistoryPart(
        query,
        lines,
        names,
        total,
        counted,
        sorted_of,
        _address(query),
        {column.value: _address(_resorted(query, column)) for column in Column},
        {span: _address(replace(query, span=span)) for span in RANGES},
        _address(query, backward) if backward is not None else None,
        _address(query, forward) if forward is not None else None,
    )


_Move = dict[str, object] | None


def _by_begin(connection: Connection, jobs: list[JobId], query: HistoryQuery) -> tuple[list[HistoryLine], HistoryQuery, _Move, _Move]:
    """The page by place. One line more than shown tells whether another page follows."""
    if query.until is not None:
        back = history_page.lines_beyond(connection, jobs, query.status, query.until, query.size + 1, descending=not query.descending)
        if len(back) > query.size:
            lines = back[-2::-1]
            skip = max(query.skip, 1)
            shown = replace(query, skip=skip)
            return lines, shown, _back(lines, shown), _on(lines, shown)
        # Fewer than a page lie before: that is the first page.
        query = replace(query, beyond=None, until=None)
    found = history_page.lines_beyond(connection, jobs, query.status, query.beyond, query.size + 1, descending=query.descending)
    lines = found[: query.size]
    query = replace(query, skip=query.skip if query.beyond is not None else 0)
    return lines, query, _back(lines, query) if query.beyond and lines else None, _on(lines, query) if len(found) > query.size else None


def _back(lines: list[HistoryLine], query: HistoryQuery) -> _Move:
    return {"until": _text(lines[0].place), "skip": max(0, query.skip - query.size)}


def _on(lines: list[HistoryLine], query: HistoryQuery) -> _Move:
    return {"beyond": _text(lines[-1].place), "skip": query.skip + len(lines)}


def _text(place: Place) -> str:
    return f"{place.begun_at}.{place.id}"


def _resorted(query: HistoryQuery, column: Column) -> HistoryQuery:
    """The first page in the order that a click on a column's title means: the other direction where it is sorted by already."""
    descending = not query.descending if column is query.sort else column is not Column.JOB
    return replace(query, sort=column, descending=descending, beyond=None, until=None, skip=0)


def _address(query: HistoryQuery, move: _Move = None) -> str:
    """The query of a page's address: what differs from the usual, then where it is."""
    values: dict[str, object] = {}
    if query.sort is not Column.BEGUN:
        values["sort"] = query.sort.value
    if query.descending is (query.sort is Column.JOB):
        values["order"] = "desc" if query.descending else "asc"
    if query.status:
        values["status"] = query.status
    if query.size != SIZES[0]:
        values["size"] = query.size
    if query.span != USUAL_RANGE:
        values["range"] = query.span
    if move is None:
        place = {"beyond": query.beyond and _text(query.beyond), "until": query.until and _text(query.until), "skip": query.skip}
        move = {name: value for name, value in place.items() if value}
    values |= {name: value for name, value in move.items() if value}
    return urlencode(values)
