"""The page of e-mail for all jobs, for administrators. In: its form; out: the settings, apart from the password, and what came of a
test."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.notify.channels.kind import BadChannel
from duplistatus.security.secrets import KeyTrouble
from duplistatus.store.channels import EMAIL, own_channel
from duplistatus.web import channel_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.channel_fields import opened
from duplistatus.web.context import context
from duplistatus.web.pages.channel_forms import ChannelForm, form_of, mode_words, sent_form, words_of
from duplistatus.web.pages.outcomes import Told, outcome_of_test
from duplistatus.web.pages.rendering import page, reader_of

router = APIRouter(include_in_schema=False)

PATH = "/settings/email"
_LONGEST_ADDRESS = 320
_Admin = Annotated[Caller, guarded(Access.ADMIN)]


@router.get(PATH)
async def show_email(request: Request, caller: _Admin, saved: bool = False, removed: bool = False) -> Response:
    gettext = reader_of(request).wording.gettext
    told = ("ok", gettext("Saved.")) if saved else ("ok", gettext("The settings of e-mail were removed.")) if removed else None
    return _page(request, caller, told=told)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: save; test, which saves first; or remove."""
    sent = await request.form()
    back = f"{context(request).settings.root_path}{PATH}"
    if sent.get("do") == "remove":
        await channel_desk.clear_own(request, caller, EMAIL)
        return RedirectResponse(f"{back}?removed=1", status_code=303)
    enabled = "enabled" in sent
    try:
        row = await channel_desk.save_own(request, caller, EMAIL, words_of(EMAIL, sent), enabled=enabled)
    except (BadChannel, KeyTrouble) as error:
        return _refused(request, caller, sent, enabled, error)
    if sent.get("do") == "test":
        destination = str(sent.get("test_to", "")).strip()[:_LONGEST_ADDRESS]
        return _page(request, caller, told=await outcome_of_test(request, caller, row, destination), test_to=destination)
    return RedirectResponse(f"{back}?saved=1", status_code=303)


def _refused(request: Request, caller: Caller, sent: FormData, enabled: bool, error: BadChannel | KeyTrouble) -> Response:
    with context(request).database.read() as connection:
        found = opened(own_channel(connection, EMAIL), context(request).secrets)
    name = error.field if isinstance(error, BadChannel) else "password"
    return _page(request, caller, form=sent_form(EMAIL, sent, found, name, str(error)), enabled=enabled, status=400)


def _page(
    request: Request,
    caller: Caller,
    *,
    form: ChannelForm | None = None,
    enabled: bool | None = None,
    told: Told | None = None,
    test_to: str = "",
    status: int = 200,
) -> Response:
    with context(request).database.read() as connection:
        row = own_channel(connection, EMAIL)
    return page(
        request,
        "email.html",
        caller,
        status=status,
        form=form or form_of(EMAIL, opened(row, context(request).secrets), reader_of(request).wording),
        # Who fills the form for the first time means to use it.
        enabled=(row.enabled or not row.config) if enabled is None else enabled,
        is_set=bool(row.config),
        health=row.health,
        told=told,
        test_to=test_to,
        modes=mode_words(reader_of(request).wording),
    )
