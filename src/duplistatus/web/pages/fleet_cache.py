"""The fleet in memory, as of one version of the data. In: a request; out: rows, view and sums, read anew after a commit that changed
data, after a minute (another process may have written), or when time alone changed a state. One per application, and one for each of the
newest few sights of people who see only some servers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from duplistatus.clock import MINUTE, Instant, utc_day
from duplistatus.evaluate.fleet_view import FleetView, view_fleet
from duplistatus.evaluate.server_release import Newest
from duplistatus.store import fleet
from duplistatus.store.chart_rows import FLEET
from duplistatus.store.daily_sizes import stored_by_day, uploaded_by_day
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.fleet_states import JobState, job_states
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.live_servers import LiveServer, live_servers
from duplistatus.store.releases import newest_releases
from duplistatus.store.sight import Sight
from duplistatus.web.context import Context, context
from duplistatus.web.pages.job_row import Rows

View = FleetView[ServerRow, JobState]

SPARK_DAYS = 28
UPLOAD_DAYS = 30
_STORED_EVERY = 10 * MINUTE
_ONE_BY_ONE = 400
_MOST_SIGHTS = 8


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals over the fleet, in bytes; `last_report` is the end of the newest run."""

    servers: int
    jobs: int
    runs: int
    source: int
    stored: int
    uploaded_lately: int
    last_report: Instant | None


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything the dashboard shows, for one moment. `uploaded`: bytes of each of the last `SPARK_DAYS` UTC days; `stored`: the
    same, as far as the past was read; `newest`: the newest release of each channel of Duplicati;
    `live`: what servers do now, of those of which anything is known."""

    view: View
    sums: Sums
    newest: Newest
    uploaded: tuple[int, ...]
    stored: tuple[int, ...]
    live: Mapping[ServerId, LiveServer]


class FleetCache:
    """Keeps the newest `Fleet`, and the rows made from it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._servers: list[ServerRow] = []
        self._jobs: list[JobState] = []
        self._shown: dict[JobId, JobRow] = {}
        self._uploads: dict[int, int] = {}
        self._live: dict[ServerId, LiveServer] = {}
        self._newest: Newest = {}
        self._read_for: tuple[int, int] | None = None
        self._fleet: Fleet | None = None
        self._stored: list[int] = []
        self._stored_for: tuple[int, int] | None = None

    def fleet(self, parts: Context, now: Instant) -> Fleet:
        """The fleet at `now`."""
        read_for = (parts.writer.version, now // MINUTE)
        if read_for != self._read_for:
            self._read(parts, now)
            self._read_for = read_for
            self._fleet = None
            self._shown = {}
        known = self._fleet
        if known is None or (known.view.valid_until is not None and now >= known.view.valid_until):
            self._fleet = known = self._made(now)
        return known

    async def read_past(self, parts: Context, now: Instant) -> None:
        """Reads what was stored on past days, where that is due. It changes rarely and is read from many rows: a thread does it. The
        last day is the present total, which `fleet` always has new."""
        today = utc_day(now)
        stored_for = (today, now // _STORED_EVERY)
        if stored_for == self._stored_for:
            return

        def read() -> list[int]:
            with parts.database.read() as connection:
                return stored_by_day(connection, FLEET, today - SPARK_DAYS + 1, today)

        self._stored = await run_in_threadpool(read)
        self._stored_for = stored_for
        self._fleet = None

    def job_rows(self, parts: Context, wanted: Sequence[JobId]) -> dict[JobId, JobRow]:
        """The full rows of jobs, of the same version of the data or a newer one; a job that was removed meanwhile is missing."""
        missing = [each for each in wanted if each not in self._shown]
        if len(missing) > _ONE_BY_ONE:
            with parts.database.read() as connection:
                self._shown |= {row.id: row for row in fleet.jobs(connection)}
        elif missing:
            with parts.database.read() as connection:
                found = [fleet.job_by_id(connection, each) for each in missing]
            self._shown |= {row.id: row for row in found if row is not None}
        return self._shown

    def _read(self, parts: Context, now: Instant) -> None:
        today = utc_day(now)
        with parts.database.snapshot() as connection:
            self._servers = fleet.servers(connection)
            self._jobs = job_states(connection)
            self._live = live_servers(connection, now)
            self._newest = newest_releases(connection)
            self._uploads = dict(uploaded_by_day(connection, today - max(SPARK_DAYS, UPLOAD_DAYS) + 1))

    def _made(self, now: Instant) -> Fleet:
        sums = self._sums(now)
        today = utc_day(now)
        uploaded = tuple(self._uploads.get(date, 0) for date in range(today - SPARK_DAYS + 1, today + 1))
        return Fleet(
            view_fleet(self._servers, self._jobs, now), sums, self._newest, uploaded, (*self._stored[:-1], sums.stored), self._live
        )

    def _sums(self, now: Instant) -> Sums:
        reported = [at for job in self._jobs if (at := job.last_ended_at or job.last_begun_at) is not None]
        first = utc_day(now) - UPLOAD_DAYS + 1
        return Sums(
            servers=len(self._servers),
            jobs=len(self._jobs),
            runs=sum(job.run_count for job in self._jobs),
            source=sum(job.source_size or 0 for job in self._jobs),
            stored=sum(job.stored_size or 0 for job in self._jobs),
            uploaded_lately=sum(size for date, size in self._uploads.items() if date >= first),
            last_report=max(reported) if reported else None,
        )


class FleetCaches:
    """The fleet as each sees it. A row looks the same to all who see its job: they share the rows."""

    def __init__(self) -> None:
        rows = Rows()
        self.whole = FleetCache(rows)
        self._rows = rows
        self._of_sights: OrderedDict[Sight, FleetCache] = OrderedDict()

    def of(self, sight: Sight) -> FleetCache:
        """That of a sight; those that were asked for least recently make room."""
        if sight.is_whole:
            return self.whole
        found = self._of_sights.setdefault(sight, FleetCache(self._rows))
        self._of_sights.move_to_end(sight)
        while len(self._of_sights) > _MOST_SIGHTS:
            self._of_sights.popitem(last=False)
        return found


def fleet_cache(request: Request) -> FleetCache:
    """That of what the caller sees."""
    state = request.app.state
    if not hasattr(state, "fleet_caches"):
        state.fleet_caches = FleetCaches()
    found: FleetCaches = state.fleet_caches
    return found.of(context(request).sight)


def fleet_now(request: Request) -> Fleet:
    """The fleet at the present moment."""
    parts = context(request)
    return fleet_cache(request).fleet(parts, parts.clock.now())
