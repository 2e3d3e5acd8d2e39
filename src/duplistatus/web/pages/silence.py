"""The page on which messages of one job or server are held back. In: the job or server, or a plain form; out: what holds now, forms to
snooze, to acknowledge what is wrong, and to end either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.evaluate.silence import Trouble
from duplistatus.store import fleet
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.silences import Held, held, job_trouble
from duplistatus.store.snoozes import AcknowledgementRow, SnoozeRow, acknowledgement_of, running_snoozes
from duplistatus.web import silence_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of, reading, server_url
from duplistatus.web.pages.silence_words import quick_words, read_local, trouble_words

router = APIRouter(include_in_schema=False)

PATH = "/silence"
_LONGEST_KEY = 2_000


@dataclass(frozen=True, slots=True)
class _Found:
    """What the page is about. `job` None: the whole server."""

    server: ServerRow
    job: JobRow | None
    held: Held | None
    snoozes: list[SnoozeRow]
    acknowledgement: AcknowledgementRow | None
    trouble: Trouble


@router.get(PATH)
async def show_silence(
    request: Request,
    caller: Annotated[Caller, guarded(Access.READ)],
    job: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    server: Annotated[str | None, Query(max_length=_LONGEST_KEY)] = None,
) -> Response:
    """Of `job`, or of all jobs of `server`."""
    return _page(request, caller, _find(request, job, server))


@router.post(PATH)
async def change_by_form(
    request: Request,
    caller: Annotated[Caller, guarded(Access.ADMIN)],
    job: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    server: Annotated[str | None, Query(max_length=_LONGEST_KEY)] = None,
) -> Response:
    """`do`: snooze, wake, acknowledge or withdraw; then back to the server."""
    form = await request.form()
    found = _find(request, job, server)
    try:
        await _do(request, caller, found, form)
    except (ValueError, Refused) as error:
        problem = error.error if isinstance(error, Refused) else str(error)
        return _page(request, caller, found, problem, error.status if isinstance(error, Refused) else 400, form)
    with reading(reader_of(request)):
        return RedirectResponse(server_url(found.server.key), status_code=303)


async def _do(request: Request, caller: Caller, found: _Found, form: FormData) -> None:
    wording = reader_of(request).wording
    comment = str(form.get("comment", ""))
    match str(form.get("do", "")):
        case "snooze":
            length, until = str(form.get("for", "")), str(form.get("until", ""))
            if length == "until" and not until:
                raise ValueError(wording.gettext("Until when?"))
            target: dict[str, object] = {"job_id": found.job.id} if found.job else {"server_id": found.server.key}
            end = {"until": read_local(wording, until)} if length == "until" else {"for": length}
            await silence_desk.snooze(request, caller, target | end | {"comment": comment})
        case "wake":
            number = str(form.get("id", ""))
            if number not in {str(each.id) for each in found.snoozes}:
                raise Refused(404, wording.gettext("This snooze is over."), "snooze_not_found")
            await silence_desk.wake(request, caller, int(number))
        case "acknowledge" if found.job:
            await silence_desk.acknowledge(request, caller, found.job.id, {"comment": comment})
        case "withdraw" if found.job:
            await silence_desk.withdraw(request, caller, found.job.id)
        case _:
            raise ValueError("nothing is known by that name")


def _find(request: Request, job_id: int | None, server_key: str | None) -> _Found:
    now = reader_of(request).now
    with context(request).database.snapshot() as connection:
        job = fleet.job_by_id(connection, JobId(job_id)) if job_id is not None else None
        server = fleet.server_by_id(connection, job.server_id) if job else _server(connection, server_key)
        if server is None or (job is None and job_id is not None):
            raise Refused(404, "There is no such server or job", "not_found")
        of_server = [each for each in running_snoozes(connection, now) if each.server_id == server.id]
        return _Found(
            server,
            job,
            held(connection, [(job.id, server.id)], now).get(job.id) if job else None,
            [each for each in of_server if each.job_id is None or job is None or each.job_id == job.id],
            acknowledgement_of(connection, job.id) if job else None,
            job_trouble(connection, job.id) if job else {},
        )


def _server(connection: Connection, key: str | None) -> ServerRow | None:
    return fleet.server_by_key(connection, key) if key else None


def _page(request: Request, caller: Caller, found: _Found, problem: str = "", status: int = 200, form: FormData | None = None) -> Response:
    wording = reader_of(request).wording
    sent = {name: str(form.get(name, "")) if form else "" for name in ("for", "until", "comment")}
    return page(
        request,
        "silence.html",
        caller,
        status=status,
        found=found,
        trouble=trouble_words(wording, found.trouble),
        quick=quick_words(wording),
        problem=problem,
        sent=sent,
    )
