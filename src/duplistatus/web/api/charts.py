"""`GET /api/charts`: charts by day, column by column, for drawing. In: a server, a job, a range; out: JSON of at most ten years."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import utc_day
from duplistatus.evaluate.daily_chart import SPANS, USUAL_SPAN, daily_chart, days_of
from duplistatus.store import fleet
from duplistatus.store.chart_rows import FLEET, Scope
from duplistatus.store.daily_sizes import figures_by_day, first_day, stored_by_day, versions_by_day
from duplistatus.store.database import Connection
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer, kept_in_thread
from duplistatus.web.api.answered import failing
from duplistatus.web.compression import accepted, compressed
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["charts"])


@router.get(
    "/api/charts",
    summary="Charts by day: of the fleet, a server or a job",
    responses=failing(404, "There is no such server or job", "Failure"),
)
async def charts(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    server: Annotated[str | None, Query(description="Id of a server")] = None,
    job: Annotated[str | None, Query(description="Name of a job of that server")] = None,
    span: Annotated[str, Query(alias="range", description=", ".join(SPANS))] = USUAL_SPAN,
) -> Response:
    """`{"range", "days": [seconds], "uploaded": […], "duration": […], …}`: one value a UTC day, null on days without a run; `stored_size`
    and `versions` are what there was in the evening."""
    if span not in SPANS:
        raise Refused(400, f"range must be one of {', '.join(SPANS)}", "bad_range")
    if job is not None and server is None:
        raise Refused(400, "A job is named together with its server", "server_missing")
    parts = context(request)
    today = utc_day(parts.clock.now())

    def make() -> bytes:
        with parts.database.snapshot() as connection:
            return encode({"range": span, **_chart(connection, _scope(connection, server, job), span, today)})

    body = await kept_in_thread(request, ("charts", server, job, span, today), make)
    packed, encoding = compressed(body, accepted(request.headers.get("accept-encoding", "")))
    headers = {**NO_STORE, "Vary": "Accept-Encoding"} | ({"Content-Encoding": encoding} if encoding else {})
    return json_answer(packed, headers)


def _scope(connection: Connection, server: str | None, job: str | None) -> Scope:
    if server is None:
        return FLEET
    found = fleet.server_by_key(connection, server)
    if found is None:
        raise Refused(404, "Server not found", "not_found")
    if job is None:
        return Scope(server_id=found.id)
    row = fleet.job_by_name(connection, found.id, job)
    if row is None:
        raise Refused(404, "Job not found", "not_found")
    return Scope(job_id=row.id)


def _chart(connection: Connection, scope: Scope, span: str, today: int) -> dict[str, Any]:
    first, last = days_of(span, first_day(connection, scope), today)
    done = figures_by_day(connection, scope, first, last)
    stored = stored_by_day(connection, scope, first, last)
    return asdict(daily_chart(done, stored, versions_by_day(connection, scope, first, last), first))
