"""The database, and the clock as it looks from there. In: settings, or a connection; out: whether the database can be used and is whole,
and whether the clock agrees with what it has seen."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from duplistatus.cli.checks.finding import Finding, ok, problem, warning
from duplistatus.clock import DAY, HOUR, MINUTE, Instant, iso
from duplistatus.settings import Settings
from duplistatus.store import checkup
from duplistatus.store.database import Connection, Database, StoreError
from duplistatus.store.schema import NEWEST, revision

DATABASE, CLOCK = "database", "clock"
_MEGABYTE = 1_000_000
_OTHERS = 0o077


def opened(settings: Settings) -> tuple[Database | None, list[Finding]]:
    """The database, where it is there and of this release; nothing is made or changed."""
    if settings.database_url is None and not settings.database_file.exists():
        return None, [warning(DATABASE, f"there is no {settings.database_file.absolute()}", "the first start makes it")]
    database = Database(settings.database_file, settings.database_url)
    try:
        found = revision(database)
    except StoreError as error:
        return None, [problem(DATABASE, str(error), _hint(settings))]
    if found is None:
        return None, [
            warning(DATABASE, "it is empty, or another program's", "the first start fills an empty one and refuses another program's")
        ]
    if found < NEWEST:
        return None, [warning(DATABASE, f"it has the schema {found}, this release {NEWEST}", "the next start brings it up; a copy is kept")]
    if found > NEWEST:
        return None, [problem(DATABASE, f"a newer release has changed it (schema {found}, here {NEWEST})", "use the newer release")]
    return database, [ok(DATABASE, f"schema {found}")]


def _hint(settings: Settings) -> str:
    if settings.database_url is not None:
        return "is the server of DATABASE_URL reachable, and are name and password right?"
    return "does the file belong to the account that runs this command? A damaged one is replaced by a copy of it"


def look_at_database(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """Its size, its damage, and who may read it."""
    size = f"{checkup.size(connection) / _MEGABYTE:,.1f} MB".replace(",", " ")
    kind = "PostgreSQL" if connection.dialect == "postgresql" else "SQLite"
    yield ok(DATABASE, f"{kind} {checkup.server_version(connection)}, {size}")
    if connection.dialect == "postgresql":
        return
    wrong = checkup.damage(connection)
    if wrong:
        yield problem(DATABASE, f"the file is damaged: {'; '.join(wrong)}", "stop the product and put a copy from before in its place")
    else:
        yield ok(DATABASE, "the file is whole (quick_check)")
    mode = stat.S_IMODE(settings.database_file.stat().st_mode)
    if mode & _OTHERS:
        yield warning(DATABASE, f"others may read it (permissions {mode:04o})", f"chmod 600 {settings.database_file}")


def look_at_clock(connection: Connection, settings: Settings, now: Instant) -> Iterator[Finding]:
    """Whether the machine's clock is where it was, and where those of the servers are."""
    yield ok(CLOCK, f"{iso(now)}, time zone {settings.time_zone}")
    seen = checkup.last_seen(connection)
    if seen is not None and seen > now + MINUTE:
        yield problem(CLOCK, f"it is behind: this product was at work at {iso(seen)} already", "set the machine's clock by NTP")
    newest = checkup.newest_begin(connection)
    if newest is None:
        return
    begun, job = newest
    if begun > now + DAY:
        yield problem(CLOCK, f"the newest run, of {job}, began at {iso(begun)}, which is still to come", "one of the two clocks is wrong")
    elif begun > now + HOUR // 4:
        yield warning(CLOCK, f"the newest run, of {job}, began at {iso(begun)}, which is still to come", "one of the two clocks is wrong")
