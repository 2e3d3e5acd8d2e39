"""`/api/servers/…`: how servers are called, reached and opened, tests of that, and their removal. In: what is to become another, in JSON;
out: what 1.4.2 answered, with fields of our own beside. No answer holds a password."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.i18n.wording import DEFAULT
from duplistatus.ingest.duplicati.trying import Tried
from duplistatus.store import links
from duplistatus.store.links import Link
from duplistatus.web import server_desk, server_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered, taking
from duplistatus.web.api.paths import names_after
from duplistatus.web.body import flag, json_object, text
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.trouble_words import trouble_words, words_of

router = APIRouter(tags=["servers"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_UNKNOWN = {404: "No server has this id"}
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_WITHOUT = {409: "The server has no address"}
_START = "/api/servers/"


@router.post(
    "/api/servers/test-connection",
    summary="Tests the connection to a server",
    responses=answered("ConnectionTest", failures=_BAD | _UNKNOWN),
    openapi_extra=taking("ConnectionToTest"),
)
async def test_connection(request: Request, caller: _Admin) -> Response:
    """With `server_url`: whether a Duplicati server answers there. No password is sent, and none is made up. With `server_id`, what is
    stored of that server is tried, its password too; with `all`, that of every server. Nothing is collected, and nothing changed."""
    body = await json_object(request)
    parts = context(request)
    if flag(body, "all"):
        with parts.database.read() as connection:
            chosen = links.links(connection)
        tested = await server_tests.try_servers(request, caller, chosen)
        items = [{"server_id": each.link.key, "server_url": each.link.url, **_outcome(each.tried, each.link)} for each in tested]
        failed = sum(not each["success"] for each in items)
        message = "Connection successful" if not failed else f"{failed} of {len(items)} servers cannot be asked"
        return json_answer(encode({"success": not failed, "message": message, "items": items}))
    if key := text(body, "server_id"):
        with parts.database.read() as connection:
            _, link = server_desk.linked(connection, key)
        (only,) = await server_tests.try_servers(request, caller, [link])
        return json_answer(encode(_outcome(only.tried, link)))
    url = server_desk.read_url(text(body, "server_url"))
    if not url:
        raise Refused(400, "Server URL is required", "bad_url")
    return json_answer(encode(_outcome(await server_tests.try_address(request, caller, url), None)))


def _outcome(tried: Tried, link: Link | None) -> dict[str, Any]:
    went_well = tried.trouble is None if link is not None else server_tests.is_there(tried)
    lines = server_tests.lines_of(tried, DEFAULT, agreed=link is not None and bool(link.certificate))
    if link is None and went_well:
        lines = [line for line in lines if line.kind != "error"]
    message = "Connection successful"
    if not went_well and tried.trouble is not None:
        message = words_of(tried.trouble, DEFAULT).whole
    return {
        "success": went_well,
        "message": message,
        "code": None if went_well or tried.trouble is None else tried.trouble.code,
        "steps": [{"step": line.step, "state": line.kind, "message": line.text} for line in lines],
    }


@router.get(
    "/api/servers/{server:path}/password",
    summary="Whether a password is stored",
    responses=answered("PasswordState", failures=_UNKNOWN),
)
async def password_state(request: Request, server: _Server, caller: _Reader) -> Response:
    """Never which."""
    wanted = names_after(request, _START, "/password")[0]
    with context(request).database.read() as connection:
        row = server_desk.found(connection, wanted)
    return json_answer(encode({"csrfToken": caller.csrf_token or None, "serverId": row.key, "password_stored": row.has_password}))


@router.patch(
    "/api/servers/{server:path}/password",
    summary="Stores the password of a server, or takes it away",
    responses=answered("PasswordChanged", failures=_BAD | _UNKNOWN),
    openapi_extra=taking("PasswordChange"),
)
async def change_password(request: Request, server: _Server, caller: _Admin) -> Response:
    """It is encrypted, and never shown."""
    password = text(await json_object(request), "password")
    if password is None:
        raise Refused(400, "Password must be a string", "bad_request")
    row = await server_desk.set_password(request, caller, names_after(request, _START, "/password")[0], password)
    return json_answer(encode({"message": "Password updated successfully", "serverId": row.key}))


@router.patch(
    "/api/servers/{server:path}/server-url",
    summary="Changes the address of a server's Duplicati",
    responses=answered("ServerUrlChanged", failures=_BAD | _UNKNOWN),
    openapi_extra=taking("ServerUrlChange"),
)
async def change_url(request: Request, server: _Server, caller: _Admin) -> Response:
    """An empty one takes it away. With another host, or without HTTPS where there was, the stored password goes: it stays behind with its
    host."""
    url = text(await json_object(request), "server_url")
    if url is None:
        raise Refused(400, "server_url must be text", "bad_request")
    row = await server_desk.change(request, caller, names_after(request, _START, "/server-url")[0], {"server_url": url})
    told = {"message": "Server URL updated successfully", "serverId": row.key, "server_url": row.url}
    return json_answer(encode(told | {"password_stored": row.has_password}))


@router.get(
    "/api/servers/{server:path}/link",
    summary="How a server is reached, and how that goes",
    responses=answered("ServerLink", failures=_UNKNOWN | _WITHOUT),
)
async def link(request: Request, server: _Server, caller: _Admin) -> Response:
    """Of a server that has an address."""
    with context(request).database.read() as connection:
        _, found = server_desk.linked(connection, names_after(request, _START, "/link")[0])
    return json_answer(encode(_link(found)))


@router.patch(
    "/api/servers/{server:path}/link",
    summary="Changes how often a server is collected, and what may be done there",
    responses=answered("ServerLink", failures=_BAD | _UNKNOWN | _WITHOUT),
    openapi_extra=taking("ServerLinkChange"),
)
async def change_link(request: Request, server: _Server, caller: _Admin) -> Response:
    """What is not named stays."""
    body = await json_object(request)
    changed = await server_desk.change_link(request, caller, names_after(request, _START, "/link")[0], body)
    return json_answer(encode(_link(changed)))


@router.patch(
    "/api/servers/{server:path}",
    summary="Changes alias, note and address of a server",
    responses=answered("ServerChanged", failures=_BAD | _UNKNOWN),
    openapi_extra=taking("ServerChange"),
)
async def change_server(request: Request, server: _Server, caller: _Admin) -> Response:
    """What is not named stays. Of the address, see `PATCH /api/servers/{id}/server-url`."""
    body = await json_object(request)
    row = await server_desk.change(request, caller, names_after(request, _START)[0], body)
    told = {"message": "Server updated successfully", "serverId": row.key, "server_url": row.url, "alias": row.alias, "note": row.note}
    return json_answer(encode(told | {"password_stored": row.has_password}))


@router.delete(
    "/api/servers/{server:path}",
    summary="Removes a server with its jobs and runs",
    responses=answered("DeletedServer", failures=_UNKNOWN),
)
async def delete_server(request: Request, server: _Server, caller: _Admin) -> Response:
    """For good: its jobs, their runs and logs, and what was set for them. A later report of it makes it anew."""
    gone = await server_desk.delete(request, caller, names_after(request, _START)[0])
    changes = {"backupChanges": gone.runs, "serverChanges": 1, "job_changes": gone.jobs}
    told = {"message": f"Successfully deleted server and {gone.runs} backups", "status": 200, "changes": changes}
    return json_answer(encode(told))


def _link(link: Link) -> dict[str, Any]:
    trouble = {"code": link.trouble, "message": trouble_words(link.trouble, link.trouble_facts, DEFAULT).whole} if link.trouble else None
    return {
        "server_id": link.key,
        "server_url": link.url,
        "password_stored": bool(link.secret),
        "timer_minutes": link.timer,
        "next_at": _iso(link.next_at),
        "controls": link.controls,
        "watch": link.watch,
        "certificate": link.certificate or None,
        "tried_at": _iso(link.tried_at),
        "collected_at": _iso(link.collected_at),
        "trouble": trouble,
        "version": link.version,
        "channel": link.channel,
        "live": link.live,
    }


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
