"""`/api/audit-log`: who did what, for programs. In: what clients of 1.4.2 send; out: its answers. Whoever has signed in reads it, a limited
user their own deeds alone; how long it is kept is for administrators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from duplistatus.clock import Instant, moment
from duplistatus.store import audit, audit_log
from duplistatus.store.audit_log import AuditLine, Place, Sought
from duplistatus.store.database import Connection
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered, described
from duplistatus.web.audit_desk import change_retention, checked_days, clean, read_sought, visible_to, would_clean, written
from duplistatus.web.audit_export import body_of, csv_text, json_text, pieces
from duplistatus.web.body import JsonObject, flag, json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["audit log"])

_Reader = Annotated[Caller, guarded(Access.LOGS)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Text = Annotated[str, Query(max_length=200)]
_BAD = {400: "A date or a number that is none"}
_USUAL = 50
_MOST = 1_000
_LARGEST = 2**53
_NUMBER = re.compile(r"\s*([+-]?\d{1,16})")
_PLACE = re.compile(r"(-?\d{1,16})-(\d{1,18})")


@router.get("/api/audit-log", summary="The audit log", responses=answered("AuditLog", failures=_BAD))
async def read_audit_log(
    request: Request,
    caller: _Reader,
    page: _Text = "1",
    limit: _Text = str(_USUAL),
    offset: Annotated[str, Query(max_length=200, description="Entries to leave out; goes before `page`")] = "",
    cursor: Annotated[str, Query(max_length=200, description="`next_cursor` of the page before: without `pagination`")] = "",
    username: _Text = "",
    action: _Text = "",
    category: _Text = "",
    status: _Text = "",
    start_date: Annotated[str, Query(alias="startDate", max_length=200)] = "",
    end_date: Annotated[str, Query(alias="endDate", max_length=200)] = "",
    q: Annotated[str, Query(max_length=200, description="Words in what it concerns, or in the details: without `pagination`")] = "",
) -> Response:
    """Newest first. `limit`: 50 where it is no number, 1 000 at most. A day alone is the whole day in UTC. A page by its cursor that
    was far to search may have fewer entries than `limit`; as long as there is a `next_cursor` there is more to look through."""
    sought = _sought(request, caller)
    size = _number(limit)
    most = min(size, _MOST) if size is not None and size > 0 else _USUAL
    if cursor or sought.text:
        body = await run_in_threadpool(_from, request, sought, _read_place(cursor) if cursor else None, most)
        return json_answer(encode(body), NO_STORE)
    number = _number(page)
    skipped = _number(offset) if offset else (number - 1) * most if number is not None else 0
    body = await run_in_threadpool(_after, request, sought, max(0, min(skipped or 0, _LARGEST)), most)
    total = body.pop("total")
    body["pagination"] = {
        "page": number,
        "limit": min(size, _MOST) if size is not None else None,
        "total": total,
        "totalPages": -(-total // most) if size is not None and size > 0 else None,
    }
    return json_answer(encode(body), NO_STORE)


@router.get("/api/audit-log/filters", summary="What the audit log can be searched by", responses=answered("AuditFilters"))
async def read_filters(request: Request, caller: _Reader) -> Response:
    """The actions, categories and outcomes that it holds."""
    own = visible_to(caller, Sought()).user_id
    with context(request).database.read() as connection:
        found = {name: audit_log.words(connection, name, own) for name in audit_log.WORDS}
    body = {"actions": found["action"], "categories": found["category"], "statuses": found["status"]}
    return json_answer(encode(body), NO_STORE)


@router.get("/api/audit-log/download", summary="The audit log as a file", responses=described("CSV or JSON"))
async def download(
    request: Request,
    caller: _Reader,
    file_format: Annotated[str, Query(alias="format", max_length=200, description="`json`; anything else is CSV")] = "csv",
    username: _Text = "",
    action: _Text = "",
    category: _Text = "",
    status: _Text = "",
    start_date: Annotated[str, Query(alias="startDate", max_length=200)] = "",
    end_date: Annotated[str, Query(alias="endDate", max_length=200)] = "",
    q: _Text = "",
) -> Response:
    """What is searched for as in the list. 400 where nothing is found and the file were CSV."""
    parts = context(request)
    found = pieces(parts.database, _sought(request, caller))
    first = await run_in_threadpool(next, found, None)
    is_json = file_format == "json"
    if first is None and not is_json:
        raise Refused(400, "No logs to export", "nothing_found")
    every: Iterator[list[AuditLine]] = chain([first] if first is not None else [], found)
    headers = {
        "Content-Disposition": f'attachment; filename="audit-log-{moment(parts.clock.now()):%Y-%m-%d}.{"json" if is_json else "csv"}"',
        "Content-Type": "application/json" if is_json else "text/csv",
        **NO_STORE,
    }
    return StreamingResponse(json_text(every) if is_json else csv_text(every), headers=headers)


@router.get("/api/audit-log/retention", summary="For how long the audit log is kept", responses=answered("AuditRetention"))
async def read_retention(request: Request, caller: _Reader) -> Response:
    """Days."""
    with context(request).database.read() as connection:
        days = audit.retention_days(connection)
    return json_answer(encode({"retentionDays": days}), NO_STORE)


@router.patch(
    "/api/audit-log/retention", summary="Changes for how long the audit log is kept", responses=answered("AuditRetentionSet", failures=_BAD)
)
async def set_retention(request: Request, caller: _Admin) -> Response:
    """Body: `{"retentionDays"}`, from 30 to 365. Older entries go with the next clean-up."""
    days = _days(await json_object(request))
    await change_retention(request, caller, days)
    return json_answer(encode({"success": True, "retentionDays": days}), NO_STORE)


@router.post(
    "/api/audit-log/cleanup", summary="Removes old entries", responses=answered("AuditWouldBeCleaned", "AuditCleaned", failures=_BAD)
)
async def clean_up(request: Request, caller: _Admin) -> Response:
    """Body, which may be absent: `{"dryRun"?, "retentionDays"?}`. With `dryRun` nothing is removed, and the answer says how many entries
    would be."""
    body = await json_object(request, optional=True)
    days = _days(body) if body.get("retentionDays") is not None else None
    if flag(body, "dryRun"):
        would = await run_in_threadpool(would_clean, request, days)
        told = {
            "dryRun": True,
            "wouldDeleteCount": would.count,
            "oldestRemaining": _written(would.oldest),
            "retentionDays": would.days,
            "cutoffDate": written(would.before)[:10],
        }
        return json_answer(encode(told), NO_STORE)
    done = await clean(request, caller, days)
    answer = {"success": True, "deletedCount": done.count, "oldestRemaining": _written(done.oldest), "retentionDays": done.days}
    return json_answer(encode(answer), NO_STORE)


def _sought(request: Request, caller: Caller) -> Sought:
    try:
        return visible_to(caller, read_sought(request.query_params))
    except ValueError as error:
        raise Refused(400, str(error), "bad_request") from None


def _days(body: JsonObject) -> int:
    try:
        return checked_days(body.get("retentionDays"))
    except ValueError as error:
        raise Refused(400, str(error), "bad_request") from None


def _number(text: str) -> int | None:
    """The number that a text begins with, as 1.4.2 reads it."""
    found = _NUMBER.match(text)
    return int(found[1]) if found else None


def _read_place(text: str) -> Place:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Refused(400, "cursor must be the next_cursor of the page before", "bad_request")
    return Place(Instant(int(found[1])), int(found[2]))


def _written(at: Instant | None) -> str | None:
    return None if at is None else written(at)


def _after(request: Request, sought: Sought, skipped: int, most: int) -> dict[str, Any]:
    """The page after so many entries, and how many there are."""
    with context(request).database.snapshot() as connection:
        total = audit_log.count(connection, sought)
        place = audit_log.place_of(connection, sought, skipped) if skipped < total else None
        if place is None:
            return {"logs": [], "next_cursor": None, "total": total}
        found, following = _full_page(connection, sought, place, most)
    return {**_body(found, following), "total": total}


def _from(request: Request, sought: Sought, place: Place | None, most: int) -> dict[str, Any]:
    with context(request).database.read() as connection:
        part = audit_log.page(connection, sought, most, before=place)
    following = part.lines[-1].place if len(part.lines) == most else part.beyond
    return _body(part.lines, following)


def _full_page(connection: Connection, sought: Sought, place: Place, most: int) -> tuple[list[AuditLine], Place | None]:
    """The page from that place on, however far its entries lie apart."""
    found: list[AuditLine] = []
    following: Place | None = place
    while following is not None and len(found) < most:
        part = audit_log.page(connection, sought, most - len(found), before=following)
        found += part.lines
        following = part.lines[-1].place if len(found) == most else part.beyond
    return found, following


def _body(found: list[AuditLine], following: Place | None) -> dict[str, Any]:
    cursor = f"{following.at}-{following.id}" if following is not None else None
    return {"logs": [body_of(line) for line in found], "next_cursor": cursor}
