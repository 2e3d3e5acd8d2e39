"""`/api/snoozes` and the acknowledgement of a job: holding back messages until a moment, or because somebody knows. In: a job or server,
until when, why; out: what is kept. The verdict of a job stays as it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.store import snoozes
from duplistatus.store.snoozes import AcknowledgementRow, SnoozeRow
from duplistatus.web import silence_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["silences"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Job = Annotated[int, Path(description="Number of a job", ge=1, le=2**63 - 1)]
_Snooze = Annotated[int, Path(description="Number of a snooze", ge=1, le=2**63 - 1)]
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_NO_JOB = {404: "No job has this number"}


@router.get("/api/snoozes", summary="Snoozes that are not over", responses=answered("SnoozeList"))
async def snooze_list(request: Request, caller: _Reader) -> Response:
    """The next to end first."""
    parts = context(request)
    with parts.database.read() as connection:
        rows = snoozes.running_snoozes(connection, parts.clock.now())
    return json_answer(encode({"items": [snooze_body(row) for row in rows], "next_cursor": None}))


@router.post("/api/snoozes", summary="Snoozes a job or a server", responses=answered("Snooze", failures=_BAD | {404: "Not found"}))
async def snooze(request: Request, caller: _Admin) -> Response:
    """Body: `{"job_id" or "server_id", "until" or "for", "comment"?}`. `until` is a time with its offset, `for` Duplicati's text such as
    `4h` or `1W`. It takes the place of a former snooze of the same job or server."""
    body = await json_object(request)
    try:
        return json_answer(encode(snooze_body(await silence_desk.snooze(request, caller, body))))
    except ValueError as error:
        raise Refused(400, str(error), "bad_snooze") from error


@router.delete("/api/snoozes/{snooze_id}", summary="Ends a snooze", responses=answered("Snooze", failures={404: "There is none"}))
async def wake(request: Request, snooze_id: _Snooze, caller: _Admin) -> Response:
    """Answers what it was."""
    return json_answer(encode(snooze_body(await silence_desk.wake(request, caller, snooze_id))))


@router.get("/api/acknowledgements", summary="Acknowledgements", responses=answered("AcknowledgementList"))
async def acknowledgement_list(request: Request, caller: _Reader) -> Response:
    """Those that hold, newest first."""
    with context(request).database.read() as connection:
        rows = snoozes.acknowledgements(connection)
    return json_answer(encode({"items": [acknowledgement_body(row) for row in rows], "next_cursor": None}))


@router.post(
    "/api/jobs/{job_id}/acknowledgement",
    summary="Acknowledges what is wrong with a job",
    responses=answered("Acknowledgement", failures=_BAD | _NO_JOB | {409: "Nothing is wrong with it"}),
)
async def acknowledge(request: Request, job_id: _Job, caller: _Admin) -> Response:
    """Body: `{"comment"?}`. Ends by itself when that trouble is over or other trouble comes."""
    body = await json_object(request)
    try:
        return json_answer(encode(acknowledgement_body(await silence_desk.acknowledge(request, caller, job_id, body))))
    except ValueError as error:
        raise Refused(400, str(error), "bad_acknowledgement") from error


@router.delete(
    "/api/jobs/{job_id}/acknowledgement",
    summary="Takes an acknowledgement back",
    responses=answered("Acknowledgement", failures={404: "There is none"}),
)
async def withdraw(request: Request, job_id: _Job, caller: _Admin) -> Response:
    """Answers what it was."""
    return json_answer(encode(acknowledgement_body(await silence_desk.withdraw(request, caller, job_id))))


def snooze_body(row: SnoozeRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "server": {"id": row.server_key, "name": row.server_name, "alias": row.server_alias},
        "job": {"id": row.job_id, "name": row.job_name} if row.job_id is not None else None,
        "until": iso(row.until),
        "comment": row.comment,
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
    }


def acknowledgement_body(row: AcknowledgementRow) -> dict[str, Any]:
    return {
        "server": {"id": row.server_key, "name": row.server_name, "alias": row.server_alias},
        "job": {"id": row.job_id, "name": row.job_name},
        "trouble": dict(row.trouble),
        "comment": row.comment,
        "acknowledged_at": iso(row.at),
        "acknowledged_by": row.by,
    }
