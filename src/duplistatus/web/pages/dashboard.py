"""`GET /`: the fleet on one page, as cards, as a table or as charts. In: how to show it, and how much of it (`n` parts from the top, or one
`part` alone); out: HTML, or 304. Without a server it is the first-run page; who sees only some servers and none of them is told so. A
long fleet comes in parts, the next one when the end of the page comes into sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant
from duplistatus.evaluate.fleet_view import Group, filtered, job_view
from duplistatus.evaluate.server_release import server_release
from duplistatus.store import fleet as store_fleet
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.live_servers import live_server
from duplistatus.store.notify_list import notify_row
from duplistatus.store.silences import held
from duplistatus.web.access import Access, Caller, Refused, guarded
from duplistatus.web.context import context
from duplistatus.web.live_words import ServerMark, server_mark
from duplistatus.web.pages.dashboard_query import RANGES, VIEWS, Asked, address, asked
from duplistatus.web.pages.dashboard_side import Side, side
from duplistatus.web.pages.fleet_cache import Fleet, Sums, fleet_cache, fleet_now
from duplistatus.web.pages.fleet_lists import CARD_ORDERS, FALLING_FIRST, LINE_ORDERS, Line, Server, sorted_cards, sorted_lines
from duplistatus.web.pages.job_row import KINDS, row_view
from duplistatus.web.pages.notification_rows import told_words
from duplistatus.web.pages.rendering import Reader, known_answer, page, page_tag, reader_of
from duplistatus.web.pages.sentence import sentence
from duplistatus.web.pages.start import start_page
from duplistatus.web.release_words import Badge, badge

router = APIRouter(include_in_schema=False)

JOBS_A_PART = 120
_MOST_PARTS = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Card:
    """A server with the rows of its jobs. `mark`: what it does that matters."""

    server: Server
    kind: str
    badge: Badge
    rows: list[Markup]
    mark: ServerMark | None


@dataclass(frozen=True, slots=True)
class Listed:
    """The list as far as it is asked for. `following` is the number of the next part, None at the end; `parts` how many there are."""

    cards: list[Card]
    lines: list[Markup]
    following: int | None
    parts: int

    @property
    def is_empty(self) -> bool:
        return not self.cards and not self.lines


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the list: sentence, figures, the side, and the addresses of other ways to look at it. `columns`: where the head
    of each column leads, and how it is sorted now."""

    sentence: Markup
    sums: Sums
    side: Side | None
    group_link: Callable[[Group], str]
    everything: str
    views: list[tuple[str, str]]
    orders: list[tuple[str, str]]
    columns: dict[str, tuple[str, str]]
    ranges: list[tuple[str, str]]


@router.get("/")
async def show_dashboard(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    view: str = "",
    sort: str = "",
    order: str = "",
    q: str = "",
    state: str = "",
    span: Annotated[str, Query(alias="range")] = "",
    n: Annotated[int, Query(ge=1, le=_MOST_PARTS)] = 1,
    part: Annotated[int, Query(ge=0, le=_MOST_PARTS)] = 0,
) -> Response:
    """The page, or with `part` only that part of its list."""
    show = asked(view=view, sort=sort, order=order, q=q, state=state, span=span)
    if show.view == "cards" and not part:
        await fleet_cache(request).read_past(context(request), context(request).clock.now())
    fleet = fleet_now(request)
    tag = page_tag(request, caller, "dashboard", show, n, part, fleet.view.valid_until)
    if (known := known_answer(request, tag)) is not None:
        return known
    if not fleet.view.servers:
        return start_page(request, caller) if caller.sight.is_whole else page(request, "unopened.html", caller)
    reader = reader_of(request)
    listed = _Lister(request, reader, fleet).listed(show, filtered(fleet.view, show.query, show.group), (part or 1, part or n))
    to = partial(address, reader.root, show)
    if part:
        return page(request, "parts/fleet_part.html", caller, tag=tag, show=show, listed=listed, to=to)
    return page(request, "dashboard.html", caller, tag=tag, show=show, listed=listed, to=to, around=_around(request, reader, show, fleet))


