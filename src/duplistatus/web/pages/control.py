"""The page on which a server is told what to do, for administrators. In: the server and a plain form; out: what it does now, with forms to
start a job, to end what runs, to pause and to go on; after each the server's page says what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.controls import Deed
from duplistatus.store import fleet
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.live_servers import LiveServer, live_server
from duplistatus.web import live_words, server_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.body import ID_DIGITS, whole_number
from duplistatus.web.context import context
from duplistatus.web.control_desk import LONGEST_PAUSE, Wanted, control
from duplistatus.web.errors import Refused
from duplistatus.web.pages.live import phase_word
from duplistatus.web.pages.rendering import page, reader_of, reading, server_url

router = APIRouter(include_in_schema=False)

PATH = "/control"
PAUSES = (15, 60, 240, 480, 1440)
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_Key = Annotated[str, Query(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class _Found:
    server: ServerRow
    jobs: list[JobRow]
    live: LiveServer


@router.get(PATH)
async def show_control(
    request: Request, caller: _Admin, server: _Key = "", job: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None
) -> Response:
    """`job`: the one that is offered first."""
    return _page(request, caller, _find(request, server), job)


@router.post(PATH)
async def control_by_form(request: Request, caller: _Admin, server: _Key = "") -> Response:
    """`do`: start, stop, abort, pause or resume; then back to the server."""
    form = await request.form()
    found = _find(request, server)
    job = whole_number(str(form.get("job", "")), ID_DIGITS)
    try:
        wanted = _wanted(form, job)
        done = await control(request, caller, found.server.key, wanted, reader_of(request).wording)
    except Refused as refused:
        return _page(request, caller, found, job, refused.error, refused.status)
    with reading(reader_of(request)):
        return RedirectResponse(f"{server_url(found.server.key)}?did={done.deed.value}", status_code=303)


def did_text(wording: Wording, did: str) -> str:
    """What was done, for the server's page; empty for what means nothing."""
    return {
        Deed.START.value: wording.gettext("Started. Where something else runs, the job waits its turn."),
        Deed.STOP.value: wording.gettext("It stops after the file that it works at."),
        Deed.ABORT.value: wording.gettext("It is being aborted."),
        Deed.PAUSE.value: wording.gettext("The server pauses."),
        Deed.RESUME.value: wording.gettext("The server goes on."),
    }.get(did, "")


def _wanted(form: FormData, job: int | None) -> Wanted:
    name, minutes = str(form.get("do", "")), str(form.get("minutes", ""))
    length = whole_number(minutes, 5) if minutes else None
    if name not in set(Deed) or (minutes and (length is None or not 1 <= length <= LONGEST_PAUSE)):
        raise Refused(400, "nothing is known by that name", "bad_request")
    return Wanted(Deed(name), job, whole_number(str(form.get("task", "")), ID_DIGITS), length)


def _find(request: Request, key: str) -> _Found:
    with context(request).database.snapshot() as connection:
        row, _ = server_desk.linked(connection, key)
        live = live_server(connection, row.id, reader_of(request).now)
        if live is None:
            raise Refused(404, "Server not found", "server_not_found")
        return _Found(row, fleet.jobs_of(connection, row.id), live)


def _page(request: Request, caller: Caller, found: _Found, job: int | None, problem: str = "", status: int = 200) -> Response:
    reader = reader_of(request)
    wording, task = reader.wording, found.live.task
    return page(
        request,
        "control.html",
        caller,
        status=status,
        server=found.server,
        jobs=found.jobs,
        chosen=job,
        live=found.live,
        sentence=live_words.server_sentence(wording, found.live, reader.now),
        work=live_words.waiting_name(wording, task.job) if task else "",
        phase=phase_word(wording, task.phase) if task and task.phase else "",
        pauses=[(minutes, wording.spoken_age(minutes * 60_000)) for minutes in PAUSES],
        problem=problem,
    )
