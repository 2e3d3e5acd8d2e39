"""From where reports came lately. In: a connection; out: addresses with the servers that reported from there. Only the newest reports are
looked at, by their index, so that the answer takes the same time in any history."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from duplistatus.clock import Instant
from duplistatus.store.database import Connection
from duplistatus.store.rejected import newest_rejected
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, raw_report, server

LOOKED_AT = 500
"""Reports."""

_NEWEST = select(raw_report.c.id, raw_report.c.sender, raw_report.c.arrived_at, raw_report.c.job_id).order_by(raw_report.c.id.desc())
_LATELY = _NEWEST.limit(bindparam("most")).subquery()
_SENDERS = Statement(
    select(_LATELY.c.sender, _LATELY.c.arrived_at, server.c.name, server.c.alias)
    .select_from(_LATELY.join(job, job.c.id == _LATELY.c.job_id).join(server, server.c.id == job.c.server_id))
    .order_by(_LATELY.c.id.desc())
)


@dataclass(frozen=True, slots=True)
class Sender:
    """`servers`: their labels, those that reported last first; none where only refused documents came."""

    address: str
    last_at: Instant
    servers: tuple[str, ...]


def recent_senders(connection: Connection) -> list[Sender]:
    """Each address once, with its newest report, stored or refused."""
    last: dict[str, Instant] = {}
    servers: dict[str, dict[str, None]] = {}
    for address, at, name, alias in connection.rows(_SENDERS, {"most": LOOKED_AT}):
        last[address] = max(last.get(address, at), at)
        servers.setdefault(address, {})[alias or name] = None
    for row in newest_rejected(connection):
        last[row.sender] = max(last.get(row.sender, row.arrived_at), row.arrived_at)
    return [Sender(address, at, tuple(servers.get(address, ()))) for address, at in last.items()]
