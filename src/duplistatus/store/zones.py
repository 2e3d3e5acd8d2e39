"""The zone in which each server's scheduler counts. In: what the user set, what the server told, its version and the evidence of its jobs'
runs; out: the zone in the server's row. Where it becomes another one, the server's jobs are judged anew."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.zone_evidence import NO_EVIDENCE, ServerZone, decide, read_evidence
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.judging import judge
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server

_OWN = "own_zone"
_OWN_ZONE = Statement(select(setting.c.value).where(setting.c.key == _OWN))
_SET_OWN = Statement(update(setting).where(setting.c.key == _OWN).values(value=bindparam("name")))
_ADD_OWN = Statement(insert(setting).values(key=_OWN, value=bindparam("name")))
_TOLD = Statement(
    select(server.c.zone_set, server.c.zone_told, server.c.host_zone, server.c.version, server.c.zone, server.c.zone_source).where(
        server.c.id == bindparam("server_id")
    )
)
_EVIDENCE = Statement(select(job.c.id, job.c.zone_evidence).where(job.c.server_id == bindparam("server_id")).order_by(job.c.id))
_SAVE = Statement(update(server).where(server.c.id == bindparam("id_")).values(zone=bindparam("name"), zone_source=bindparam("source")))
_FORGET_SLOTS = Statement(update(job).where(job.c.server_id == bindparam("of")).values(schedule_slot=None, setting_slot=None))
_SERVER_OF = Statement(select(job.c.server_id).where(job.c.id == bindparam("job_id")))
_SERVERS = Statement(select(server.c.id).order_by(server.c.id))


def set_own_zone(connection: Connection, name: str, now: Instant) -> None:
    """Stores the zone of the machine that duplistatus runs on, which hosts of servers more likely share; where it is another one than
    before, every server is settled anew."""
    if connection.value(_OWN_ZONE) == name:
        return
    if not connection.run(_SET_OWN, {"name": name}).rowcount:
        connection.run(_ADD_OWN, {"name": name})
    for row in connection.rows(_SERVERS):
        settle_zone(connection, row[0], now)


def zone_of(connection: Connection, server_id: ServerId) -> ServerZone:
    """The zone in which a server counts, and why."""
    row = connection.row(_TOLD, {"server_id": server_id})
    evidence = [read_evidence(text) for _, text in connection.rows(_EVIDENCE, {"server_id": server_id})]
    zone_set, zone_told, host_zone, version = row[:4] if row else (None, None, None, "")
    return decide(
        zone_set=zone_set,
        zone_told=zone_told,
        host_zone=host_zone,
        version=version,
        evidence=[each for each in evidence if each != NO_EVIDENCE],
        near=connection.value(_OWN_ZONE) or "UTC",
    )


def settle_zone(connection: Connection, server_id: ServerId, now: Instant) -> bool:
    """Decides the zone of a server and judges its jobs where it became another one; whether it did."""
    row = connection.row(_TOLD, {"server_id": server_id})
    if row is None:
        return False
    found = zone_of(connection, server_id)
    if (found.name, found.source) == (row[4], row[5]):
        return False
    connection.run(_SAVE, {"id_": server_id, "name": found.name, "source": found.source})
    connection.run(_FORGET_SLOTS, {"of": server_id})
    judge(connection, [JobId(each[0]) for each in connection.rows(_EVIDENCE, {"server_id": server_id})], now)
    return True


def settle_zone_of_job(connection: Connection, job_id: JobId, now: Instant) -> None:
    """The same for the server of a job whose runs tell something else than before."""
    server_id = connection.value(_SERVER_OF, {"job_id": job_id})
    if server_id is not None:
        settle_zone(connection, ServerId(server_id), now)
