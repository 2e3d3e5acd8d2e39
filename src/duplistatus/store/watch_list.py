"""All jobs with what is set for their watching and what follows from it. In: a connection; out: frozen rows by server and name. With
thousands of jobs, reading the full rows would cost more than a page that shows a hundred of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from duplistatus.clock import Instant
from duplistatus.evaluate.job_setting import NOT_SET, JobSetting
from duplistatus.store.database import Connection, Row
from duplistatus.store.ids import JobId, ServerId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server
from duplistatus.store.watch_tables import job_setting
from duplistatus.store.watching import SETTING_COLUMNS, setting_of_row


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One job. `zone`: that in which its server counts; `zone_source`: how that is known; `due_source`: how the expected moment is."""

    id: JobId
    name: str
    server_id: ServerId
    server_key: str
    server_name: str
    server_alias: str
    zone: str
    zone_source: str
    zone_set: str | None
    last_begun_at: Instant | None
    schedule: str
    activity: str
    expected_at: Instant | None
    overdue_at: Instant | None
    stuck_at: Instant | None
    due_source: str | None
    setting: JobSetting

    @property
    def server_label(self) -> str:
        """What people read: the alias, else the name."""
        return self.server_alias or self.server_name


_COLUMNS = (
    job.c.id,
    job.c.name,
    server.c.id,
    server.c.key,
    server.c.name,
    server.c.alias,
    server.c.zone,
    server.c.zone_source,
    server.c.zone_set,
    job.c.last_begun_at,
    job.c.schedule,
    job.c.activity,
    job.c.expected_at,
    job.c.overdue_at,
    job.c.stuck_at,
    job.c.due_source,
)
_ROWS = (
    select(*_COLUMNS, *SETTING_COLUMNS)
    .join(server, server.c.id == job.c.server_id)
    .outerjoin(job_setting, job_setting.c.job_id == job.c.id)
)
_ALL = Statement(_ROWS.order_by(func.lower(server.c.name), server.c.key, job.c.name))
_ONE = Statement(_ROWS.where(job.c.id == bindparam("job_id")))


def watch_rows(connection: Connection) -> list[WatchRow]:
    """All jobs, by the names of servers and jobs."""
    return [_row(row) for row in connection.rows(_ALL)]


def watch_row(connection: Connection, job_id: JobId) -> WatchRow | None:
    row = connection.row(_ONE, {"job_id": job_id})
    return _row(row) if row else None


def _row(row: Row) -> WatchRow:
    setting = row[len(_COLUMNS) :]
    # Without a row of its own all of these columns are null.
    return WatchRow(*(*row[: len(_COLUMNS)], setting_of_row(setting) if setting[0] is not None else NOT_SET))
