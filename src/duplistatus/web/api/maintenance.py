"""`/api/maintenance`: windows of maintenance, in which no messages are sent. In: when, of which servers; out: what is kept, with whether it
is open now and when that changes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.evaluate.maintenance import is_active, next_change
from duplistatus.store import windows
from duplistatus.store.windows import WindowRow
from duplistatus.web import silence_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.window_words import words_of

router = APIRouter(tags=["silences"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Window = Annotated[int, Path(description="Number of a window", ge=1, le=2**63 - 1)]
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_UNKNOWN = {404: "There is no such window, server or tag"}


@router.get("/api/maintenance", summary="Maintenance windows", responses=answered("MaintenanceList"))
async def window_list(request: Request, caller: _Reader) -> Response:
    """By name."""
    parts = context(request)
    with parts.database.read() as connection:
        rows = windows.windows(connection)
    now = parts.clock.now()
    return json_answer(encode({"items": [_body(row, now) for row in rows], "next_cursor": None}))


@router.post("/api/maintenance", summary="Plans a maintenance window", responses=answered("MaintenanceWindow", failures=_BAD | _UNKNOWN))
async def plan_window(request: Request, caller: _Admin) -> Response:
    """Body: `name`; `server_id`, `tag` (its name) or neither, for all; `starts_at` and `ends_at`, or, where it comes again, `days` (0 is
    Sunday), `start_time` such as `22:00`, `length_minutes`, `zone`, perhaps `first_date` and `last_date`; `enabled`, `comment`."""
    return await _saved(request, caller, None)


@router.patch(
    "/api/maintenance/{window_id}",
    summary="Changes a maintenance window",
    responses=answered("MaintenanceWindow", failures=_BAD | _UNKNOWN),
)
async def replan_window(request: Request, window_id: _Window, caller: _Admin) -> Response:
    """Body: any of the fields; what is not named stays."""
    return await _saved(request, caller, window_id)


@router.delete(
    "/api/maintenance/{window_id}", summary="Removes a maintenance window", responses=answered("MaintenanceWindow", failures=_UNKNOWN)
)
async def remove_window(request: Request, window_id: _Window, caller: _Admin) -> Response:
    """Answers what it was."""
    row = await silence_desk.remove_window(request, caller, window_id)
    return json_answer(encode(_body(row, context(request).clock.now())))


async def _saved(request: Request, caller: Caller, window_id: int | None) -> Response:
    body = await json_object(request)
    try:
        row = await silence_desk.save_window(request, caller, body, window_id)
    except ValueError as error:
        raise Refused(400, str(error), "bad_window") from error
    return json_answer(encode(_body(row, context(request).clock.now())))


def _body(row: WindowRow, now: Instant) -> dict[str, Any]:
    change = next_change(row.plan.window, now) if row.plan.enabled else None
    is_of_server = row.server_key is not None
    return {
        "id": row.id,
        **words_of(row),
        "server": {"id": row.server_key, "name": row.server_name, "alias": row.server_alias} if is_of_server else None,
        "active": row.plan.enabled and is_active(row.plan.window, now),
        "next_change": iso(change) if change is not None else None,
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
    }
