"""One's own account: changing the password, by choice or because it must be changed before anything else. In: the old and the new
password as a plain form; out: the page with what is wrong, or the way to the dashboard."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.i18n.wording import Wording
from duplistatus.security.passwords import Policy, TooManySignIns
from duplistatus.security.sign_in import (
    AccountLocked,
    AddressBlocked,
    PasswordMissing,
    PasswordRefused,
    PasswordUnchanged,
    SignInError,
    change_password,
)
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.auth import desk
from duplistatus.web.context import context
from duplistatus.web.pages.login import too_many_tries
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.sessions import visitor
from duplistatus.web.sign_in_limits import wait_for_password

router = APIRouter(include_in_schema=False)


@router.get("/change-password")
async def show_change_password(request: Request, caller: Annotated[Caller, guarded(Access.PASSWORD)]) -> Response:
    return _form(request, caller)


@router.post("/change-password")
async def change_password_by_form(request: Request, caller: Annotated[Caller, guarded(Access.PASSWORD)]) -> Response:
    """Changes it. The session stays; the user's others end."""
    wording = reader_of(request).wording
    wait = wait_for_password(request)
    if wait is not None:
        answer = _form(request, caller, (too_many_tries(wording, wait),), 429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    form = await request.form()
    current, new, again = (str(form.get(name, "")) for name in ("current", "new", "again"))
    if new != again:
        return _form(request, caller, (wording.gettext("The new password and its repetition differ."),), 400)
    try:
        await change_password(desk(request), caller.acting, current or None, new, visitor(request, caller.session))
    except (SignInError, TooManySignIns) as error:
        problems, status = _refusal(wording, error)
        return _form(request, caller, problems, status)
    return RedirectResponse(context(request).settings.root_path + "/", status_code=303)


def _refusal(wording: Wording, error: Exception) -> tuple[tuple[str, ...], int]:
    """What is wrong, as sentences, and a status."""
    match error:
        case PasswordRefused():
            return error.complaints, 400
        case PasswordUnchanged():
            return (wording.gettext("The new password is the current one."),), 400
        case PasswordMissing():
            return (wording.gettext("The current password is needed."),), 400
        case AccountLocked() | AddressBlocked():
            return (wording.gettext("Too many wrong passwords. Try again later."),), 403
        case TooManySignIns():
            return (wording.gettext("Too many people are signing in. Try again in a moment."),), 503
        case _:
            return (wording.gettext("The current password is wrong."),), 401


def _form(request: Request, caller: Caller, problems: tuple[str, ...] = (), status: int = 200) -> Response:
    policy = Policy.of(context(request).settings)
    forced = caller.acting.must_change_password
    return page(request, "change_password.html", caller, status=status, problems=problems, policy=policy, forced=forced)
