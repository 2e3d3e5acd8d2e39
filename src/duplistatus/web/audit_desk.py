"""What somebody asks of the audit log. In: a request whose caller was let in; out: which of the entries that they seek they may see, for
how long entries are kept, and what was removed. Each change is one transaction with its own entry. Raises ValueError with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo

from starlette.requests import Request

from duplistatus.clock import DAY, Instant, instant, moment
from duplistatus.security.audit_cleanup import clean_audit_log
from duplistatus.store import audit, audit_log
from duplistatus.store.audit import LEAST_DAYS, MOST_DAYS, Entry
from duplistatus.store.audit_log import Sought
from duplistatus.store.database import Connection
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.sessions import user_agent

RANGE = f"Retention days must be between {LEAST_DAYS} and {MOST_DAYS}"
_EXACT = ("username", "action", "category", "status")
_DATE_ALONE = len("2026-11-21")
_MINUTE = len("2026-11-21T06:58")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean-up, or what one would do. `count`: entries; `days`: how long entries are kept; `before`: those older than that moment go;
    `oldest`: the oldest of those that stay, None where none do."""

    count: int
    days: int
    before: Instant
    oldest: Instant | None


def visible_to(caller: Caller, sought: Sought) -> Sought:
    """What a limited user may see of it: their own deeds. Those of others name servers that may be hidden from them."""
    user = caller.user
    if user is None or user.is_admin or not user.is_limited:
        return sought
    return replace(sought, user_id=user.id)


def read_sought(query: Mapping[str, str], zone: tzinfo = UTC) -> Sought:
    """What is sought, by the names of 1.4.2: `username`, `action`, `category`, `status`, `startDate`, `endDate`, and `q`. A day or a
    minute alone is the whole of it, in `zone`."""
    named = {name: query[name].strip() or None for name in _EXACT if name in query}
    return Sought(
        **named,
        since=_moment(query.get("startDate", ""), "startDate", zone, time.min),
        until=_moment(query.get("endDate", ""), "endDate", zone, time.max),
        text=query.get("q", "").strip(),
    )


def _moment(text: str, name: str, zone: tzinfo, of_day: time) -> Instant | None:
    text = text.strip()
    if not text:
        return None
    try:
        is_day = len(text) == _DATE_ALONE
        found = datetime.combine(date.fromisoformat(text), of_day) if is_day else datetime.fromisoformat(text)
        if len(text) == _MINUTE and of_day == time.max:
            found = found.replace(second=59, microsecond=999_999)
        return instant(found if found.tzinfo else found.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise ValueError(f"{name} must be a date or a moment such as 2026-11-21T06:58:00Z") from None


def checked_days(value: object) -> int:
    """A number of days. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value or value != int(value):
        raise ValueError("retentionDays must be a number")
    if not LEAST_DAYS <= value <= MOST_DAYS:
        raise ValueError(RANGE)
    return int(value)


async def change_retention(request: Request, caller: Caller, days: int) -> None:
    """Keeps entries for so many days from now on."""
    parts = context(request)

    def work(connection: Connection) -> None:
        before = audit.retention_days(connection)
        if before == days:
            return
        audit.set_retention_days(connection, days)
        details = {"before": {"retentionDays": before}, "after": {"retentionDays": days}}
        audit.record(connection, _entry(request, caller, "audit_retention_updated", "config", details))

    await parts.writer.write(work, changes=False)


def would_clean(request: Request, days: int | None = None) -> Cleaned:
    """What a clean-up would remove now."""
    parts = context(request)
    with parts.database.snapshot() as connection:
        kept = days or audit.retention_days(connection)
        before = Instant(parts.clock.now() - kept * DAY)
        return Cleaned(audit_log.older(connection, before), kept, before, audit_log.oldest(connection, before))


async def clean(request: Request, caller: Caller, days: int | None = None) -> Cleaned:
    """Removes what is older than the retention, or than `days`."""
    parts = context(request)
    with parts.database.read() as connection:
        kept = days or audit.retention_days(connection)
    before = Instant(parts.clock.now() - kept * DAY)

    def told(removed: int) -> Entry:
        return _entry(request, caller, "audit_cleanup", "system", {"deletedCount": removed, "retentionDays": kept})

    removed = await clean_audit_log(parts.writer, before, told)
    with parts.database.read() as connection:
        return Cleaned(removed, kept, before, audit_log.oldest(connection))


def written(at: Instant) -> str:
    """`2026-11-21 01:49:01`, UTC, as 1.4.2 writes the times of its entries."""
    return f"{moment(at):%Y-%m-%d %H:%M:%S}"


def _entry(request: Request, caller: Caller, action: str, category: audit.Category, details: Mapping[str, object]) -> Entry:
    now = context(request).clock.now()
    return Entry(now, action, category, caller.user, details=details, address=caller.address, user_agent=user_agent(request))
