"""What administrators have a server do: start a job, end what runs, pause, go on. In: a request whose caller was let in and what they want;
out: what was done. Each try is in the audit log with its outcome, also one that was refused. Raises Refused with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from duplistatus.i18n.wording import DEFAULT, Wording
from duplistatus.ingest.duplicati import controls
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.controls import Declined, Deed, Done
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.pinned import Patience
from duplistatus.store import audit, fleet, live_jobs
from duplistatus.store.audit import Entry
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.links import Link
from duplistatus.web import server_desk
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.live_words import declined_sentence
from duplistatus.web.server_tests import target_of
from duplistatus.web.sessions import user_agent
from duplistatus.web.trouble_words import words_of

LONGEST_PAUSE = 7 * 24 * 60
"""Minutes."""
_SOON = Patience(connect=5.0, answer=15.0, body=10.0, whole=20.0)
"""Seconds: somebody waits for it."""
_LONGEST = 45
_ACTIONS = {
    Deed.START: "server_job_started",
    Deed.STOP: "server_task_stopped",
    Deed.ABORT: "server_task_stopped",
    Deed.PAUSE: "server_paused",
    Deed.RESUME: "server_resumed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`job_id`: which job to start; `task`: the number of the one to end, None for whatever runs; `minutes`: of a pause, None until
    somebody resumes."""

    deed: Deed
    job_id: int | None = None
    task: int | None = None
    minutes: int | None = None


async def control(request: Request, caller: Caller, key: str, wanted: Wanted, wording: Wording = DEFAULT) -> Done:
    """Has the server do it. `wording`: of the sentence in what is raised."""
    parts = context(request)
    with parts.database.read() as connection:
        server, link = server_desk.linked(connection, key)
        job = fleet.job_by_id(connection, JobId(wanted.job_id)) if wanted.job_id is not None else None
        ids = live_jobs.api_ids(connection, server.id, job.id) if job is not None else ()
    if wanted.deed is Deed.START and (job is None or job.server_id != server.id):
        raise Refused(404, "Job not found", "job_not_found")
    told: dict[str, object] = {"do": wanted.deed.value, "minutes": wanted.minutes, "task": wanted.task}
    try:
        if not link.controls:
            sentence = wording.gettext("Starting and stopping is switched off for this server. Its settings can allow it.")
            raise Refused(409, sentence, "controls_off")
        done = await _do(request, link, wanted, job, ids, wording)
    except Refused as refused:
        await _note(request, caller, wanted, server, job, told, "failure", refused.error)
        raise
    await _note(request, caller, wanted, server, job, told | {"did": done.deed.value, "task": done.task}, "success", None)
    return done


async def _do(request: Request, link: Link, wanted: Wanted, job: JobRow | None, ids: tuple[str, ...], wording: Wording) -> Done:
    parts = context(request)
    try:
        async with asyncio.timeout(_LONGEST), Api(target_of(link, parts.secrets), clock=parts.clock, patience=_SOON) as api:
            match wanted.deed:
                case Deed.START if job is not None:
                    return await controls.start(api, ids, job.name)
                case Deed.STOP | Deed.ABORT:
                    return await controls.end(api, wanted.task, at_once=wanted.deed is Deed.ABORT)
                case Deed.PAUSE:
                    return await controls.pause(api, wanted.minutes)
                case _:
                    return await controls.resume(api)
    except Declined as declined:
        raise Refused(409, declined_sentence(wording, declined.why), declined.why.value) from declined
    except Trouble as trouble:
        raise Refused(502, words_of(trouble, wording).whole, trouble.code.value) from trouble
    except TimeoutError:
        raise _too_slow(link, wording) from None


def _too_slow(link: Link, wording: Wording) -> Refused:
    trouble = Trouble(Code.SLOW, link.url.partition("://")[2], seconds=_LONGEST)
    return Refused(502, words_of(trouble, wording).whole, trouble.code.value)


async def _note(
    request: Request,
    caller: Caller,
    wanted: Wanted,
    server: ServerRow,
    job: JobRow | None,
    told: Mapping[str, object],
    status: Literal["success", "failure"],
    error: str | None,
) -> None:
    parts = context(request)
    details = {"serverId": server.key, "serverName": server.name, "job": job.name if job else None, **told}
    entry = Entry(
        at=parts.clock.now(),
        action=_ACTIONS[wanted.deed],
        category="server",
        user=caller.user,
        target_type="server",
        target_id=server.key,
        details={name: value for name, value in details.items() if value is not None},
        address=caller.address,
        user_agent=user_agent(request),
        status=status,
        error=error,
    )
    await parts.writer.write(lambda connection: audit.record(connection, entry), changes=False)
