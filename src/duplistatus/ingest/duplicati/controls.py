"""What administrators may have a Duplicati server do: start a job, end what runs, pause and go on. In: an `Api` and what is wanted; out:
what was done. Raises Trouble where the server cannot be asked, and Declined where it makes no sense there now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import quote

from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import ApiJob, NotTheApi, ServerState, read_jobs, read_state

_MOST = 1024 * 1024


class Deed(StrEnum):
    """What can be wanted."""

    START = "start"
    STOP = "stop"
    """After the file that is being worked at. Versions that know no such thing abort."""
    ABORT = "abort"
    """At once; the backup is incomplete."""
    PAUSE = "pause"
    RESUME = "resume"


class Why(StrEnum):
    """Why it makes no sense."""

    NO_JOB = "job_not_listed"
    """The server lists no such job, or several of that name."""
    NOTHING_RUNS = "nothing_runs"
    OTHER_TASK = "other_task"
    """What was meant has ended; something else runs."""


class Declined(Exception):
    """Nothing was done."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Done:
    """`deed`: what was done, which can be less gentle than what was wanted; `task`: its number; `job`: its id in the API."""

    deed: Deed
    task: int | None = None
    job: str | None = None


async def start(api: Api, ids: Collection[str], name: str) -> Done:
    """Starts a job, or puts it into the queue. `ids`: what is known of its id in the API; without one that the server lists, the name
    decides. One that waits already is not put there twice."""
    job = _the_one(await _jobs(api), ids, name)
    said = await api.post(f"/backup/{quote(job.id, safe='')}/run")
    number = said.get("ID") if isinstance(said, dict) else None
    return Done(Deed.START, number if type(number) is int else None, job.id)


def _the_one(jobs: Collection[ApiJob], ids: Collection[str], name: str) -> ApiJob:
    found = [each for each in jobs if each.id in ids] or [each for each in jobs if each.name == name]
    if len(found) > 1:
        found = [each for each in found if each.name == name]
    if len(found) != 1:
        raise Declined(Why.NO_JOB)
    return found[0]


async def end(api: Api, task: int | None, *, at_once: bool) -> Done:
    """Ends what runs. `task`: only that one; None: whatever it is."""
    active = (await _state(api)).active
    if active is None:
        raise Declined(Why.NOTHING_RUNS)
    number, job = active
    if task is not None and task != number:
        raise Declined(Why.OTHER_TASK)
    if not at_once and await _stopped(api, number):
        return Done(Deed.STOP, number, job)
    await api.post(f"/task/{number}/abort")
    return Done(Deed.ABORT, number, job)


async def _stopped(api: Api, number: int) -> bool:
    """Whether the server knows how to stop after the current file: today's name of it, then that of the versions up to 2.0.8."""
    for name in ("stop", "stopaftercurrentfile"):
        try:
            await api.post(f"/task/{number}/{name}")
        except Trouble as trouble:
            if trouble.code is not Code.FAILED or trouble.facts.get("status") != HTTPStatus.NOT_FOUND:
                raise
        else:
            return True
    return False


async def pause(api: Api, minutes: int | None) -> Done:
    """Starts nothing more, and holds transfers back, for so long; None: until it is resumed."""
    await api.post(f"/serverstate/pause?duration={minutes}m" if minutes is not None else "/serverstate/pause")
    return Done(Deed.PAUSE)


async def resume(api: Api) -> Done:
    """Ends a pause."""
    await api.post("/serverstate/resume")
    return Done(Deed.RESUME)


async def _state(api: Api) -> ServerState:
    try:
        return read_state(await api.get("/serverstate", most=_MOST))
    except NotTheApi:
        raise Trouble(Code.BROKEN, api.place, path="/api/v1/serverstate") from None


async def _jobs(api: Api) -> tuple[ApiJob, ...]:
    try:
        return read_jobs(await api.get("/backups"))
    except NotTheApi:
        raise Trouble(Code.BROKEN, api.place, path="/api/v1/backups") from None
