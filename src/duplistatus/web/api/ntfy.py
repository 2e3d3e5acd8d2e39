"""`/api/configuration/ntfy`, and the part of `/api/configuration/notifications` that is about ntfy, as 1.4.2 has them, but that the token
is never answered. In: what its clients send; out: its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.security.secrets import KeyTrouble
from duplistatus.store.channels import NTFY, ChannelRow, own_channel
from duplistatus.web import channel_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.channel_fields import server_of
from duplistatus.web.context import context
from duplistatus.web.errors import Refused

router = APIRouter(tags=["configuration"])

_TEXTS = {"url": "url", "topic": "topic", "accessToken": "token"}
"""Names of 1.4.2, and those of the kind."""


@router.get("/api/configuration/ntfy", summary="Settings of ntfy for all jobs", responses=answered("NtfyConfiguration"))
async def ntfy(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """`accessToken` is always empty; `hasAccessToken` says whether there is one."""
    with context(request).database.read() as connection:
        row = own_channel(connection, NTFY)
    return json_answer(encode({"ntfy": ntfy_json(row)}))


def ntfy_json(row: ChannelRow) -> dict[str, Any]:
    """The settings as they are answered."""
    config = row.config
    return {"url": config.get("url", ""), "topic": config.get("topic", ""), "accessToken": "", "hasAccessToken": bool(row.secret)}


async def save_ntfy(request: Request, caller: Caller, sent: object) -> Mapping[str, Any]:
    """Stores the settings that a client sent, and switches ntfy on, as 1.4.2 does; the settings as they are answered."""
    try:
        return ntfy_json(await channel_desk.save_own(request, caller, NTFY, read_ntfy(sent), enabled=True))
    except (BadChannel, KeyTrouble) as error:
        raise channel_desk.refusal(error) from error


def read_ntfy(sent: object) -> dict[str, Any]:
    """The settings in the names of the kind; an empty topic asks for one that nobody guesses."""
    if not isinstance(sent, dict):
        raise Refused(400, "NTFY configuration is required", "bad_request")
    return {name: sent[theirs] for theirs, name in _TEXTS.items() if theirs in sent}


def posted_setting(words: Mapping[str, Any], row: ChannelRow, stored: ChannelSetting) -> dict[str, Any]:
    """Settings to try; a client that cannot know the token sends none. The stored one is for the stored server alone: it must not be sent
    elsewhere because somebody types another address."""
    is_same = server_of(words.get("url")) == server_of(row.config.get("url"))
    return {**words, "token": words.get("token") or (stored.secret.get("token") if is_same else None)}
