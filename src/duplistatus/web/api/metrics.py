"""`GET /metrics`: for Prometheus. In: the registry of the process; out: its text format, or OpenMetrics where that is asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.answered import described
from duplistatus.web.context import context
from duplistatus.web.measures import measures

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="Metrics for Prometheus", responses=described("Text format", "text/plain"))
async def metrics(request: Request, caller: Annotated[Caller, guarded(Access.METRICS)]) -> Response:
    """Of each job: last success, last run, next run, overdue, sizes, duration, versions, warnings, errors; and of this process."""
    parts, counts = context(request), measures(request)

    def make() -> tuple[bytes, str]:
        # Slow to import, and asked for by few.
        from prometheus_client.exposition import choose_encoder

        from duplistatus.web.exposition import registry_of

        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return encode(registry_of(parts, counts)), content_type

    body, content_type = await run_in_threadpool(make)
    # Given in the headers, so that nothing is added to it.
    return Response(body, headers={"Content-Type": content_type})