@router.get("/jobs/{job_id}/details")
async def show_details(request: Request, job_id: int, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """What is shown beside a job's row: its last run, what it kept, when it is expected."""
    reader = reader_of(request)
    tag = page_tag(request, caller, "details", job_id)
    if (known := known_answer(request, tag)) is not None:
        return known
    with context(request).database.read() as connection:
        job = store_fleet.job_by_id(connection, JobId(job_id))
        server = store_fleet.server_by_id(connection, job.server_id) if job else None
        silent = held(connection, [(job.id, job.server_id)], reader.now) if job else {}
        told = notify_row(connection, JobId(job_id))
        there = live_server(connection, server.id, reader.now) if server else None
    if job is None or server is None or told is None:
        raise Refused(404, "Not found", "not_found")
    seen = job_view(job, reader.now)
    row = row_view(reader, server, seen, there=there)
    words = told_words(reader.wording, told)
    return page(request, "parts/details.html", caller, tag=tag, row=row, schedule=seen.schedule, held=silent.get(job.id), told=words)


class _Lister:
    """Makes the list for a reader: the states of all jobs decide what is shown, the rows of those are read."""

    def __init__(self, request: Request, reader: Reader, fleet: Fleet) -> None:
        self._cache = fleet_cache(request)
        self._parts = context(request)
        self._reader = reader
        self._newest = fleet.newest
        self._live = fleet.live

    def listed(self, show: Asked, servers: Sequence[Server], wanted: tuple[int, int]) -> Listed:
        """The parts from `wanted[0]` to `wanted[1]`, both included, counted from 1."""
        if show.view == "charts":
            return Listed([], [], None, 1)
        if show.view == "table":
            lines, following, parts = _cut(sorted_lines(servers, show.sort, falling=show.falling), [], wanted)
            return Listed([], self._html("job_line", lines), following, parts)
        cards = sorted_cards(servers, show.sort)
        shown, following, parts = _cut(cards, [len(card.jobs) for card in cards], wanted)
        rows = iter(self._html("job_row", [(server.row, job) for server in shown for job in server.jobs]))
        return Listed([self._card(each, list(islice(rows, len(each.jobs)))) for each in shown], [], following, parts)

    def _card(self, server: Server, rows: list[Markup]) -> Card:
        mark = server_mark(self._reader.wording, self._live.get(server.row.id), self._reader.now)
        return Card(server, KINDS[server.state], self._badge(server.row), rows, mark)

    def _badge(self, server: ServerRow) -> Badge:
        return badge(server_release(server.version, server.update_channel, self._newest), self._reader.wording)

    def _html(self, form: str, lines: Sequence[Line]) -> list[Markup]:
        """The rows of jobs; one that was removed a moment ago leaves nothing."""
        rows = self._cache.job_rows(self._parts, [job.row.id for _, job in lines])
        html, now = self._cache.rows.html, self._reader.now
        # A card says the version once; its rows do not.
        badges = {server.id: self._badge(server) for server, _ in lines} if form == "job_line" else {}
        found = ((server, rows.get(job.row.id)) for server, job in lines)
        return [
            html(self._reader, form, server, job_view(row, now), badges.get(server.id), self._live.get(server.id)) if row else Markup("")
            for server, row in found
        ]


def _cut(items: Sequence[T], weights: Sequence[int], wanted: tuple[int, int]) -> tuple[list[T], int | None, int]:
    """Parts of about `JOBS_A_PART` jobs: those wanted, the number of the next one (None at the end), how many there are. `weights`: how
    many jobs each item has, one where they are not given."""
    chosen: list[T] = []
    number, weight = 1, 0
    for index, item in enumerate(items):
        if weight >= JOBS_A_PART:
            number, weight = number + 1, 0
        weight += weights[index] if weights else 1
        if wanted[0] <= number <= wanted[1]:
            chosen.append(item)
    return chosen, wanted[1] + 1 if wanted[1] < number else None, number


def _around(request: Request, reader: Reader, show: Asked, fleet: Fleet) -> Around:
    counts = {group: fleet.view.in_group(group) for group in Group}
    unfiltered = replace(show, query="", group=None)

    def link(group: Group) -> str:
        return address(reader.root, replace(unfiltered, group=group))

    return Around(
        sentence=sentence(reader.wording, counts, _age(reader.now, fleet.sums.last_report), link),
        sums=fleet.sums,
        side=side(reader, fleet, partial(fleet_cache(request).job_rows, context(request))) if show.view == "cards" else None,
        group_link=link,
        everything=address(reader.root, unfiltered),
        views=[(each, address(reader.root, replace(asked(view=each), query=show.query, group=show.group))) for each in VIEWS],
        orders=[(each, address(reader.root, replace(show, sort=each))) for each in CARD_ORDERS],
        columns={each: _column(reader.root, show, each) for each in LINE_ORDERS},
        ranges=[(each, address(reader.root, replace(show, span=each))) for each in RANGES],
    )


def _age(now: Instant, last: Instant | None) -> int | None:
    return None if last is None else max(0, now - last)


def _column(root: str, show: Asked, column: str) -> tuple[str, str]:
    """Where the head of a column leads, and how it is sorted now (`ascending`, `descending`, or nothing)."""
    if column == show.sort:
        return address(root, replace(show, falling=not show.falling)), "descending" if show.falling else "ascending"
    return address(root, replace(show, sort=column, falling=column in FALLING_FIRST)), ""
