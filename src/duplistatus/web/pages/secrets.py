"""The page of stored secrets, for administrators. In: a plain form that has lost ones forgotten; out: the key file, what is stored under it
and, while something cannot be read, what happened and both ways out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.web import secret_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.secret_desk import PATH, page_of

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]


@router.get(PATH)
async def show_secrets(request: Request, caller: _Admin, forgotten: int = 0) -> Response:
    """`forgotten`: how many a form has had forgotten just now."""
    wording = reader_of(request).wording
    said = wording.ngettext("%(num)s secret was forgotten.", "%(num)s secrets were forgotten.", forgotten) % {"num": forgotten}
    return _page(request, caller, ("ok", said) if forgotten > 0 else None)


@router.post(PATH)
async def forget_by_form(request: Request, caller: _Admin) -> Response:
    """Forgets the lost secrets that the form names as `id`, where `sure` is ticked."""
    form = await request.form()
    wording = reader_of(request).wording
    if "sure" not in form:
        return _page(request, caller, ("error", wording.gettext("Tick that you are sure.")), 400)
    try:
        names = await secret_desk.forget(request, caller, [str(each) for each in form.getlist("id")])
    except Refused as error:
        return _page(request, caller, ("error", error.error), error.status)
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?forgotten={len(names)}", status_code=303)


def _page(request: Request, caller: Caller, told: tuple[str, str] | None, status: int = 200) -> Response:
    return page(request, "secrets.html", caller, status=status, room=secret_desk.room(request), told=told, page_of=page_of)
