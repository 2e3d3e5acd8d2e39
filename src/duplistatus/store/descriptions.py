"""What is known of a server's installation: version, operating system, kind of package. In: a run's report or the stored runs; out: the
columns of `server`, always those of its newest run that tells its version."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import bindparam, select, update

from duplistatus.clock import Instant
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, run, server

_TOLD = {
    "version": "duplicati_version",
    "operating_system": "operating_system",
    "operating_system_detailed": "operating_system_detailed",
    "installation_type": "installation_type",
    "update_channel": "update_channel",
}
"""Columns of `server` and the keys of `run.host` that they come from."""

_SAVE = Statement(
    update(server).where(server.c.id == bindparam("id_")).values({name: bindparam(name + "_new") for name in (*_TOLD, "described_at")})
)
_JOBS = Statement(select(job.c.id).where(job.c.server_id == bindparam("server_id")))
_NEWEST = Statement(
    select(run.c.begun_at, run.c.host)
    .where(run.c.job_id == bindparam("job_id"), run.c.version != "")
    .order_by(run.c.begun_at.desc())
    .limit(1)
)


def describe(connection: Connection, server_id: ServerId, host: dict[str, Any], at: Instant | None) -> None:
    """Takes over what the run that began at `at` tells of its host."""
    values = {name + "_new": host.get(told) or "" for name, told in _TOLD.items()}
    connection.run(_SAVE, values | {"described_at_new": at, "id_": server_id})


def describe_anew(connection: Connection, server_id: ServerId) -> None:
    """Finds the newest run of the server's jobs that tells of its host, and takes it over."""
    found = [connection.row(_NEWEST, {"job_id": row[0]}) for row in connection.rows(_JOBS, {"server_id": server_id})]
    told = [row for row in found if row is not None]
    at, host = max(told) if told else (None, None)
    describe(connection, server_id, orjson.loads(host) if host else {}, at)
