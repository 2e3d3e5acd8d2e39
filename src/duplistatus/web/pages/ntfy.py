"""The page of ntfy for all jobs, for administrators. In: its form; out: the settings, apart from the token, a code by which a phone
subscribes to the topic, and what came of a test."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.notify.channels.kind import BadChannel
from duplistatus.security.secrets import KeyTrouble
from duplistatus.store.channels import NTFY, own_channel
from duplistatus.web import channel_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.channel_fields import opened
from duplistatus.web.context import context
from duplistatus.web.ntfy_place import place_of
from duplistatus.web.pages.channel_forms import ChannelForm, form_of, sent_form, words_of
from duplistatus.web.pages.outcomes import Told, outcome_of_test
from duplistatus.web.pages.rendering import page, reader_of

router = APIRouter(include_in_schema=False)

PATH = "/settings/ntfy"
_Admin = Annotated[Caller, guarded(Access.ADMIN)]


@router.get(PATH)
async def show_ntfy(request: Request, caller: _Admin, saved: bool = False) -> Response:
    told = ("ok", reader_of(request).wording.gettext("Saved.")) if saved else None
    return _page(request, caller, told=told)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: save, or test, which saves first."""
    sent = await request.form()
    enabled = "enabled" in sent
    try:
        row = await channel_desk.save_own(request, caller, NTFY, words_of(NTFY, sent), enabled=enabled)
    except (BadChannel, KeyTrouble) as error:
        with context(request).database.read() as connection:
            found = opened(own_channel(connection, NTFY), context(request).secrets)
        name = error.field if isinstance(error, BadChannel) else "token"
        return _page(request, caller, form=sent_form(NTFY, sent, found, name, str(error)), enabled=enabled, status=400)
    if sent.get("do") == "test":
        return _page(request, caller, told=await outcome_of_test(request, caller, row))
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?saved=1", status_code=303)


def _page(
    request: Request,
    caller: Caller,
    *,
    form: ChannelForm | None = None,
    enabled: bool | None = None,
    told: Told | None = None,
    status: int = 200,
) -> Response:
    with context(request).database.read() as connection:
        row = own_channel(connection, NTFY)
    url, topic = str(row.config.get("url", "")), str(row.config.get("topic", ""))
    return page(
        request,
        "ntfy.html",
        caller,
        status=status,
        form=form or form_of(NTFY, opened(row, context(request).secrets), reader_of(request).wording),
        enabled=row.enabled if enabled is None else enabled,
        health=row.health,
        told=told,
        place=place_of(url, topic) if topic else None,
    )
