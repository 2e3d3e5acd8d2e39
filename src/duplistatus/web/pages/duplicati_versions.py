"""The page of Duplicati's versions. In: plain forms of administrators: when the list is fetched, and that it is now; out: the newest of
each channel, the servers that the reader sees against it, since when the list is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.server_release import Often, PlanError, plan_fields
from duplistatus.web import release_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.release_words import badge, channel_name, often_word, standing_word, trouble_sentence

router = APIRouter(include_in_schema=False)

PATH = "/settings/duplicati-versions"
_Reader = Annotated[Caller, guarded(Access.READ)]
_Admin = Annotated[Caller, guarded(Access.ADMIN)]


@router.get(PATH)
async def show_versions(request: Request, caller: _Reader, done: Literal["", "saved", "updated"] = "") -> Response:
    """The page; `done` says which button was pressed."""
    return _page(request, caller, done=done)


@router.post(PATH)
async def change_plan(request: Request, caller: _Admin) -> Response:
    """The form of the schedule."""
    form = await request.form()
    sent = {name: value for name in ("often", "at") if isinstance(value := form.get(name), str)}
    try:
        await release_desk.change_plan(request, caller, sent)
    except PlanError as error:
        return _page(request, caller, status=400, problem=error.field, instead=sent)
    return _back(request, "saved")


@router.post(PATH + "/update")
async def update_versions(request: Request, caller: _Admin) -> Response:
    """Fetches the list, and shows what came of it."""
    await release_desk.update(request, caller)
    return _back(request, "updated")


def _page(
    request: Request, caller: Caller, *, status: int = 200, done: str = "", problem: str = "", instead: Mapping[str, str] | None = None
) -> Response:
    desk, wording = release_desk.desk_of(request), reader_of(request).wording
    return page(
        request,
        "duplicati_versions.html",
        caller,
        status=status,
        desk=desk,
        newest=[
            (known, channel_name(known.channel, wording), channel_name(known.release.channel, wording)) for known in desk.newest.values()
        ],
        lines=[(server, release, badge(release, wording), standing_word(release.standing, wording)) for server, release in desk.servers],
        trouble=trouble_sentence(desk.list.trouble, wording) if desk.list.trouble else "",
        choices=[(each.value, often_word(each, wording)) for each in Often],
        fields={**plan_fields(desk.plan), **(instead or {})},
        done=done,
        problem=problem,
    )


def _back(request: Request, done: str) -> Response:
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?done={done}", status_code=303)
