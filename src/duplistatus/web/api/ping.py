"""`GET /api/ping`: that the process answers, without a look at the database."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, json_answer
from duplistatus.web.api.answered import answered

router = APIRouter(tags=["health"])


@router.head("/api/ping", include_in_schema=False)
@router.get("/api/ping", summary="Whether the process answers", responses=answered("Ping"))
async def ping(caller: Annotated[Caller, guarded(Access.PROBE)]) -> Response:
    """Says nothing about the database; see `/api/health`."""
    return json_answer(b'{"ok":true}', NO_STORE)
