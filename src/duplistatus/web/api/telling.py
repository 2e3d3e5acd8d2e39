"""What is told of jobs, and to whom besides, in our own words: `/api/telling` for many, `/api/jobs/{id}/telling` for one, and
`/api/servers/{id}/telling` for what the jobs of a server follow. In: what is to become another; out: the settings as they are then, with
where each comes from."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.evaluate.notify_change import ADDITIONAL, NotifyChange, NotifyError, Sent, read_notify_change, source_of
from duplistatus.evaluate.notify_setting import Additional
from duplistatus.store import notify_list
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.notify_list import NotifyRow
from duplistatus.web import notify_desk, notify_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.detail import server_or_404
from duplistatus.web.api.paths import names_after
from duplistatus.web.body import json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["telling"])

MOST_JOBS = 20_000
"""In one change."""
_LONGEST_QUERY = 200

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Job = Annotated[int, Path(description="Number of a job", ge=1, le=2**63 - 1)]
_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_UNKNOWN = {404: "No job has this number"}
_NO_SERVER = {404: "No server has this id"}


@router.get("/api/telling", summary="What is told of jobs", responses=answered("JobTellingList"))
async def telling(
    request: Request,
    caller: _Reader,
    q: Annotated[str, Query(description="Words of server or job; `tag:name`: servers with that tag", max_length=_LONGEST_QUERY)] = "",
    cursor: Annotated[int, Query(description="`next_cursor` of the page before", ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(description="Jobs on a page", ge=1, le=1_000)] = 200,
) -> Response:
    """In the order of the numbers of jobs."""
    database = context(request).database

    def read() -> bytes:
        with database.snapshot() as connection:
            rows = notify_list.notify_rows_after(connection, q, cursor, limit + 1)
        shown = rows[:limit]
        return encode({"items": [_body(row) for row in shown], "next_cursor": shown[-1].id if len(rows) > limit else None})

    return json_answer(await run_in_threadpool(read))


@router.patch("/api/telling", summary="Changes what is told of several jobs", responses=answered("JobsChanged", failures=_BAD))
async def change_telling(request: Request, caller: _Admin) -> Response:
    """Body: `{"jobs": [numbers], "change": {…}}` with a change as of one job. All of them or, where it makes no sense, none; jobs that
    are gone are passed over."""
    body = await json_object(request)
    jobs, change = body.get("jobs"), body.get("change")
    if not isinstance(jobs, list) or len(jobs) > MOST_JOBS or not all(type(each) is int and 0 < each < 2**63 for each in jobs):
        raise Refused(400, f"jobs must be a list of at most {MOST_JOBS} numbers of jobs", "bad_request")
    if not isinstance(change, dict):
        raise Refused(400, "change must be a JSON object", "bad_request")
    changed = await notify_desk.change_jobs(request, caller, [JobId(each) for each in jobs], _change(change))
    return json_answer(encode({"changed": changed}))


@router.post("/api/telling/test", summary="Sends a test besides", responses=answered("TellingTested", failures=_BAD))
async def try_destination(request: Request, caller: _Admin) -> Response:
    """Body: `{"channel", "destination"}`: `email` with addresses, commas between them, or `ntfy` with a topic. Goes out through the channel
    for all of that kind; answered when it is delivered or was not, after 30 seconds at most."""
    body = await json_object(request)
    channel, destination = text(body, "channel") or "", text(body, "destination") or ""
    try:
        results = await notify_tests.test_besides(request, caller, channel, destination)
    except ValueError as error:
        raise Refused(400, str(error), "bad_destination") from error
    found = [{"destination": each.destination, "delivered": each.delivered, "message": each.sentence} for each in results]
    return json_answer(encode({"results": found}))


@router.get("/api/jobs/{job_id}/telling", summary="What is told of one job", responses=answered("JobTelling", failures=_UNKNOWN))
async def job_telling(request: Request, job_id: _Job, caller: _Reader) -> Response:
    """With who is told besides, after all, and where that comes from."""
    return json_answer(encode(_body(_found(request, job_id))))


@router.patch(
    "/api/jobs/{job_id}/telling", summary="Changes what is told of one job", responses=answered("JobTelling", failures=_BAD | _UNKNOWN)
)
async def change_job_telling(request: Request, job_id: _Job, caller: _Admin) -> Response:
    """Body: any of `{"event", "ntfy", "email", "additional_event", "additional_emails", "additional_topic"}`. `event` is `all`, `warnings`,
    `errors` or `off`. Of the additional ones null follows the server and an empty text means none; `additional_emails` is a list, or text
    with commas."""
    change = _change(await json_object(request))
    _found(request, job_id)
    await notify_desk.change_jobs(request, caller, [JobId(job_id)], change)
    return json_answer(encode(_body(_found(request, job_id))))


@router.get(
    "/api/servers/{server:path}/telling",
    summary="Who is told besides of the jobs of a server",
    responses=answered("ServerTelling", failures=_NO_SERVER),
)
async def server_telling(request: Request, server: _Server, caller: _Reader) -> Response:
    """What its jobs follow that say nothing of their own."""
    row, additional = _server(request, names_after(request, "/api/servers/", "/telling")[0])
    return json_answer(encode(_server_body(row, additional)))


@router.patch(
    "/api/servers/{server:path}/telling",
    summary="Changes who is told besides of the jobs of a server",
    responses=answered("ServerTelling", failures=_BAD | _NO_SERVER),
)
async def change_server_telling(request: Request, server: _Server, caller: _Admin) -> Response:
    """Body: any of `{"additional_event", "additional_emails", "additional_topic"}`; null or an empty text: nothing is said."""
    key = names_after(request, "/api/servers/", "/telling")[0]
    change = _change(await json_object(request))
    if change.named - set(ADDITIONAL):
        raise Refused(400, f"of a server, only {', '.join(ADDITIONAL)} are set", "bad_setting")
    row, _ = _server(request, key)
    done = await notify_desk.change_server(request, caller, row, change)
    return json_answer(encode(_server_body(row, done.after)))


@router.post(
    "/api/servers/{server:path}/telling/sync",
    summary="All jobs of a server follow it",
    responses=answered("ServerTellingChanged", failures=_NO_SERVER),
)
async def sync_telling(request: Request, server: _Server, caller: _Admin) -> Response:
    """What the jobs themselves say of whom besides to tell is gone."""
    row, _ = _server(request, names_after(request, "/api/servers/", "/telling/sync")[0])
    done = await notify_desk.follow_server(request, caller, row)
    return json_answer(encode(_server_body(row, done.after) | {"changed": [each.row.id for each in done.jobs]}))


@router.post(
    "/api/servers/{server:path}/telling/clear",
    summary="Nobody besides is told of the jobs of a server",
    responses=answered("ServerTellingChanged", failures=_NO_SERVER),
)
async def clear_telling(request: Request, server: _Server, caller: _Admin) -> Response:
    """Neither the server nor its jobs name anybody any more."""
    row, _ = _server(request, names_after(request, "/api/servers/", "/telling/clear")[0])
    done = await notify_desk.nobody_besides(request, caller, row)
    return json_answer(encode(_server_body(row, done.after) | {"changed": [each.row.id for each in done.jobs]}))


def _change(sent: Sent) -> NotifyChange:
    try:
        return read_notify_change(sent)
    except NotifyError as error:
        raise Refused(400, str(error), "bad_setting", more={"details": {"field": error.field}}) from error


def _found(request: Request, job_id: int) -> NotifyRow:
    with context(request).database.read() as connection:
        row = notify_list.notify_row(connection, JobId(job_id))
    if row is None:
        raise Refused(404, "Job not found", "job_not_found")
    return row


def _server(request: Request, key: str) -> tuple[ServerRow, Additional]:
    with context(request).database.read() as connection:
        row = server_or_404(connection, key)
        return row, notify_list.additional_of(connection, row.id)


def _body(row: NotifyRow) -> dict[str, Any]:
    own, besides = row.notify.additional, row.effective
    return {
        "job": row.id,
        "name": row.name,
        "server": {"id": row.server_key, "name": row.server_name, "alias": row.server_alias},
        "event": row.notify.event,
        "ntfy": row.notify.ntfy,
        "email": row.notify.email,
        **_additional(own),
        "besides": {"event": besides.event, "emails": list(besides.addresses), "topic": besides.topic or ""},
        "sources": {name: source_of(getattr(own, name), getattr(row.of_server, name)) for name in ADDITIONAL.values()},
    }


def _server_body(row: ServerRow, additional: Additional) -> dict[str, Any]:
    return {"server": {"id": row.key, "name": row.name, "alias": row.alias}, **_additional(additional)}


def _additional(additional: Additional) -> dict[str, Any]:
    return {field: getattr(additional, name) for field, name in ADDITIONAL.items()}
