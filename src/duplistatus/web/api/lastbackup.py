"""`GET /api/lastbackup/{id or name}` and `/api/lastbackups/{id or name}`: the newest run of a server, or of each of its jobs, with their
texts, for other programs. In: a server's id or name; out: the runs, 404 without such a server, 400 with their ids where several
have the name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.store import fleet, history
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer, kept
from duplistatus.web.api.answered import answered, failing
from duplistatus.web.api.paths import names_after
from duplistatus.web.api.run_body import created_text, run_with_texts
from duplistatus.web.context import context

router = APIRouter(tags=["external"])

_WRONG = {
    **failing(400, "Several servers have this name", "AmbiguousServer"),
    **failing(404, "No server has this id or name", "UnknownServer"),
}
_Server = Annotated[str, Path(description="Id of a server, or its name, percent-encoded")]


@router.get("/api/lastbackup/{server:path}", summary="Newest run of a server", responses=answered("LastBackup") | _WRONG)
async def lastbackup(request: Request, server: _Server, caller: Annotated[Caller, guarded(Access.EXTERNAL)]) -> Response:
    """The newest run of all its jobs, with its log."""
    return _answer(request, names_after(request, "/api/lastbackup/")[0], every_job=False)


@router.get("/api/lastbackups/{server:path}", summary="Newest run of each job of a server", responses=answered("LastBackups") | _WRONG)
async def lastbackups(request: Request, server: _Server, caller: Annotated[Caller, guarded(Access.EXTERNAL)]) -> Response:
    """The job that ran last comes first."""
    return _answer(request, names_after(request, "/api/lastbackups/")[0], every_job=True)


def _answer(request: Request, wanted: str, *, every_job: bool) -> Response:
    parts = context(request)

    def make() -> bytes:
        with parts.database.snapshot() as connection:
            status, body = _body(connection, wanted, every_job=every_job)
            # The status travels with the kept bytes, in front of them.
            return b"%d" % status + encode(body)

    body = kept(request, ("lastbackups" if every_job else "lastbackup", wanted), make)
    return json_answer(body[3:], NO_STORE, int(body[:3]))


def _body(connection: Connection, wanted: str, *, every_job: bool) -> tuple[int, dict[str, Any]]:
    server = fleet.server_by_key(connection, wanted)
    if server is None:
        named = fleet.servers_by_name(connection, wanted)
        if len(named) > 1:
            return 400, _ambiguous(wanted, named)
        server = named[0] if named else None
    if server is None:
        error = {"error": "Server not found", "message": f"No server found with identifier: {wanted}", "status": 404}
        return 404, error
    head = {"id": server.key, "name": server.name, "created_at": created_text(server.created_at)}
    runs = [run_with_texts(line, server.key, log) for line, log in history.last_lines(connection, server.id)]
    if not every_job:
        return 200, {"server": head, "latest_backup": runs[0] if runs else None, "status": 200}
    names = [each["name"] for each in runs]
    return 200, {"server": head, "latest_backups": runs, "backup_jobs_count": len(runs), "backup_names": names, "status": 200}


def _ambiguous(name: str, named: list[ServerRow]) -> dict[str, Any]:
    ids = ", ".join(each.key for each in named)
    return {
        "error": "Multiple servers found with the same name",
        "message": f'Multiple servers found with name "{name}". Please use the server ID instead of the name. Available IDs: {ids}',
        "status": 400,
        "duplicate_servers": [{"id": each.key, "name": each.name} for each in named],
    }
