"""Two servers that turn out to be one, where nothing but collections told of the first: what was collected before the first report came may
stand under other names than the reports have. In: a connection and a server; out: the one whose reports tell of the same runs, and both
made one: documents take the names of that one, so that the rule of identity keeps them there."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, delete, literal, select, update

from duplistatus.clock import Instant
from duplistatus.report.report import Origin
from duplistatus.store.asked_servers import names_on, turn_out_as
from duplistatus.store.collected import job_of
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, OriginId, ServerId
from duplistatus.store.origins import drop_job, settle
from duplistatus.store.statement import Statement
from duplistatus.store.summaries import rebuild_job
from duplistatus.store.tables import activity, job, origin, raw_report, run
from duplistatus.store.visible import COLLECTED, JSON, PROVISIONAL, TEXT, show_runs

_OF: BindParameter[int] = bindparam("of")
_SENT = (run.c.kinds.op("&")(JSON | TEXT)) != 0
_REPORTED = Statement(select(run.c.id).join(origin, origin.c.id == run.c.origin_id).where(origin.c.server_id == _OF, _SENT).limit(1))
_DOCUMENTS = (
    Statement(
        select(run.c.id).join(origin, origin.c.id == run.c.origin_id).where(origin.c.server_id == _OF, run.c.kinds < PROVISIONAL).limit(1)
    ),
    Statement(select(activity.c.id).join(origin, origin.c.id == activity.c.origin_id).where(origin.c.server_id == _OF).limit(1)),
)
_NEWEST = Statement(
    select(run.c.begun_at, origin.c.job_name, origin.c.backup_id)
    .join(origin, origin.c.id == run.c.origin_id)
    .where(origin.c.server_id == _OF, run.c.kinds == literal(COLLECTED))
    .order_by(run.c.begun_at.desc())
    .limit(200)
)
_AT = Statement(
    select(origin.c.server_id, origin.c.job_name, origin.c.backup_id)
    .join(run, run.c.origin_id == origin.c.id)
    .where(run.c.begun_at == bindparam("at_"), origin.c.server_id != _OF, _SENT)
)
_ORIGINS = Statement(
    select(origin.c.id, origin.c.job_id, origin.c.job_name, origin.c.backup_id, origin.c.first_at, origin.c.last_at).where(
        origin.c.server_id == _OF
    )
)
_NAMED = Statement(
    select(origin.c.id, origin.c.job_id, origin.c.first_at, origin.c.last_at).where(
        *(origin.c[name] == bindparam(name) for name in ("machine_id", "machine_name", "job_name", "backup_id"))
    )
)
_JOB_OF = Statement(select(origin.c.job_id).where(origin.c.id == bindparam("id_")))
_NAME = Statement(
    update(origin).where(origin.c.id == bindparam("id_")).values(machine_id=bindparam("machine"), machine_name=bindparam("name_"))
)
_WIDEN = Statement(update(origin).where(origin.c.id == bindparam("id_")).values(first_at=bindparam("first"), last_at=bindparam("last")))
_MOVE_RUNS = Statement(update(run).where(run.c.origin_id == bindparam("old")).values(origin_id=bindparam("new"), job_id=None))
_MOVE_RAW = Statement(
    update(raw_report).where(raw_report.c.origin_id == bindparam("old")).values(origin_id=bindparam("new"), job_id=bindparam("job"))
)
_OTHER = activity.alias("other")
_DROP_KNOWN = Statement(
    delete(activity).where(
        activity.c.origin_id == bindparam("old"),
        select(_OTHER.c.id)
        .where(
            _OTHER.c.origin_id == bindparam("new"),
            _OTHER.c.operation == activity.c.operation,
            _OTHER.c.begun_at == activity.c.begun_at,
        )
        .exists(),
    )
)
_MOVE_ACTIVITIES = Statement(
    update(activity).where(activity.c.origin_id == bindparam("old")).values(origin_id=bindparam("new"), job_id=bindparam("job"))
)
_DROP = Statement(delete(origin).where(origin.c.id == bindparam("old")))
_JOBS = Statement(select(job.c.id, job.c.name, job.c.backup_id).where(job.c.server_id == _OF))


def has_documents(connection: Connection, server_id: ServerId) -> bool:
    """Whether any document of the server is known; errors of runs without one can be of any."""
    return any(connection.value(statement, {"of": server_id}) is not None for statement in _DOCUMENTS)


def reported_as(connection: Connection, server_id: ServerId) -> ServerId | None:
    """The server whose documents tell of runs that were collected of this one, while no report of this one ever came."""
    if connection.value(_REPORTED, {"of": server_id}) is not None:
        return None
    for at, job_name, backup_id in connection.rows(_NEWEST, {"of": server_id}):
        for other, its_name, its_id in connection.rows(_AT, {"at_": at, "of": server_id}):
            if its_name == job_name or (backup_id and its_id == backup_id):
                return ServerId(other)
    return None


def join_servers(connection: Connection, server_id: ServerId, heir: ServerId, now: Instant) -> None:
    """All that is known of the first is of the other one."""
    merged: set[OriginId] = set()
    names: set[tuple[str, str]] = set()
    for origin_id, _, job_name, backup_id, first_at, last_at in connection.rows(_ORIGINS, {"of": server_id}):
        machine_id, machine_name = names_on(connection, heir, Origin(None, None, job_name, backup_id))
        names.add((machine_name, machine_id))
        keys = {"machine_id": machine_id, "machine_name": machine_name, "job_name": job_name, "backup_id": backup_id}
        known = connection.row(_NAMED, keys)
        if known is None:
            connection.run(_NAME, {"id_": origin_id, "machine": machine_id, "name_": machine_name})
            continue
        _merge(connection, OriginId(origin_id), OriginId(known[0]), JobId(known[1]))
        merged.add(OriginId(known[0]))
        connection.run(_WIDEN, {"id_": known[0], "first": min(first_at, known[2]), "last": max(last_at, known[3])})
    for machine_name, machine_id in sorted(names):
        settle(connection, machine_name, machine_id, now)
    for job_id in sorted({JobId(connection.value(_JOB_OF, {"id_": each})) for each in merged}):
        show_runs(connection, job_id)
        rebuild_job(connection, job_id, now)
    for job_id, name, backup_id in connection.rows(_JOBS, {"of": server_id}):
        kept = job_of(connection, heir, Origin(None, None, name, backup_id))
        if kept is not None:
            drop_job(connection, JobId(job_id), kept, now)
    turn_out_as(connection, server_id, heir, now)


def _merge(connection: Connection, old: OriginId, into: OriginId, job_id: JobId) -> None:
    """Documents of the same names are of one origin."""
    both = {"old": old, "new": into, "job": job_id}
    connection.run(_MOVE_RUNS, both)
    connection.run(_MOVE_RAW, both)
    connection.run(_DROP_KNOWN, both)
    connection.run(_MOVE_ACTIVITIES, both)
    connection.run(_DROP, both)
