"""`/api/keys`: the keys by which programs call. In: names, scopes, an expiry; out: keys with their state and use, and a new key itself,
once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.security.api_key import state_of
from duplistatus.store.api_keys import ApiKey, scopes_text
from duplistatus.web import key_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.reached_at import reached_at, upload_address

router = APIRouter(tags=["access"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Key = Annotated[int, Path(description="Number of a key", ge=1, le=2**63 - 1)]
_BAD = {400: "Something of it makes no sense; nothing was stored"}
_UNKNOWN = {404: "There is no such key"}
_OWN = {403: "The key is that of the request, or the caller may not"}


@router.get("/api/keys", summary="API keys", responses=answered("ApiKeyList"))
async def key_list(request: Request, caller: _Admin) -> Response:
    """The oldest first. A key itself is never answered, only its fingerprint."""
    now = context(request).clock.now()
    return json_answer(encode({"items": [_body(key, now) for key in await key_desk.keys_now(request)], "next_cursor": None}))


@router.post("/api/keys", summary="Makes an API key", responses=answered("NewApiKey", failures=_BAD))
async def add_key(request: Request, caller: _Admin) -> Response:
    """Body: `{"name", "scopes", "expires_at"?}`. `scopes` are one or several of `upload`, `read`, `metrics`, `admin`. The answer has the
    key itself in `key`; it is told this once."""
    body = await json_object(request)
    try:
        made = await key_desk.add(request, caller, body)
    except ValueError as error:
        raise Refused(400, str(error), "bad_key") from error
    told = {**_body(made.key, context(request).clock.now()), "key": made.text}
    return json_answer(encode({**told, "upload_url": upload_address(reached_at(request), made.text)}))


@router.get("/api/keys/{key_id}", summary="An API key", responses=answered("ApiKey", failures=_UNKNOWN))
async def one_key(request: Request, key_id: _Key, caller: _Admin) -> Response:
    """Without the key itself."""
    return json_answer(encode(_body(await key_desk.key_now(request, key_id), context(request).clock.now())))


@router.patch("/api/keys/{key_id}", summary="Changes an API key", responses=answered("ApiKey", failures=_BAD | _UNKNOWN | _OWN))
async def change_key(request: Request, key_id: _Key, caller: _Admin) -> Response:
    """Body: any of `{"name", "scopes", "expires_at", "disabled"}`; what is not named stays, and `expires_at` null means never. A key
    cannot change itself."""
    body = await json_object(request)
    try:
        key = await key_desk.change(request, caller, key_id, body)
    except ValueError as error:
        raise Refused(400, str(error), "bad_key") from error
    return json_answer(encode(_body(key, context(request).clock.now())))


@router.delete("/api/keys/{key_id}", summary="Deletes an API key", responses=answered("ApiKey", failures=_UNKNOWN))
async def drop_key(request: Request, key_id: _Key, caller: _Admin) -> Response:
    """Answers what it was. It opens nothing from then on."""
    return json_answer(encode(_body(await key_desk.remove(request, caller, key_id), context(request).clock.now())))


def _body(key: ApiKey, now: Instant) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "fingerprint": key.fingerprint,
        "scopes": scopes_text(key.scopes).split(),
        "state": state_of(key, now).value,
        "disabled": key.is_disabled,
        "created_at": iso(key.created_at),
        "created_by": key.created_by,
        "expires_at": _iso(key.expires_at),
        "last_used_at": _iso(key.last_used_at),
        "last_used_address": key.last_used_address,
        "uses": key.uses,
    }


def _iso(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
