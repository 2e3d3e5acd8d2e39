"""`/api/tags` and the tags of a server: words that people group servers by. In: names, colours, servers; out: tags with their servers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.store import tags
from duplistatus.store.tags import TagRow
from duplistatus.web import silence_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.paths import names_after
from duplistatus.web.body import json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["tags"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Tag = Annotated[int, Path(description="Number of a tag", ge=1, le=2**63 - 1)]
_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_UNKNOWN = {404: "There is no such tag or server"}
_TAKEN = {409: "Another tag has this name"}


@router.get("/api/tags", summary="Tags with their servers", responses=answered("TagList"))
async def tag_list(request: Request, caller: _Reader) -> Response:
    """By name."""
    with context(request).database.snapshot() as connection:
        rows = tags.tags(connection)
    return json_answer(encode({"items": [_body(row) for row in rows], "next_cursor": None}))


@router.post("/api/tags", summary="Makes a tag", responses=answered("Tag", failures=_BAD | _UNKNOWN | _TAKEN))
async def add_tag(request: Request, caller: _Admin) -> Response:
    """Body: `{"name", "color"?, "servers"?}`. The name has 40 characters at most; names that differ in upper and lower case alone are one.
    `color` is one of `blue`, `orange`, `green`, `purple`, `olive`, `indigo`; `servers` are their ids."""
    body = await json_object(request)
    try:
        return json_answer(encode(_body(await silence_desk.add_tag(request, caller, body))))
    except ValueError as error:
        raise Refused(400, str(error), "bad_tag") from error


@router.patch("/api/tags/{tag_id}", summary="Changes a tag", responses=answered("Tag", failures=_BAD | _UNKNOWN | _TAKEN))
async def change_tag(request: Request, tag_id: _Tag, caller: _Admin) -> Response:
    """Body: any of `{"name", "color", "servers"}`; what is not named stays."""
    body = await json_object(request)
    try:
        return json_answer(encode(_body(await silence_desk.change_tag(request, caller, tag_id, body))))
    except ValueError as error:
        raise Refused(400, str(error), "bad_tag") from error


@router.delete("/api/tags/{tag_id}", summary="Removes a tag", responses=answered("Tag", failures=_UNKNOWN | {409: "It is in use"}))
async def drop_tag(request: Request, tag_id: _Tag, caller: _Admin) -> Response:
    """Answers what it was. A tag that a maintenance window or the filter of a channel is for stays."""
    return json_answer(encode(_body(await silence_desk.drop_tag(request, caller, tag_id))))


@router.put(
    "/api/servers/{server:path}/tags", summary="Sets the tags of a server", responses=answered("ServerTags", failures=_BAD | _UNKNOWN)
)
async def set_server_tags(request: Request, server: _Server, caller: _Admin) -> Response:
    """Body: `{"tags": [names]}`: exactly these; tags that are not there yet are made."""
    body = await json_object(request)
    key = names_after(request, "/api/servers/", "/tags")[0]
    try:
        row = await silence_desk.set_server_tags(request, caller, key, body)
    except ValueError as error:
        raise Refused(400, str(error), "bad_tag") from error
    found = {"server": {"id": row.key, "name": row.name, "alias": row.alias}, "tags": [each.name for each in row.tags]}
    return json_answer(encode(found))


def _body(row: TagRow) -> dict[str, Any]:
    servers = [{"id": each.key, "name": each.name, "alias": each.alias} for each in row.servers]
    return {"id": row.id, "name": row.name, "color": row.color, "servers": servers}
