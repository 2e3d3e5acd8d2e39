"""`/api/collections`: collections from Duplicati servers, for administrators. In: servers and addresses, answers to questions, the wish to
end; out: how far each server has come, what is asked, and the document of each as a file."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso, moment
from duplistatus.i18n.wording import DEFAULT
from duplistatus.store.collections import Collection, Line, Part
from duplistatus.store.compression import unpack
from duplistatus.web import collection_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered, described, taking
from duplistatus.web.body import JsonObject, flag, json_object, text
from duplistatus.web.collection_desk import Reply, Wish
from duplistatus.web.collection_words import job_troubles, trouble_of
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["collecting"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Uid = Annotated[str, Path(description="Id of a collection", max_length=100)]
_Number = Annotated[int, Path(description="Id of one of its servers", ge=1, le=2**63 - 1)]
_UNKNOWN = {404: "There is no such collection"}
_BAD = {400: "Nothing is chosen, a server has no address, or an address is none"}
_ENDED = _UNKNOWN | {409: "It has ended"}
_NOT_ASKED = _UNKNOWN | {400: "This answers something else", 409: "Nothing is asked any more"}


@router.get("/api/collections", summary="The newest collections", responses=answered("CollectionList"))
async def collection_list(request: Request, caller: _Admin) -> Response:
    """The last 50, the newest first."""
    items = [_line_body(line) for line in collection_desk.lines_now(request)]
    return json_answer(encode({"items": items, "next_cursor": None}), NO_STORE)


@router.post(
    "/api/collections",
    summary="Begins a collection",
    responses=answered("Collection", failures=_BAD),
    openapi_extra=taking("NewCollection"),
)
async def collection_start(request: Request, caller: _Admin) -> Response:
    """Answers at once. `servers`: ids, or `"all"`; `addresses`: of servers that may be new."""
    uid = await collection_desk.start(request, caller, wish_of(await json_object(request)))
    return _answer(request, uid)


@router.get("/api/collections/{uid}", summary="A collection", responses=answered("Collection", failures=_UNKNOWN))
async def collection(request: Request, uid: _Uid, caller: _Admin) -> Response:
    """How far it has come, server by server."""
    return _answer(request, uid)


@router.post("/api/collections/{uid}/cancel", summary="Ends a collection", responses=answered("Collection", failures=_ENDED))
async def collection_cancel(request: Request, uid: _Uid, caller: _Admin) -> Response:
    """At once; what was stored stays."""
    await collection_desk.cancel(request, caller, uid)
    return _answer(request, uid)


@router.post(
    "/api/collections/{uid}/parts/{number}/answer",
    summary="Answers the question of a server",
    responses=answered("Collection", failures=_NOT_ASKED),
    openapi_extra=taking("CollectionAnswer"),
)
async def collection_answer(request: Request, uid: _Uid, number: _Number, caller: _Admin) -> Response:
    """`agree`: to a certificate, by its `sha256`, or to plain HTTP; `server`: the id of the one that it is, or `new`."""
    body = await json_object(request)
    reply = Reply(flag(body, "agree"), text(body, "sha256") or "", text(body, "server"))
    await collection_desk.answer(request, caller, uid, number, reply)
    return _answer(request, uid)


@router.get(
    "/api/collections/{uid}/parts/{number}/document",
    summary="What a server answered, as a file",
    responses=described("JSON", "application/json") | answered("Failure", failures=_UNKNOWN),
)
async def collection_document(request: Request, uid: _Uid, number: _Number, caller: _Admin) -> Response:
    """Kept for an hour after the collection has ended, where it was asked for."""
    part, packed = collection_desk.document(request, uid, number)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(part, context(request).clock.now())}"', **NO_STORE}
    return json_answer(unpack(packed), headers)


def wish_of(body: JsonObject) -> Wish:
    """What a body asks for. Raises Refused."""
    servers, timer = body.get("servers", []), number_of(body, "timer")
    if servers != "all" and not (isinstance(servers, list) and all(isinstance(each, str) and "\0" not in each for each in servers)):
        raise Refused(400, 'servers must be a list of ids, or "all"', "bad_request")
    addresses = body.get("addresses", "")
    if isinstance(addresses, list) and all(isinstance(each, str) for each in addresses):
        addresses = ",".join(addresses)
    if not isinstance(addresses, str) or "\0" in addresses:
        raise Refused(400, "addresses must be text, or a list of texts", "bad_request")
    return Wish(
        servers=None if servers == "all" else tuple(str(each) for each in servers) if isinstance(servers, list) else (),
        addresses=addresses,
        port=number_of(body, "port"),
        password=text(body, "password") or "",
        timer=timer,
        schedules_only=flag(body, "schedules_only") or False,
        keeps_document=flag(body, "keep_document") or False,
    )


def number_of(body: JsonObject, name: str) -> int | None:
    """A field that is a whole number, also written as text; None where it is absent. Raises Refused."""
    value = body.get(name)
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        value = int(value)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(400, f"{name} must be a whole number", "bad_request")
    return value


def file_name(part: Part, now: Instant) -> str:
    """`fileserver_collected_2026-07-10T12-00-00.json`; what file systems do not like is left out of the server's name."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", part.server_label or part.url).strip("._")[:80] or "server"
    return f"{name}_collected_{moment(now):%Y-%m-%dT%H-%M-%S}.json"


def _answer(request: Request, uid: str) -> Response:
    return json_answer(encode(collection_body(collection_desk.collection_now(request, uid))), NO_STORE)


def collection_body(found: Collection) -> dict[str, Any]:
    """A collection as JSON; its texts are English."""
    return {
        "id": found.uid,
        "started_at": iso(found.started_at),
        "ended_at": _iso(found.ended_at),
        "started_by": found.started_by,
        "schedules_only": found.schedules_only,
        "keep_document": found.keeps_document,
        "cancelled": found.cancelled,
        "parts": [_part_body(part) for part in found.parts],
    }


def _part_body(part: Part) -> dict[str, Any]:
    words = trouble_of(part, DEFAULT)
    return {
        "id": part.id,
        "server": part.server_key or None,
        "name": part.server_label or None,
        "address": part.url,
        "state": part.state,
        "step": part.step or None,
        "jobs_done": part.jobs_done,
        "jobs_total": part.jobs_total,
        "found": part.found,
        "known": part.known,
        "errors": part.errors,
        "job_errors": [{"job": name, "reason": reason} for name, reason in job_troubles(part, DEFAULT)],
        "trouble": {"code": part.trouble, "reason": words.sentence, "advice": words.advice or None} if words is not None else None,
        "question": part.question,
        "document": part.has_document,
    }


def _line_body(line: Line) -> dict[str, Any]:
    return {
        "id": line.uid,
        "started_at": iso(line.started_at),
        "ended_at": _iso(line.ended_at),
        "started_by": line.started_by,
        "schedules_only": line.schedules_only,
        "cancelled": line.cancelled,
        "servers": line.parts,
        "done": line.done,
        "failed": line.failed,
        "asks": line.asks,
        "found": line.found,
    }


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
