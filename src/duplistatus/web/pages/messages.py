"""The page of messages, for administrators. In: what is sought; out: each message that was due with its fate, newest first, and plain
forms to send one again, to test the way to a channel, and for the heartbeat. And the alerts at the top of every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.notice import Event
from duplistatus.store import channels, messages, outbox
from duplistatus.store.channels import ChannelRow
from duplistatus.store.messages import MessageLine, Sought
from duplistatus.web import message_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.alerts import clear
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.message_words import event_name, shown, state_name, took_text
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.self_test import Step, self_test

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Word = Annotated[str, Query(max_length=20)]
_Id = Annotated[str, Query(max_length=20)]
PATH = "/settings/messages"
SIZE = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the list. `newer` and `older`: queries of the pages around it, None where there is none."""

    lines: Sequence[MessageLine]
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a form says back: kind of mark, sentence, and the steps of a self-test of a channel. `about`: the part of the page it belongs
    to."""

    kind: str
    text: str
    about: str = "messages"
    steps: Sequence[Step] = ()
    channel: int = 0


@router.get(PATH)
async def show_messages(
    request: Request,
    caller: _Admin,
    state: _Word = "",
    channel: _Id = "",
    event: _Word = "",
    q: Annotated[str, Query(max_length=200)] = "",
    before: _Id = "",
    after: _Id = "",
    again: _Id = "",
) -> Response:
    """The list; what nobody knows is read as not said: an old bookmark is no error. `again`: the message whose button was pressed."""
    sought = Sought(
        state if state in outbox.STATES else None,
        whole_number(channel, ID_DIGITS),
        event if event in [each.value for each in Event] else None,
        q.replace("\0", "").strip(),
        whole_number(before, ID_DIGITS),
        whole_number(after, ID_DIGITS),
    )
    wording = reader_of(request).wording
    told = Told("ok", wording.gettext("It is in the outbox again.")) if again else None
    return _page(request, caller, sought, told)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`do`: `resend` a message (`id`), run a `self-test` (`channel`), or `save`, `send` and `remove` the heartbeat (`url`)."""
    form = await request.form()
    what = str(form.get("do", ""))
    wording = reader_of(request).wording
    about = {"resend": "messages", "self-test": "self-test"}.get(what, "heartbeat")
    try:
        if what == "resend":
            return await _send_again(request, caller, str(form.get("id", "")), str(form.get("back", "")))
        if what == "self-test":
            channel = whole_number(str(form.get("channel", "")), ID_DIGITS) or 0
            steps = await self_test(request, caller, channel, wording)
            return _page(request, caller, Sought(), Told("", "", about, steps, channel))
        told = await _change_heartbeat(request, caller, what, str(form.get("url", "")))
    except (ValueError, Refused) as error:
        text = error.error if isinstance(error, Refused) else str(error)
        status = error.status if isinstance(error, Refused) else 400
        return _page(request, caller, Sought(), Told("error", text, about), status)
    return _page(request, caller, Sought(), told)


@router.get("/alerts")
async def show_alerts(request: Request, caller: _Admin) -> Response:
    """The alerts alone, for pages that keep them true."""
    return page(request, "parts/alerts.html", caller)


@router.post("/alerts")
async def clear_by_form(request: Request, caller: _Admin) -> Response:
    """Takes note of the alert `clear`, and goes back to the page."""
    form = await request.form()
    await clear(request, caller, [str(form.get("clear", ""))])
    back = str(form.get("back", ""))
    # Only a path of this product: an address that begins with two slashes is another server's.
    path = back if back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable() else "/"
    return RedirectResponse(f"{context(request).settings.root_path}{path}", status_code=303)


async def _send_again(request: Request, caller: Caller, message_id: str, back: str) -> Response:
    line = await message_desk.send_again(request, caller, whole_number(message_id, ID_DIGITS) or 0)
    query = f"{back}&again={line.id}" if back and back.isprintable() else f"again={line.id}"
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?{query}", status_code=303)


async def _change_heartbeat(request: Request, caller: Caller, what: str, url: str) -> Told:
    wording = reader_of(request).wording
    if what == "save":
        if not url.strip():
            raise ValueError(wording.gettext("Enter an address."))
        found = await message_desk.set_heartbeat(request, caller, url)
        return Told("ok", wording.gettext("Saved. %(host)s is asked after each check.") % {"host": found.host}, "heartbeat")
    if what == "remove":
        await message_desk.set_heartbeat(request, caller, None)
        return Told("ok", wording.gettext("The address was removed."), "heartbeat")
    if what == "send":
        beat = await message_desk.beat_now(request)
        if beat.error:
            return Told("error", beat.error, "heartbeat")
        return Told("ok", wording.gettext("It was answered within %(time)s.") % {"time": took_text(beat.took, wording)}, "heartbeat")
    raise ValueError("nothing is known by that name")


def _page(request: Request, caller: Caller, sought: Sought, told: Told | None, status: int = 200) -> Response:
    reader = reader_of(request)
    with context(request).database.snapshot() as connection:
        part = _part(messages.messages(connection, sought, SIZE + 1), sought)
        known: list[ChannelRow] = channels.channels(connection)
    places = message_desk.places_of(request, part.lines)
    rows = [shown(line, line.destination or places.get(line.channel_id, ""), reader.now, reader.wording) for line in part.lines]
    return page(
        request,
        "messages.html",
        caller,
        status=status,
        rows=rows,
        part=part,
        sought=sought,
        address=_query(sought, before=sought.before, after=sought.after),
        states=[(each, state_name(each, reader.wording)) for each in outbox.STATES],
        events=[(each.value, event_name(each, reader.wording)) for each in Event],
        channels=known,
        told=told,
        pulse=message_desk.heartbeat_of(request),
    )


def _part(found: list[MessageLine], sought: Sought) -> Part:
    """One line more than shown tells whether another page follows."""
    more = len(found) > SIZE
    if sought.after is not None:
        lines = found[-SIZE:]
        newer, older = more, bool(lines)
    else:
        lines = found[:SIZE]
        newer, older = sought.before is not None, more
    return Part(
        lines,
        _query(sought, after=lines[0].id) if newer and lines else "" if newer else None,
        _query(sought, before=lines[-1].id) if older and lines else None,
    )


def _query(sought: Sought, *, before: int | None = None, after: int | None = None) -> str:
    """The query of a page of this list: what differs from the usual."""
    values = {
        "state": sought.state,
        "channel": sought.channel_id,
        "event": sought.event,
        "q": sought.text,
        "before": before,
        "after": after,
    }
    return urlencode({name: value for name, value in values.items() if value})
