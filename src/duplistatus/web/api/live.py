"""`/api/servers/{server}/live` and `/control`: what a server does now, and having it do something. In: the id of a server, and what is
wanted, in JSON; out: its state with sentences, or what was done."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import Instant, iso
from duplistatus.i18n.wording import DEFAULT
from duplistatus.ingest.duplicati.controls import Deed
from duplistatus.store.fleet import ServerRow
from duplistatus.store.live_servers import LiveServer, Waiting, live_server
from duplistatus.web import live_words
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered, taking
from duplistatus.web.api.detail import server_or_404
from duplistatus.web.api.paths import names_after
from duplistatus.web.body import JsonObject, json_object, text
from duplistatus.web.context import context
from duplistatus.web.control_desk import LONGEST_PAUSE, Wanted, control
from duplistatus.web.errors import Refused

router = APIRouter(tags=["servers"])

_Server = Annotated[str, Path(description="Id of a server, percent-encoded")]
_START = "/api/servers/"
_NAMES = frozenset({"do", "job_id", "task", "minutes"})
_FAILURES = {
    400: "Something of it makes no sense",
    404: "No server or job has this id",
    409: "It is switched off for this server, or makes no sense there now; nothing was done",
    502: "The server cannot be asked; the sentence says why",
}


@router.get(
    "/api/servers/{server:path}/live",
    summary="What a server does now",
    responses=answered("LiveServer", failures={404: "No server has this id", 409: "The server has no address"}),
)
async def live(request: Request, server: _Server, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """As its own API told it last; what has not been confirmed for five minutes is `unknown`."""
    parts = context(request)
    now = parts.clock.now()
    with parts.database.snapshot() as connection:
        row = server_or_404(connection, names_after(request, _START, "/live")[0])
        found = live_server(connection, row.id, now)
    if found is None:
        raise Refused(409, "This server has no address: nothing can be asked of it", "no_address")
    return json_answer(encode(live_body(row, found, now)))


@router.post(
    "/api/servers/{server:path}/control",
    summary="Starts a job, ends what runs, pauses or resumes",
    responses=answered("Controlled", failures=_FAILURES),
    openapi_extra=taking("Control"),
)
async def control_server(request: Request, server: _Server, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """Where that is allowed for the server. Each try is in the audit log with its outcome."""
    wanted = _wanted(await json_object(request))
    done = await control(request, caller, names_after(request, _START, "/control")[0], wanted)
    return json_answer(encode({"did": done.deed, "task": done.task}))


def _wanted(body: JsonObject) -> Wanted:
    if unknown := sorted(body.keys() - _NAMES):
        raise Refused(400, f"{unknown[0][:40]} means nothing here", "bad_request")
    name = text(body, "do")
    try:
        deed = Deed(name or "")
    except ValueError:
        raise Refused(400, f"do must be one of {', '.join(Deed)}", "bad_request") from None
    minutes = _number(body, "minutes", LONGEST_PAUSE)
    job_id = _number(body, "job_id", 2**63 - 1)
    if deed is Deed.START and job_id is None:
        raise Refused(400, "To start a job, its number is needed: job_id", "bad_request")
    return Wanted(deed, job_id, _number(body, "task", 2**63 - 1), minutes)


def _number(body: JsonObject, name: str, largest: int) -> int | None:
    value = body.get(name)
    if value is not None and (type(value) is not int or not 1 <= value <= largest):
        raise Refused(400, f"{name} must be a whole number from 1 to {largest}", "bad_request")
    return value if isinstance(value, int) else None


def live_body(row: ServerRow, found: LiveServer, now: Instant) -> dict[str, Any]:
    """What a server does now, as JSON; its texts are English."""
    trouble = live_words.live_trouble(DEFAULT, found, row.url)
    task = found.task
    return {
        "server": {"id": row.key, "name": row.name, "alias": row.alias},
        "state": found.state,
        "sentence": live_words.server_sentence(DEFAULT, found, now) or None,
        "heard_at": _time(found.heard_at),
        "paused_until": _time(found.pause_ends),
        "task": {"number": task.number, **_job(task.job), "phase": task.phase, "progress": task.progress} if task else None,
        "queue": [_job(each) for each in found.queue],
        "watched": found.is_watched,
        "controls": found.controls,
        "trouble": {"code": found.trouble, "sentence": trouble.whole} if trouble else None,
    }


def _job(each: Waiting) -> dict[str, Any]:
    return {"job_id": each.job_id, "job": each.name or None, "duplicati_id": each.api_id}


def _time(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
