"""`GET /api/chart-data/…`: what charts are drawn from, of the fleet, a server or a job. In: an optional range; out: points by time. The
fleet without a range is its last 30 days run by run, with more than 2 000 runs day by day; everything else is day by day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import DAY, MINUTE, SECOND, TICKS, Instant, instant, iso
from duplistatus.evaluate.chart import Point
from duplistatus.store import chart_rows, fleet
from duplistatus.store.chart_rows import FLEET, Chart, Scope
from duplistatus.store.database import Connection
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer, kept_in_thread
from duplistatus.web.api.answered import answered
from duplistatus.web.api.paths import names_after
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["charts"])

_Range = tuple[Instant, Instant]
_Start = Annotated[str | None, Query(alias="startDate", description="ISO 8601; counts only together with endDate")]
_End = Annotated[str | None, Query(alias="endDate", description="ISO 8601; counts only together with startDate")]
_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_Job = Annotated[str, Path(description="Name of a job, percent-encoded")]
_Reader = Annotated[Caller, guarded(Access.READ)]
_ANSWERS = answered("ChartPoint", many=True, failures={400: "A date cannot be read"})


@router.get("/api/chart-data/aggregated", summary="The fleet by time", responses=_ANSWERS)
async def aggregated(request: Request, caller: _Reader, start: _Start = None, end: _End = None) -> Response:
    """With a range one point a day. Without one the runs of the last 30 days, or these days when there were more than 2 000 runs."""
    parts, span = context(request), _range(start, end)
    now = parts.clock.now()

    def make() -> bytes:
        with parts.database.snapshot() as connection:
            if span is not None:
                return encode([day_body(point) for point in chart_rows.days_between(connection, FLEET, *span)])
            return encode(chart_body(chart_rows.recent_chart(connection, FLEET, now)))

    return json_answer(await kept_in_thread(request, ("aggregated", span or now // DAY), make))


@router.get("/api/chart-data/server/{server:path}/backup/{job:path}", summary="A job by time", responses=_ANSWERS)
async def of_job(request: Request, server: _Server, job: _Job, caller: _Reader, start: _Start = None, end: _End = None) -> Response:
    """One point a day; all days without a range. A job that does not exist has none."""
    key, name = names_after(request, "/api/chart-data/server/", "/backup/")
    return await _days(request, key, name, _range(start, end))


@router.get("/api/chart-data/server/{server:path}", summary="A server by time", responses=_ANSWERS)
async def of_server(request: Request, server: _Server, caller: _Reader, start: _Start = None, end: _End = None) -> Response:
    """One point a day, the sum over its jobs; all days without a range. A server that does not exist has none."""
    (key,) = names_after(request, "/api/chart-data/server/")
    return await _days(request, key, None, _range(start, end))


async def _days(request: Request, key: str, job_name: str | None, span: _Range | None) -> Response:
    parts = context(request)

    def make() -> bytes:
        with parts.database.snapshot() as connection:
            scope = _scope(connection, key, job_name)
            if scope is None:
                return b"[]"
            points = chart_rows.all_days(connection, scope) if span is None else chart_rows.days_between(connection, scope, *span)
            return encode([day_body(point) for point in points])

    return json_answer(await kept_in_thread(request, ("days", key, job_name, span), make))


def _scope(connection: Connection, key: str, job_name: str | None) -> Scope | None:
    server = fleet.server_by_key(connection, key)
    if server is None:
        return None
    if job_name is None:
        return Scope(server_id=server.id)
    job = fleet.job_by_name(connection, server.id, job_name)
    return Scope(job_id=job.id) if job else None


def _range(start: str | None, end: str | None) -> _Range | None:
    """Both ends, or None when not both are given. Raises Refused."""
    if not start or not end:
        return None
    return _moment(start), _moment(end)


def _moment(text: str) -> Instant:
    """A date or a time in ISO 8601, UTC where it names no zone. Raises Refused."""
    try:
        # A plus sign that was not encoded arrives as a blank.
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return instant(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise Refused(400, "Invalid date parameters", "bad_dates") from None


def chart_body(chart: Chart) -> list[dict[str, Any]]:
    """The points of a chart without a range: dates as `20/11/2026`, durations in whole minutes."""
    return [_run_point(point, iso(point.at)) for point in chart.points]


def day_body(point: Point) -> dict[str, Any]:
    """A day: date as `2026-11-20`, duration in seconds."""
    text = iso(point.at)
    return _point(point, text[:10], point.duration_ticks / TICKS, text)


_A_MINUTE = TICKS * (MINUTE // SECOND)


def _run_point(point: Point, text: str) -> dict[str, Any]:
    return _point(point, f"{text[8:10]}/{text[5:7]}/{text[:4]}", point.duration_ticks // _A_MINUTE, text)


def _point(point: Point, date: str, duration: float, text: str) -> dict[str, Any]:
    return {
        "date": date,
        "isoDate": text,
        "uploadedSize": point.uploaded,
        "duration": duration,
        "fileCount": point.files,
        "fileSize": point.source_size,
        "storageSize": point.stored_size,
        "backupVersions": point.versions,
    }
