"""`/api/messages`: every message that was due and what became of it, sending one again, the self-test; and `/api/heartbeat`. For
administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant, iso
from duplistatus.evaluate.notice import Event
from duplistatus.i18n.wording import DEFAULT
from duplistatus.store import messages, outbox
from duplistatus.store.heartbeat import Heartbeat
from duplistatus.store.messages import MessageLine, Sought
from duplistatus.web import message_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.self_test import self_test

router = APIRouter(tags=["messages"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Message = Annotated[int, Path(description="Number of a message", ge=1, le=2**63 - 1)]
_UNKNOWN = {404: "There is no such message"}
_MOST = 500


@router.get("/api/messages", summary="Messages", responses=answered("MessageList", failures={400: "No such state or event"}))
async def message_list(
    request: Request,
    caller: _Admin,
    state: Annotated[str | None, Query(description="`waiting`, `sending`, `sent`, `failed` or `held`", max_length=20)] = None,
    channel: Annotated[int | None, Query(description="Number of a channel", ge=1, le=2**63 - 1)] = None,
    event: Annotated[str | None, Query(description="What it is about", max_length=20)] = None,
    q: Annotated[str, Query(description="Words in the name of the job or server", max_length=200)] = "",
    cursor: Annotated[int | None, Query(description="`next_cursor` of the page before", ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
) -> Response:
    """Newest first."""
    _check(state, outbox.STATES, "state")
    _check(event, tuple(each.value for each in Event), "event")
    sought = Sought(state, channel, event, q.replace("\0", ""), before=cursor)
    with context(request).database.snapshot() as connection:
        found = messages.messages(connection, sought, limit + 1)
    lines = found[:limit]
    places = message_desk.places_of(request, lines)
    body = {"items": [_body(line, places) for line in lines], "next_cursor": lines[-1].id if len(found) > limit else None}
    return json_answer(encode(body), NO_STORE)


@router.get("/api/messages/{message_id}", summary="One message", responses=answered("SentMessage", failures=_UNKNOWN))
async def one_message(request: Request, message_id: _Message, caller: _Admin) -> Response:
    """Until 90 days after it was written."""
    with context(request).database.read() as connection:
        line = messages.message_by_id(connection, message_id)
    if line is None:
        raise Refused(404, "There is no such message, or it is no longer kept", "message_not_found")
    return _one(request, line)


@router.post(
    "/api/messages/{message_id}/resend",
    summary="Sends a message again",
    responses=answered("SentMessage", failures=_UNKNOWN | {409: "It is still on its way, or its channel is switched off"}),
)
async def resend(request: Request, message_id: _Message, caller: _Admin) -> Response:
    """As another message, under another `uid`."""
    return _one(request, await message_desk.send_again(request, caller, message_id))


@router.post(
    "/api/messages/self-test",
    summary="Tests the way of a failing report to a channel",
    responses=answered("SelfTest", failures={400: "No channel is named", 404: "No such channel", 409: "The channel is switched off"}),
)
async def run_self_test(request: Request, caller: _Admin) -> Response:
    """Body: `{"channel": id}`. A failing report is made up, read, stored and routed like any other, and taken out again; then a message
    about the test goes to the channel. Answers when its fate is known, after 30 seconds at most."""
    channel = (await json_object(request)).get("channel")
    if not isinstance(channel, int) or isinstance(channel, bool) or not 0 < channel < 2**63:
        raise Refused(400, "channel must be the number of a channel", "bad_request")
    steps = await self_test(request, caller, channel, DEFAULT)
    items = [{"name": step.name, "title": step.title, "ok": step.ok, "text": step.text} for step in steps]
    return json_answer(encode({"ok": all(step.ok for step in steps), "steps": items}), NO_STORE)


@router.get("/api/heartbeat", summary="The heartbeat", responses=answered("Heartbeat"))
async def read_heartbeat(request: Request, caller: _Admin) -> Response:
    """The address is never answered, only its host."""
    return _heartbeat(message_desk.heartbeat_of(request))


@router.put("/api/heartbeat", summary="Sets the heartbeat", responses=answered("Heartbeat", failures={400: "No address"}))
async def put_heartbeat(request: Request, caller: _Admin) -> Response:
    """Body: `{"url"}`: asked with GET after each check for overdue jobs that ended well; null takes it away."""
    body = await json_object(request)
    url = body.get("url")
    if "url" not in body or not (url is None or isinstance(url, str)):
        raise Refused(400, "url must be an address, or null", "bad_request")
    try:
        return _heartbeat(await message_desk.set_heartbeat(request, caller, url))
    except ValueError as error:
        raise Refused(400, str(error), "bad_address") from error


@router.post("/api/heartbeat/send", summary="Sends the heartbeat now", responses=answered("Beat", failures={409: "No address is set"}))
async def send_heartbeat(request: Request, caller: _Admin) -> Response:
    """`error` says why it failed, null where it worked."""
    beat = await message_desk.beat_now(request)
    return json_answer(encode({"error": beat.error or None, "took": beat.took / SECOND}), NO_STORE)


def _check(value: str | None, allowed: tuple[str, ...], name: str) -> None:
    if value is not None and value not in allowed:
        raise Refused(400, f"{name} must be one of {', '.join(allowed)}", "bad_request")


def _one(request: Request, line: MessageLine) -> Response:
    return json_answer(encode(_body(line, message_desk.places_of(request, [line]))), NO_STORE)


def _body(line: MessageLine, places: dict[int, str]) -> dict[str, Any]:
    is_held = line.state == outbox.HELD
    return {
        "id": line.id,
        "uid": line.uid,
        "state": line.state,
        "event": line.event.value,
        "channel": {"id": line.channel_id, "kind": line.channel_kind, "name": line.channel_name},
        "place": line.destination or places.get(line.channel_id, ""),
        "additional": bool(line.destination),
        "at": iso(line.at),
        "created_at": iso(line.created_at),
        "ended_at": _iso(line.ended_at),
        "next_try_at": _iso(line.next_try_at if line.is_under_way else None),
        "tries": line.tries,
        "took": line.took / SECOND if line.took is not None else None,
        "error": line.error or None if line.state != outbox.SENT and not is_held else None,
        "remark": line.error or None if line.state == outbox.SENT else None,
        "held_by": line.error if is_held else None,
        "job": {"id": line.job_id, "name": line.job_name} if line.job_id is not None else None,
        "jobs": line.jobs,
        "server": {"id": line.server_key, "name": line.server_name, "alias": line.server_alias} if line.server_key is not None else None,
        "run_id": line.run_uid,
    }


def _heartbeat(found: Heartbeat) -> Response:
    health = found.health
    body = {
        "enabled": found.is_set,
        "host": found.host or None,
        "failing_since": _iso(health.failing_since),
        "failed_at": _iso(health.failed_at),
        "error": health.error or None,
        "delivered_at": _iso(health.delivered_at),
    }
    return json_answer(encode(body), NO_STORE)


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
