"""What a look at the database as a whole tells. In: a connection; out: its size, its damage, and the newest moments that it knows of.
Nothing is changed."""

from __future__ import annotations

from sqlalchemy import func, select

from duplistatus.clock import Instant
from duplistatus.store.account_tables import audit
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, raw_report, rejected_report, run
from duplistatus.store.watch_tables import task_state

_MOST_DAMAGE = 5
_NEWEST_BEGIN = Statement(
    select(run.c.begun_at, job.c.name).join_from(run, job, job.c.id == run.c.job_id).order_by(run.c.begun_at.desc()).limit(1)
)
_SEEN = tuple(
    Statement(each)
    for each in (
        select(func.max(audit.c.at)),
        # The newest rows are the last that were written.
        select(raw_report.c.arrived_at).order_by(raw_report.c.id.desc()).limit(1),
        select(rejected_report.c.arrived_at).order_by(rejected_report.c.id.desc()).limit(1),
        select(func.max(task_state.c.started_at)),
    )
)
_SIZE = Statement(select(func.pg_database_size(func.current_database())))
_VERSION = Statement(select(func.current_setting("server_version")))


def damage(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file, at most five sentences; PostgreSQL looks after itself."""
    if connection.dialect == "postgresql":
        return []
    found = [str(row[0]) for row in connection.raw.execute(f"PRAGMA quick_check({_MOST_DAMAGE})").fetchall()]
    return [] if found == ["ok"] else found


def size(connection: Connection) -> int:
    """Bytes."""
    if connection.dialect == "postgresql":
        return int(connection.value(_SIZE))
    pages, length = (connection.raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * length)


def server_version(connection: Connection) -> str:
    """Of PostgreSQL; of SQLite the library's."""
    if connection.dialect == "postgresql":
        return str(connection.value(_VERSION))
    return str(connection.raw.execute("SELECT sqlite_version()").fetchone()[0])


def newest_begin(connection: Connection) -> tuple[Instant, str] | None:
    """When the newest run of all began, by the clock of its server, and of which job it is."""
    row = connection.row(_NEWEST_BEGIN)
    return (Instant(row[0]), str(row[1])) if row else None


def last_seen(connection: Connection) -> Instant | None:
    """The newest moment at which this product did something, by the clock of its machine then."""
    found = [connection.value(each) for each in _SEEN]
    return max((Instant(each) for each in found if each is not None), default=None)
