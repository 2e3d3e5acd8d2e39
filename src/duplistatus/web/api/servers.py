"""`GET /api/servers…`: the list of servers, one server, its address. In: what to include; out: the fields that 1.4.2 had."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.store import fleet, fleet_lines
from duplistatus.store.database import Connection
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer, kept
from duplistatus.web.api.answered import answered
from duplistatus.web.api.detail import Cursor, full_server, read_cursor, server_or_404
from duplistatus.web.api.paths import names_after
from duplistatus.web.context import context

router = APIRouter(tags=["fleet"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_UNKNOWN = {404: "No server has this id"}


@router.get("/api/servers", summary="All servers", responses=answered("ServerName", "ServerJob", many=True))
async def servers(
    request: Request,
    caller: _Reader,
    include_backups: Annotated[str, Query(alias="includeBackups", description="`true`: one entry a job")] = "false",
) -> Response:
    """By name. With `includeBackups=true` every job of every server is an entry."""
    parts = context(request)
    by_job = include_backups == "true"

    def make() -> bytes:
        with parts.database.snapshot() as connection:
            return encode(_jobs(connection) if by_job else _names(connection))

    return json_answer(kept(request, ("servers", by_job), make))


def _names(connection: Connection) -> list[dict[str, Any]]:
    return [{"id": each.key, "name": each.name, "alias": each.alias, "note": each.note} for each in fleet.servers(connection)]


def _jobs(connection: Connection) -> list[dict[str, Any]]:
    by_id = {server.id: server for server in fleet.servers(connection)}
    return [
        {
            "id": server.key,
            "name": server.name,
            "backupName": line.name,
            "server_url": server.url,
            "alias": server.alias,
            "note": server.note,
            "hasPassword": server.has_password,
        }
        for line in fleet_lines.job_lines(connection)
        if (server := by_id.get(line.server_id)) is not None
    ]


@router.get(
    "/api/servers/{server:path}/server-url",
    summary="Address of a server's Duplicati",
    responses=answered("ServerUrl", failures=_UNKNOWN),
)
async def server_url(request: Request, server: _Server, caller: _Reader) -> Response:
    """Empty when nobody has set one."""
    wanted = names_after(request, "/api/servers/", "/server-url")[0]
    with context(request).database.read() as connection:
        row = server_or_404(connection, wanted)
    return json_answer(encode({"serverId": wanted, "server_url": row.url}))


@router.get("/api/servers/{server:path}", summary="One server", responses=answered("Server", "FullServer", failures=_UNKNOWN))
async def server(
    request: Request,
    server: _Server,
    caller: _Reader,
    include_backups: Annotated[str, Query(alias="includeBackups", description="`true`: with runs and chart")] = "false",
    include_chart_data: Annotated[str, Query(alias="includeChartData", description="`true`: with runs and chart")] = "false",
    cursor: Cursor = None,
) -> Response:
    """With `includeBackups=true` or `includeChartData=true` also its newest 200 runs and its chart; more runs with `cursor`."""
    parts = context(request)
    with parts.database.snapshot() as connection:
        row = server_or_404(connection, names_after(request, "/api/servers/")[0])
        if "true" in {include_backups, include_chart_data}:
            full, following = full_server(connection, row, parts.clock.now(), read_cursor(cursor))
            return json_answer(encode({**full, "next_cursor": following}))
    body = {"id": row.key, "name": row.name, "alias": row.alias, "note": row.note, "server_url": row.url}
    return json_answer(encode(body))
