"""`/api/sessions`: where one is signed in. In: which session shall end; out: one's own sessions, those in use first. Nobody sees another
user's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import iso
from duplistatus.i18n.wording import DEFAULT
from duplistatus.security.own_sessions import end_other_sessions, end_own_session
from duplistatus.store import sessions
from duplistatus.store.sessions import Session
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.api.auth import desk
from duplistatus.web.context import context
from duplistatus.web.device_words import device_of
from duplistatus.web.errors import Refused
from duplistatus.web.sessions import take_cookie, visitor

router = APIRouter(tags=["sign-in"])

_Own = Annotated[Caller, guarded(Access.OWN)]
_Id = Annotated[str, Path(description="Id of one of your sessions", max_length=64)]


@router.get("/api/sessions", summary="Your sessions", responses=answered("OwnSessionList"))
async def own_sessions(request: Request, caller: _Own) -> Response:
    """Those in use first."""
    parts = context(request)
    with parts.database.read() as connection:
        found = sessions.of_user(connection, caller.acting.id, parts.clock.now())
    return json_answer(encode({"items": [_body(each, caller) for each in found], "next_cursor": None}))


@router.delete("/api/sessions", summary="Ends your other sessions", responses=answered("SessionsEnded"))
async def end_others(request: Request, caller: _Own) -> Response:
    """The one that asks stays."""
    ended = await end_other_sessions(desk(request), caller.acting, visitor(request, caller.session))
    return json_answer(encode({"ended": ended}))


@router.delete(
    "/api/sessions/{session_id}",
    summary="Ends one of your sessions",
    responses=answered("SessionsEnded", failures={404: "You have no such session"}),
)
async def end_one(request: Request, session_id: _Id, caller: _Own) -> Response:
    """Also the one that asks, which is signing out."""
    if not await end_own_session(desk(request), caller.acting, session_id, visitor(request, caller.session)):
        raise Refused(404, "You have no such session", "session_not_found")
    answer = json_answer(encode({"ended": 1}))
    if caller.session is not None and caller.session.public_id == session_id:
        take_cookie(request, answer)
    return answer


def _body(found: Session, caller: Caller) -> dict[str, object]:
    return {
        "id": found.public_id,
        "current": caller.session is not None and caller.session.public_id == found.public_id,
        "device": device_of(found.user_agent, DEFAULT),
        "user_agent": found.user_agent,
        "address": found.address,
        "created_at": iso(found.created_at),
        "last_seen_at": iso(found.last_seen_at),
        "expires_at": iso(found.expires_at),
    }
