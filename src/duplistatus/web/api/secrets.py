"""`/api/secrets`: the key file and what is stored under it, for administrators. In: ids of secrets that are lost, to be forgotten; out:
what can be read and what cannot. No secret ever."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.security.secret_holders import Held
from duplistatus.web import secret_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import NO_STORE, encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.body import json_object
from duplistatus.web.errors import Refused
from duplistatus.web.secret_desk import Room

router = APIRouter(tags=["administration"])

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_MOST = 500
_FAILURES = {400: "No secret is named", 409: "None of them is lost, or the key file cannot be used"}


@router.get("/api/secrets", summary="The key file, and what is stored under it", responses=answered("Secrets"))
async def secrets_now(request: Request, caller: _Admin) -> Response:
    """What can be read and what is lost; of the key its fingerprint alone."""
    return _answer(secret_desk.room(request))


@router.post("/api/secrets/forget", summary="Forgets lost secrets", responses=answered("Secrets", failures=_FAILURES))
async def secrets_forget(request: Request, caller: _Admin) -> Response:
    """Body: `{"ids": [ids of items]}`. Only those that are lost are forgotten; once nothing is lost the present key is the right one."""
    ids = (await json_object(request)).get("ids")
    if not isinstance(ids, list) or not ids or len(ids) > _MOST or not all(isinstance(each, str) for each in ids):
        raise Refused(400, "ids must name at least one secret", "bad_request")
    await secret_desk.forget(request, caller, ids)
    return _answer(secret_desk.room(request))


def _answer(found: Room) -> Response:
    state, file = found.state, found.file
    lost = frozenset(each.id for each in state.lost)
    body = {
        "state": state.cause.value,
        "explanation": state.sentence,
        "key_file": {
            "path": str(file.path),
            "exists": file.mode is not None,
            "fingerprint": found.mark or None,
            "expected_fingerprint": found.kept or None,
            "permissions": f"{file.mode:04o}" if file.mode is not None else None,
            "too_open": file.is_too_open,
            "mending": file.mending or None,
            "owner": file.owner or None,
            "own": file.is_own,
        },
        "items": [_item(each, is_lost=each.id in lost) for each in state.secrets],
        "next_cursor": None,
    }
    return json_answer(encode(body), NO_STORE)


def _item(each: Held, *, is_lost: bool) -> dict[str, Any]:
    return {"id": each.id, "kind": each.holder.use, "name": each.name, "readable": not is_lost, "page": secret_desk.page_of(each)}
