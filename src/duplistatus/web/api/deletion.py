"""Removal of stored data by administrators. In: what is to go; out: what has gone. Each removal is one transaction with its audit entry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from duplistatus.store import audit, deletion
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection
from duplistatus.store.deletion import Deleted
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.answered import answered, taking
from duplistatus.web.body import json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import user_agent

router = APIRouter(tags=["administration"])


@router.delete(
    "/api/backups/delete-job",
    summary="Removes a job with all of its runs",
    responses=answered("DeletedJob", failures={404: "This server has no job of that name"}),
    openapi_extra=taking("JobToDelete"),
)
async def delete_job(request: Request, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """For good: its runs, their logs and what was set for it."""
    body = await json_object(request)
    server_key, job_name = text(body, "serverId"), text(body, "backupName")
    if not server_key or not job_name:
        raise Refused(400, "Server ID and backup name are required", "bad_request")
    parts = context(request)
    agent = user_agent(request)

    def work(connection: Connection) -> Deleted | None:
        now = parts.clock.now()
        deleted = deletion.delete_job(connection, server_key, job_name, now)
        if deleted is not None:
            details = {
                "serverId": deleted.server.key,
                "serverName": deleted.server.name,
                "backupName": deleted.job.name,
                "deletedCount": deleted.runs,
            }
            target = f"{deleted.server.key}:{deleted.job.name}"
            entry = Entry(now, "backup_job_deleted", "backup", caller.user, "", "backup", target, details, caller.address, agent)
            audit.record(connection, entry)
        return deleted

    deleted = await parts.writer.write(work)
    if deleted is None:
        raise Refused(404, "This server has no job of that name", "not_found")
    sentence = f'Successfully deleted {deleted.runs} backup record(s) for "{deleted.job.name}" from server "{deleted.server.name}"'
    return JSONResponse(
        {
            "message": sentence,
            "status": 200,
            "deletedCount": deleted.runs,
            "serverName": deleted.server.name,
            "backupName": deleted.job.name,
        }
    )
