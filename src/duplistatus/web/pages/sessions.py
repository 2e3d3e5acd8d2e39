"""The page of one's own sessions. In: the address, or a plain form; out: where one is signed in, each to be ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.security.own_sessions import end_other_sessions, end_own_session
from duplistatus.store import sessions
from duplistatus.store.sessions import Session
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.auth import desk
from duplistatus.web.context import context
from duplistatus.web.device_words import device_of
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.sessions import take_cookie, visitor

router = APIRouter(include_in_schema=False)

PATH = "/settings/sessions"
_Own = Annotated[Caller, guarded(Access.OWN)]


@dataclass(frozen=True, slots=True)
class Line:
    """A session in words; `is_current`: the one that looks."""

    session: Session
    device: str
    is_current: bool


@router.get(PATH)
async def show_sessions(request: Request, caller: _Own, ended: Annotated[str, Query(max_length=6, pattern=r"^\d*$")] = "") -> Response:
    """The list; `ended` says how many were ended just now."""
    parts = context(request)
    wording = reader_of(request).wording
    with parts.database.read() as connection:
        found = sessions.of_user(connection, caller.acting.id, parts.clock.now())
    own = caller.session.token_hash if caller.session else ""
    lines = [Line(each, device_of(each.user_agent, wording), each.token_hash == own) for each in found]
    lines.sort(key=lambda line: not line.is_current)
    return page(request, "sessions.html", caller, lines=lines, ended=int(ended or 0))


@router.post(PATH)
async def end_by_form(request: Request, caller: _Own) -> Response:
    """`do`: others, or end with the `id` of one. Who ends the present one has signed out."""
    form = await request.form()
    here = visitor(request, caller.session)
    root = context(request).settings.root_path
    public_id = str(form.get("id", ""))[:64].replace("\0", "")
    if form.get("do") == "others":
        count = await end_other_sessions(desk(request), caller.acting, here)
    else:
        count = int(await end_own_session(desk(request), caller.acting, public_id, here))
    if count and caller.session is not None and public_id == caller.session.public_id and form.get("do") != "others":
        response = RedirectResponse(root + "/login", status_code=303)
        take_cookie(request, response)
        return response
    return RedirectResponse(f"{root}{PATH}?ended={count}", status_code=303)
