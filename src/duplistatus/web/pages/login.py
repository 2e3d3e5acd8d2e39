"""The sign-in page. In: name, password and where to go afterwards, as a plain form; out: the page, or a session and the way back. It works
without scripts; where it leads is always a path of this site."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.clock import MINUTE
from duplistatus.i18n.languages import offered
from duplistatus.i18n.wording import Wording
from duplistatus.security.first_account import FIRST_NAME
from duplistatus.security.passwords import TooManySignIns
from duplistatus.security.sign_in import AccountLocked, AddressBlocked, SignInError, sign_in
from duplistatus.security.tokens import new_token
from duplistatus.store import accounts
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.auth import desk
from duplistatus.web.context import context
from duplistatus.web.device_cookie import give_device
from duplistatus.web.errors import Refused, local_path
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.same_site import check_change
from duplistatus.web.sessions import give_cookie, open_session, visitor
from duplistatus.web.sign_in_limits import wait_for_password

router = APIRouter(include_in_schema=False)

_LONGEST_NAME = 200


@router.get("/login")
async def show_login(request: Request, caller: Annotated[Caller, guarded(Access.OPEN)], next: str = "") -> Response:  # noqa: A002 - the name in the address
    """The page; who is signed in already goes where they wanted."""
    if caller.user is not None:
        return RedirectResponse(context(request).settings.root_path + local_path(next), status_code=303)
    return await _form(request, caller, next)


@router.post("/login")
async def sign_in_by_form(request: Request, caller: Annotated[Caller, guarded(Access.OPEN, csrf=False)]) -> Response:
    """Signs in, and lets this browser be known. What is wrong is said on the page itself."""
    wording = reader_of(request).wording
    wait = wait_for_password(request)
    if wait is not None:
        answer = await _form(request, caller, "", problem=too_many_tries(wording, wait), status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    try:
        await check_change(request, caller.csrf_token)
    except Refused:
        # The page was open for longer than its session lived, or the browser keeps no cookies.
        return await _form(request, caller, "", problem=wording.gettext("Please try again: the page was open for too long."), status=403)
    form = await request.form()
    username, password, following = (str(form.get(name, "")) for name in ("username", "password", "next"))
    username = username.strip()[:_LONGEST_NAME]
    if not username or not password:
        return await _form(request, caller, following, username, wording.gettext("Name and password are both needed."), 400)
    try:
        device = new_token()
        opened = await sign_in(desk(request), username, password, visitor(request, caller.session), device)
    except (SignInError, TooManySignIns) as error:
        sentence, status = _refusal(request, wording, error)
        return await _form(request, caller, following, username, sentence, status)
    response = RedirectResponse(context(request).settings.root_path + local_path(following), status_code=303)
    give_cookie(request, response, opened.token)
    give_device(request, response, device)
    return response


def too_many_tries(wording: Wording, seconds: int) -> str:
    """What somebody reads who tries too often."""
    pattern = wording.ngettext(
        "Too many tries from this address. Try again in %(num)s second.",
        "Too many tries from this address. Try again in %(num)s seconds.",
        seconds,
    )
    return pattern % {"num": seconds}


def _refusal(request: Request, wording: Wording, error: Exception) -> tuple[str, int]:
    """Why somebody was not let in, as a sentence and a status."""
    now = context(request).clock.now()
    match error:
        case TooManySignIns():
            return wording.gettext("Too many people are signing in. Try again in a moment."), 503
        case AccountLocked() | AddressBlocked():
            minutes = max(1, math.ceil((error.until - now) / MINUTE))
            pattern = wording.ngettext(
                "Too many wrong passwords. Try again in %(num)s minute.", "Too many wrong passwords. Try again in %(num)s minutes.", minutes
            )
            return pattern % {"num": minutes}, 403 if isinstance(error, AccountLocked) else 429
        case _:
            return wording.gettext("Name or password is wrong."), 401


async def _form(request: Request, caller: Caller, following: str, username: str = "", problem: str = "", status: int = 200) -> Response:
    """The page, with a session for its token where there is none yet."""
    opened = await open_session(request) if caller.session is None else None
    token = opened.session.csrf_token if opened else caller.csrf_token
    with context(request).database.read() as connection:
        is_first = accounts.must_change_password(connection, FIRST_NAME)
    response = page(
        request,
        "login.html",
        None,
        status=status,
        token=token,
        next=local_path(following),
        username=username,
        problem=problem,
        is_first=is_first,
        languages=offered(),
    )
    if opened:
        give_cookie(request, response, opened.token)
    return response
