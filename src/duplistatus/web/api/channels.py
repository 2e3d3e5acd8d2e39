"""`/api/channels`: the ways by which people are told, for administrators. In: kinds, settings, filters; out: channels with their health,
and never a secret."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant, iso
from duplistatus.notify.channels.kind import BadChannel
from duplistatus.notify.channels.registry import KINDS
from duplistatus.notify.message import DeliveryError
from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store import channels
from duplistatus.store.channels import ChannelRow
from duplistatus.web import channel_desk, channel_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.channel_fields import config_json, opened
from duplistatus.web.channel_filter import Directory, filter_json
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.nearness_words import near_json, nearness_of

router = APIRouter(tags=["channels"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Channel = Annotated[int, Path(description="Number of a channel", ge=1, le=2**63 - 1)]
_BAD = {400: "Something of it makes no sense; nothing was stored. `details.field` names it"}
_UNKNOWN = {404: "There is no such channel"}


@router.get("/api/channels", summary="Channels", responses=answered("ChannelList"))
async def channel_list(request: Request, caller: _Admin) -> Response:
    """Those for all jobs first, then by name."""
    with context(request).database.snapshot() as connection:
        directory = Directory.of(connection)
        rows = channels.channels(connection)
    secrets = context(request).secrets
    return json_answer(encode({"items": [channel_json(row, directory, secrets) for row in rows], "next_cursor": None}))


@router.post("/api/channels", summary="Adds a channel", responses=answered("Channel", failures=_BAD))
async def add_channel(request: Request, caller: _Admin) -> Response:
    """Body: `{"kind", "name", "config", "filter"?, "enabled"?}`. `kind` is `ntfy`, `email`, `webhook` or `apprise`; see the documentation
    of channels for the settings of each. Without `filter` it tells of warnings, errors, overdue jobs and their return, of all jobs."""
    return await _answer(request, channel_desk.add(request, caller, await json_object(request)))


@router.get("/api/channels/{channel_id}", summary="One channel", responses=answered("Channel", failures=_UNKNOWN))
async def one_channel(request: Request, channel_id: _Channel, caller: _Admin) -> Response:
    return _one(request, channel_desk.channel_row(request, channel_id))


@router.patch("/api/channels/{channel_id}", summary="Changes a channel", responses=answered("Channel", failures=_BAD | _UNKNOWN))
async def change_channel(request: Request, channel_id: _Channel, caller: _Admin) -> Response:
    """Body: any of `{"name", "enabled", "config", "filter"}`; what is not named stays, also inside `config` and `filter`. A secret that is
    an empty text stays, null removes it; a channel that moves to another server keeps none that is not sent with it."""
    return await _answer(request, channel_desk.change(request, caller, channel_id, await json_object(request)))


@router.delete(
    "/api/channels/{channel_id}",
    summary="Removes a channel",
    responses=answered("Channel", failures=_UNKNOWN | {409: "Those for all jobs stay"}),
)
async def remove_channel(request: Request, channel_id: _Channel, caller: _Admin) -> Response:
    """With all its messages, sent or not. Answers what it was."""
    return _one(request, await channel_desk.remove(request, caller, channel_id))


@router.post(
    "/api/channels/{channel_id}/test",
    summary="Sends a test message through a channel",
    responses=answered("ChannelTested", failures=_UNKNOWN | {502: "It was not delivered; the sentence says why"}),
)
async def test_channel(request: Request, channel_id: _Channel, caller: _Admin) -> Response:
    """At once and past the outbox, also when the channel is off. Answers within half a minute."""
    row = channel_desk.channel_row(request, channel_id)
    try:
        arrived = await channel_tests.try_stored(request, caller, row, channel_tests.sample(request))
    except SecretLost as error:
        raise Refused(502, f"What is stored cannot be read: {error}", "secret_lost") from error
    except (DeliveryError, KeyTrouble) as error:
        raise Refused(502, str(error), "not_delivered") from error
    return json_answer(encode({"delivered": True, "took": arrived.took / SECOND, "remark": arrived.remark}))


def channel_json(row: ChannelRow, directory: Directory, secrets: Secrets) -> dict[str, Any]:
    """A channel as programs read it."""
    found = opened(row, secrets)
    health = row.health
    return {
        "id": row.id,
        "key": row.key,
        "kind": row.kind,
        "name": row.name,
        "enabled": row.enabled,
        "place": KINDS[row.kind].place(found.setting),
        "server": near_json(nearness_of(row.kind, found.setting)),
        "config": config_json(row.kind, found.setting),
        "trouble": found.trouble,
        "filter": filter_json(directory.named(row.filter)) if row.key is None else None,
        "health": {
            "failing_since": _iso(health.failing_since),
            "failed_at": _iso(health.failed_at),
            "error": health.error,
            "alerts": health.alerts,
            "delivered_at": _iso(health.delivered_at),
        },
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "changed_at": _iso(row.changed_at),
        "changed_by": row.changed_by,
    }


async def _answer(request: Request, change: Awaitable[ChannelRow]) -> Response:
    try:
        return _one(request, await change)
    except (BadChannel, KeyTrouble) as error:
        raise channel_desk.refusal(error) from error


def _one(request: Request, row: ChannelRow) -> Response:
    with context(request).database.snapshot() as connection:
        directory = Directory.of(connection)
    return json_answer(encode(channel_json(row, directory, context(request).secrets)))


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
