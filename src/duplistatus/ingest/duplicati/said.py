"""What a server's API says before any log is read: who it is, its jobs, what it is about to run. In: an open `Api`; out: these, read."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import ApiJob, NotTheApi, ServerIdentity, ServerState, read_identity, read_jobs, read_state

_REFUSED = frozenset({Code.FAILED, Code.BROKEN, Code.NOT_DUPLICATI, Code.TOO_LARGE})
"""What a version that lacks an answer says instead."""


@dataclass(frozen=True, slots=True)
class Said:
    """`at`: when it was asked; `knows_settings`: its settings could be read, so that a zone that is missing there is missing; `state`: None
    where it could not be read. `answers`: as they came, but for what destinations are opened by."""

    at: Instant
    identity: ServerIdentity
    jobs: tuple[ApiJob, ...]
    state: ServerState | None
    knows_settings: bool
    answers: tuple[object, object]


async def ask(api: Api) -> Said:
    """The answers of a server. Raises Trouble."""
    at = api.clock.now()
    system = await api.get("/systeminfo")
    settings = await _where_known(api, "/serversettings")
    try:
        identity = read_identity(system, settings)
        listed = await api.get("/backups")
        jobs = read_jobs(listed)
    except NotTheApi:
        raise Trouble(Code.NOT_DUPLICATI, api.place, status=200) from None
    try:
        state = read_state(await _where_known(api, "/serverstate"))
    except NotTheApi:
        state = None
    return Said(at, identity, _each_once(jobs), state, isinstance(settings, dict), (system, listed))


async def _where_known(api: Api, path: str) -> object:
    try:
        return await api.get(path)
    except Trouble as trouble:
        if trouble.code not in _REFUSED:
            raise
        return None


def _each_once(jobs: tuple[ApiJob, ...]) -> tuple[ApiJob, ...]:
    """A job that a server lists twice is one."""
    return tuple({job.id: job for job in jobs}.values())
