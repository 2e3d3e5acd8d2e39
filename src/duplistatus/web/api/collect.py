"""`/api/backups/collect` and `/api/backups/sync-schedule`: collecting as clients of 1.4.2 ask for it, who wait for the outcome. In: a host
and its password, or the id of a server; out: what was found, in their shape, or why it did not work. It is a collection like any other:
it is in the list, and a question that comes up is answered on its page."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, moment
from duplistatus.i18n.wording import DEFAULT
from duplistatus.ingest.duplicati.collection_parts import TYPED, WHOEVER
from duplistatus.ingest.duplicati.part_work import LONGEST
from duplistatus.store import fleet, links
from duplistatus.store.collections import ASKS, DONE, Collection, Part
from duplistatus.store.compression import unpack
from duplistatus.store.fleet import ServerRow
from duplistatus.web import collection_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered, taking
from duplistatus.web.api.collections import number_of
from duplistatus.web.body import JsonObject, flag, json_object, text
from duplistatus.web.collection_desk import Wish, collecting
from duplistatus.web.collection_words import trouble_of
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["collecting"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_FAILURES = {
    400: "Something is missing, or no address",
    404: "There is no such server, or it has no address and password",
    409: "Somebody has to decide first, on the page of the collection",
    502: "The other server could not be collected",
    504: "It takes longer; the collection goes on",
}
_WAITS = LONGEST + 30
_DECIDED = {TYPED: True, WHOEVER: True, "plain": True}
"""Who calls by name and waits cannot be asked whether HTTP will do: for a host never reached by HTTPS it will, and the answer says so."""


@router.post(
    "/api/backups/collect",
    summary="Collects from servers, and waits",
    responses=answered("Collected", failures=_FAILURES),
    openapi_extra=taking("CollectRequest"),
)
async def collect(request: Request, caller: _Admin) -> Response:
    """`hostname`, `port` and `password`, or the `serverId` of one of which they are stored; with both, they are stored anew."""
    body = await json_object(request)
    found = await _collected(request, caller, body, schedules_only=False, missing="providedServerId")
    part = found.parts[0]
    answer: dict[str, Any] = {
        "success": True,
        "serverName": _server(request, part).name,
        "serverAlias": _server(request, part).alias,
        "stats": {name: sum(getattr(each, of) for each in found.parts) for name, of in _STATS.items()},
        "backupSettings": {"message": "Backup settings completion handled automatically"},
        **_about(request, found),
    }
    if flag(body, "downloadJson"):
        answer["jsonData"] = _documents(request, found)
    return json_answer(encode(answer), NO_STORE)


@router.post(
    "/api/backups/sync-schedule",
    summary="Takes the schedules of servers over, and waits",
    responses=answered("ScheduleSynced", failures=_FAILURES),
    openapi_extra=taking("CollectRequest"),
)
async def sync_schedule(request: Request, caller: _Admin) -> Response:
    """As `POST /api/backups/collect`, without the runs."""
    found = await _collected(request, caller, await json_object(request), schedules_only=True, missing="serverId")
    answer = {
        "success": True,
        "serverName": _server(request, found.parts[0]).name,
        "stats": {"processed": sum(part.found for part in found.parts), "errors": sum(part.errors for part in found.parts)},
        **_about(request, found),
    }
    return json_answer(encode(answer), NO_STORE)


_STATS = {"processed": "found", "skipped": "known", "errors": "errors"}


async def _collected(request: Request, caller: Caller, body: JsonObject, *, schedules_only: bool, missing: str) -> Collection:
    """The collection, ended; its first part is one that was done. Raises Refused."""
    wish = _wish(request, body, schedules_only=schedules_only, missing=missing)
    uid = await collection_desk.start(request, caller, wish)
    await collecting(request).settled(uid, _WAITS)
    found = collection_desk.collection_now(request, uid)
    done = [part for part in found.parts if part.state == DONE]
    if not done:
        raise _failure(found)
    others = [part for part in found.parts if part.state != DONE]
    return Collection(**{name: getattr(found, name) for name in Collection.__dataclass_fields__ if name != "parts"}, parts=(*done, *others))


def _wish(request: Request, body: JsonObject, *, schedules_only: bool, missing: str) -> Wish:
    host, password, key = text(body, "hostname") or "", text(body, "password") or "", text(body, "serverId")
    keeps = bool(flag(body, "downloadJson")) and not schedules_only
    wish = Wish(addresses=host, port=number_of(body, "port"), password=password, schedules_only=schedules_only, keeps_document=keeps)
    if key:
        server = _find(request, key)
        if not (host and password):
            return _stored(request, server, wish)
        return Wish(**_fields(wish), decided=_DECIDED, as_server=server.id)
    if not password:
        raise Refused(400, f"Password is required when {missing} is not provided", "password_required")
    if not host:
        raise Refused(400, f"Hostname is required when {missing} is not provided", "hostname_required")
    return Wish(**_fields(wish), decided=_DECIDED)


def _fields(wish: Wish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in Wish.__dataclass_fields__ if name not in {"decided", "as_server"}}


def _find(request: Request, key: str) -> ServerRow:
    with context(request).database.read() as connection:
        server = fleet.server_by_key(connection, key)
    if server is None:
        raise Refused(404, "Server not found", "server_not_found")
    return server


def _stored(request: Request, server: ServerRow, wish: Wish) -> Wish:
    """By the address and the password that are stored. Raises Refused where there are none."""
    with context(request).database.read() as connection:
        link = links.link(connection, server.id)
    if link is None:
        sentence = (
            "No password stored for this server. Please provide hostname and password to update server credentials,"
            " or set the password in Settings."
        )
        raise Refused(404, sentence, "no_password", more={"serverInfo": _about_server(server)})
    return Wish(servers=(link.key,), schedules_only=wish.schedules_only, keeps_document=wish.keeps_document)


def _about_server(server: ServerRow) -> dict[str, object]:
    return {
        "id": server.key,
        "name": server.name,
        "server_url": server.url,
        "alias": server.alias,
        "note": server.note,
        "created_at": _text_time(server.created_at),
        "has_password": int(server.has_password),
        "hasPassword": server.has_password,
    }


def _text_time(at: Instant) -> str:
    return f"{moment(at):%Y-%m-%d %H:%M:%S}"


def _failure(found: Collection) -> Refused:
    """Why nothing was collected: of the first server, or of each of several."""
    part = next((each for each in found.parts if each.state == ASKS), found.parts[0])
    if found.is_at_work:
        return Refused(504, "It takes longer; GET /api/collections/{id} tells how far it has come", "slow", more={"collection": found.uid})
    words = trouble_of(part, DEFAULT)
    more: dict[str, object] = {"collection": found.uid}
    if len(found.parts) > 1:
        more["results"] = [_result(each) for each in found.parts]
    sentence = words.whole if words is not None else "The collection was cancelled"
    if part.state == ASKS:
        more["question"] = part.question
        return Refused(409, sentence, part.trouble, more=more)
    return Refused(502, sentence, part.trouble or "cancelled", more=more)


def _result(part: Part) -> dict[str, Any]:
    """One of several hosts."""
    if part.state == DONE:
        stats = {name: getattr(part, of) for name, of in _STATS.items()}
        return {"hostname": part.url, "success": True, "serverName": part.server_label, "stats": stats}
    words = trouble_of(part, DEFAULT)
    return {"hostname": part.url, "success": False, "error": words.whole if words else part.state, "code": part.trouble or part.state}


def _about(request: Request, found: Collection) -> dict[str, Any]:
    """What clients of 1.4.2 do not know."""
    done = [part for part in found.parts if part.state == DONE]
    protocol = "http" if any(part.url.startswith("http://") for part in done) else "https"
    about: dict[str, Any] = {"protocol": protocol, "collection": found.uid}
    if len(found.parts) > 1:
        about |= {"results": [_result(part) for part in found.parts], "success": len(done) == len(found.parts)}
    return about


def _server(request: Request, part: Part) -> ServerRow:
    with context(request).database.read() as connection:
        found = fleet.server_by_key(connection, part.server_key)
    if found is None:
        raise Refused(404, "The server was removed meanwhile", "server_not_found")
    return found


def _documents(request: Request, found: Collection) -> str:
    """The document of the server, or of several one after the other in a list, written for people."""
    packed = [collection_desk.document(request, found.uid, part.id)[1] for part in found.parts if part.has_document]
    documents = [orjson.loads(unpack(each)) for each in packed]
    return orjson.dumps(documents[0] if len(documents) == 1 else documents, option=orjson.OPT_INDENT_2).decode()
