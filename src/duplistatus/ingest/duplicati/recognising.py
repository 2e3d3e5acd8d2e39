"""Which server it is that answers at an address. In: what its API says, and which one is meant or was chosen; out: the server, its row made
where it is new. Asks for as few pages of logs as tell it, and stores nothing of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from duplistatus.clock import Instant
from duplistatus.evaluate.which_server import Likeness, is_another, which_server
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.parts import Parts
from duplistatus.ingest.duplicati.said import Said
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.log_row import begin_of, origin_of
from duplistatus.report.report import Origin
from duplistatus.report.server_answers import ApiJob, NotTheApi, read_log_rows
from duplistatus.store.asked_servers import (
    Asked,
    add_server,
    asked_server,
    is_free,
    likenesses,
    ran_at,
    said_before,
)
from duplistatus.store.ids import ServerId
from duplistatus.store.joining import has_documents, join_servers, reported_as

_RUNS = 20
"""The newest runs of a job that are looked for."""
_JOBS = 5
"""So many jobs with known runs decide."""
_LOGS = 50
"""So many logs are looked at, those of the jobs that ran last: nobody's list of jobs is a reason to ask without an end."""
_PER_JOB = frozenset({Code.BUSY, Code.BROKEN, Code.TOO_LARGE, Code.FAILED, Code.SLOW, Code.CUT})


async def recognise(
    parts: Parts, api: Api, said: Said, meant: ServerId | None, chosen: ServerId | Literal["new"] | None
) -> tuple[Asked, bool]:
    """The server, and whether it is new. Raises Trouble(WHICH) or Trouble(OTHER_SERVER)."""
    if chosen is not None and chosen != "new":
        return _known(parts, chosen), False
    if chosen == "new":
        return await _new(parts, api, said, is_apart=True), True
    if meant is not None:
        return await _meant(parts, api, said, _known(parts, meant)), False
    alike = _alike(parts, api, said, None, await _runs(parts, api, said))
    found = which_server(alike.values(), id_is_reported=_tells_reported_id(said))
    if found.candidates:
        raise Trouble(Code.WHICH, api.place, candidates=list(found.candidates))
    if found.key is None:
        return await _new(parts, api, said, is_apart=False), True
    return _known(parts, _by_key(alike, found.key)), False


async def _meant(parts: Parts, api: Api, said: Said, meant: Asked) -> Asked:
    """The server that is meant, where it is the one that answers."""
    with parts.database.read() as connection:
        reported = reported_as(connection, meant.server_id)
    if reported is not None:
        # Collected before its first report, and under other names than this one has.
        await parts.write(lambda connection: join_servers(connection, meant.server_id, reported, said.at))
        meant = _known(parts, reported)
    with parts.database.read() as connection:
        is_empty = not has_documents(connection, meant.server_id)
        machine_id, version = said_before(connection, meant.server_id)
    mine = _alike(parts, api, said, meant.server_id, {}).get(meant.server_id, Likeness(meant.key))
    if mine.same_api_id and not is_empty:
        return meant
    runs = await _runs(parts, api, said, meant.server_id)
    alike = _alike(parts, api, said, meant.server_id, runs)
    mine = replace(alike.get(meant.server_id, mine), is_empty=is_empty)
    others = [each for server_id, each in alike.items() if server_id != meant.server_id]
    changed = bool(machine_id and said.identity.machine_id) and machine_id != said.identity.machine_id and version == said.identity.version
    if is_another(mine, others, id_is_reported=_tells_reported_id(said), api_id_changed=changed):
        most = max(others, key=lambda each: (each.runs, each.same_id), default=None)
        keys = [most.key] if most is not None and (most.runs or most.same_id) else []
        name = said.identity.machine_name or said.identity.machine_id or ""
        raise Trouble(Code.OTHER_SERVER, api.place, name=name, known_as=meant.alias or meant.name, candidates=keys)
    has_runs = any(each.runs for each in others)
    found = which_server(others, id_is_reported=_tells_reported_id(said)) if mine.is_empty and (has_runs or not mine.same_id) else None
    if found is not None and found.key is not None:
        # Until its first report came there was nothing by which to know it.
        heir = _by_key(alike, found.key)
        await parts.write(lambda connection: join_servers(connection, meant.server_id, heir, said.at))
        return _known(parts, heir)
    return meant


def _tells_reported_id(said: Said) -> bool:
    return said.identity.id_is_reported and bool(said.identity.machine_id)


def _names(job: ApiJob) -> Origin:
    return origin_of(job, "", "")


def _alike(parts: Parts, api: Api, said: Said, meant: ServerId | None, runs: Mapping[ServerId, int]) -> dict[ServerId, Likeness]:
    with parts.database.read() as connection:
        return likenesses(connection, said.identity, [_names(job) for job in said.jobs], meant, runs, api.target.url)


def _by_key(alike: Mapping[ServerId, Likeness], key: str) -> ServerId:
    return next(server_id for server_id, each in alike.items() if each.key == key)


def _known(parts: Parts, server_id: ServerId) -> Asked:
    with parts.database.read() as connection:
        found = asked_server(connection, server_id)
    if found is None:
        raise LookupError(f"no server {server_id}")
    return found


async def _runs(parts: Parts, api: Api, said: Said, meant: ServerId | None = None) -> Counter[ServerId]:
    """How many of the newest runs of its jobs each server knows; one job is enough of the server that is meant."""
    found: Counter[ServerId] = Counter()
    hits = 0
    for job in sorted(said.jobs, key=lambda job: job.finished_at or 0, reverse=True)[:_LOGS]:
        begins = await _newest(api, job)
        with parts.database.read() as connection:
            known = ran_at(connection, [(_names(job), at) for at in begins])
        found.update(known)
        hits += bool(known)
        if hits == _JOBS or (meant is not None and meant in known):
            break
    return found


async def _newest(api: Api, job: ApiJob) -> list[Instant]:
    """The begins of a job's newest runs; none where its log cannot be read."""
    try:
        rows = read_log_rows(await api.get(f"/backup/{quote(job.id, safe='')}/log", pagesize=_RUNS))
    except NotTheApi:
        return []
    except Trouble as trouble:
        if trouble.code not in _PER_JOB:
            raise
        return []
    begins = [begin_of(row.data) for row in rows if row.data is not None and row.data.get("MainOperation") == "Backup"]
    return [at for at in begins if at is not None]


async def _new(parts: Parts, api: Api, said: Said, *, is_apart: bool) -> Asked:
    """A new server. `is_apart`: somebody said that it is none of those that are known, so it must not take the names of one."""
    identity = said.identity
    machine_name = identity.machine_name or api.place
    machine_id = identity.machine_id if identity.machine_id and identity.id_is_reported else ""
    if is_apart:
        with parts.database.read() as connection:
            if not is_free(connection, machine_id, machine_name) or not machine_id:
                # Reports of some versions carry another id; then this one at least keeps it apart.
                machine_id = identity.machine_id or ""
            if not machine_id or not is_free(connection, machine_id, machine_name):
                machine_id, machine_name = "", f"{machine_name} ({api.place})"
    server_id = await parts.write(lambda connection: add_server(connection, machine_id, machine_name, said.at))
    return _known(parts, server_id)
