"""The page of one server, for administrators: how it is called, reached, opened, collected and watched, and its removal. In: the address,
or plain forms; out: the page, with the steps of a test where one was asked for. Its password is stored and removed here, never shown."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.i18n.wording import Wording
from duplistatus.store import fleet
from duplistatus.store.fleet import ServerRow
from duplistatus.store.ids import ServerId
from duplistatus.store.links import TIMERS
from duplistatus.store.releases import newest_releases
from duplistatus.store.server_edit import Known
from duplistatus.web import collection_desk, server_desk, server_tests
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.collection_desk import Wish
from duplistatus.web.context import context
from duplistatus.web.duplicati_pages import opening
from duplistatus.web.errors import Refused
from duplistatus.web.pages.monitoring_rows import zone_word
from duplistatus.web.pages.rendering import page, reader_of
from duplistatus.web.pages.servers import PATH, line_of, lost_passwords, timer_words
from duplistatus.web.server_tests import Line
from duplistatus.web.trouble_words import fingerprint

router = APIRouter(include_in_schema=False)

_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
_Text = Annotated[str, Query(max_length=300)]


@router.get(PATH + "/{number:int}")
async def show_server(request: Request, number: _Number, caller: _Admin, done: _Text = "") -> Response:
    """`done`: what was changed just now."""
    told = _done_words(reader_of(request).wording).get(done)
    return _one(request, caller, find(request, number), told=("ok", told) if told else None)


@router.post(PATH + "/{number:int}")
async def change_by_form(request: Request, number: _Number, caller: _Admin) -> Response:
    """`do`: save (names and address), password, forget_password, connection, forget_certificate, test, collect, delete."""
    form = await request.form()
    row = find(request, number).server
    what = str(form.get("do", ""))
    try:
        if what == "test":
            return await _test(request, caller, row)
        if what == "collect":
            uid = await collection_desk.start(request, caller, Wish(servers=(row.key,)))
            return RedirectResponse(f"{context(request).settings.root_path}{collection_desk.PATH}/{uid}", status_code=303)
        if what == "delete":
            return await _delete(request, caller, row, form)
        await _change(request, caller, row, what, form)
    except Refused as error:
        if error.status in {404, 403}:
            raise
        return _one(request, caller, find(request, number), told=("error", error.error), status=error.status, sent=form)
    done = what if what != "save" or not _left_behind(request, row) else "left_behind"
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}/{row.id}?done={done}", status_code=303)


async def _change(request: Request, caller: Caller, row: ServerRow, what: str, form: FormData) -> None:
    if what == "save":
        names = {name: str(form.get(name, "")) for name in ("alias", "note", "server_url")}
        await server_desk.change(request, caller, row.key, names)
    elif what == "password":
        password = str(form.get("password", ""))
        if not password:
            raise Refused(400, reader_of(request).wording.gettext("Enter a password."), "bad_request")
        await server_desk.set_password(request, caller, row.key, password)
    elif what == "forget_password":
        await server_desk.set_password(request, caller, row.key, "")
    elif what == "connection":
        timer = str(form.get("timer", ""))
        words = {
            "timer_minutes": int(timer) if timer.isascii() and timer.isdecimal() and int(timer) in TIMERS else None,
            "controls": "controls" in form,
            "watch": "watch" in form,
        }
        await server_desk.change_link(request, caller, row.key, words)
    elif what == "forget_certificate":
        await server_desk.change_link(request, caller, row.key, {"certificate": None})
    else:
        raise Refused(400, "Nothing is known by that name", "bad_request")


def _left_behind(request: Request, before: ServerRow) -> bool:
    """Whether the password stayed behind with the former address."""
    with context(request).database.read() as connection:
        after = fleet.server_by_id(connection, before.id)
    return before.has_password and after is not None and not after.has_password


async def _test(request: Request, caller: Caller, row: ServerRow) -> Response:
    with context(request).database.read() as connection:
        _, link = server_desk.linked(connection, row.key)
    (tested,) = await server_tests.try_servers(request, caller, [link])
    steps = server_tests.lines_of(tested.tried, reader_of(request).wording, agreed=bool(link.certificate))
    return _one(request, caller, find(request, row.id), steps=steps)


async def _delete(request: Request, caller: Caller, row: ServerRow, form: FormData) -> Response:
    typed = " ".join(str(form.get("name", "")).split())
    if typed != " ".join(row.label.split()):
        raise Refused(400, reader_of(request).wording.gettext("Type the name of the server to delete it."), "not_confirmed")
    await server_desk.delete(request, caller, row.key)
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?removed={quote(row.label)}", status_code=303)


def find(request: Request, number: int) -> Known:
    """The server of that number, or the one that it was recognised as. Raises Refused."""
    with context(request).database.read() as connection:
        row = fleet.server_by_id(connection, ServerId(number))
        found = server_desk.known(connection, row.key) if row is not None else None
    if found is None:
        raise Refused(404, "There is no such server", "server_not_found")
    return found


def _one(
    request: Request,
    caller: Caller,
    found: Known,
    *,
    told: tuple[str, str] | None = None,
    steps: list[Line] | None = None,
    status: int = 200,
    sent: FormData | None = None,
) -> Response:
    wording = reader_of(request).wording
    with context(request).database.snapshot() as connection:
        jobs = fleet.jobs_of(connection, found.server.id)
        lost = lost_passwords(request, connection)
        newest = newest_releases(connection)
    fields = {name: getattr(found.server, field) for name, field in (("alias", "alias"), ("note", "note"), ("server_url", "url"))}
    if sent is not None and sent.get("do") == "save":
        fields = {name: str(sent.get(name, "")) for name in fields}
    values: dict[str, Any] = {
        "line": line_of(found, wording, newest, is_lost=found.server.id in lost),
        "fields": fields,
        "jobs": len(jobs),
        "runs": sum(job.run_count for job in jobs),
        "fingerprint": fingerprint(found.link.certificate) if found.link is not None and found.link.certificate else "",
        "timers": timer_words(wording),
        "zone_known": zone_word(wording, found.server.zone_source),
        "opens": opening(found.server.label, found.server.url, found.server.version),
        "steps": steps,
        "asks_to_delete": sent is not None and sent.get("do") == "delete",
    }
    return page(request, "server_settings.html", caller, status=status, told=told, **values)


def _done_words(wording: Wording) -> dict[str, str]:
    gettext = wording.gettext
    return {
        "save": gettext("Saved."),
        "left_behind": gettext(
            "Saved. The stored password was removed, as it stays behind with its host: enter it again for the new address."
        ),
        "password": gettext("The password is stored. It is tried at the next collection."),
        "forget_password": gettext("The password was removed."),
        "connection": gettext("Saved."),
        "forget_certificate": gettext("The certificate is no longer accepted, unless an authority vouches for it."),
        "options": gettext("Saved."),
    }
