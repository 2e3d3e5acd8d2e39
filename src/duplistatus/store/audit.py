"""The audit log. In: what somebody did, as a frozen entry; out: a row of `audit`, written in the transaction of the deed itself, and
removed again when its time is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import bindparam, delete, insert, select

from duplistatus.clock import Instant
from duplistatus.store.account_tables import audit, setting
from duplistatus.store.accounts import User
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

Category = Literal["auth", "backup", "config", "server", "system", "user"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `details` never hold secrets; `username` may name an account that does not exist (a failed sign-in)."""

    at: Instant
    action: str
    category: Category
    user: User | None = None
    username: str = ""
    target_type: str | None = None
    target_id: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    address: str = ""
    user_agent: str = ""
    status: Literal["success", "failure", "error"] = "success"
    error: str | None = None


KEPT_DAYS = 90
LEAST_DAYS = 30
MOST_DAYS = 365
"""Days that entries are kept, where nobody set another number, and its limits."""

_PRUNE = Statement(delete(audit).where(audit.c.at < bindparam("before")))
_RETENTION = Statement(select(setting.c.value).where(setting.c.key == "audit_retention_days"))
_INSERT = Statement(insert(audit).values({column.name: bindparam(column.name) for column in audit.c if column.name != "id"}))


def record(connection: Connection, entry: Entry) -> None:
    """Writes the entry."""
    connection.run(
        _INSERT,
        {
            "at": entry.at,
            "user_id": entry.user.id if entry.user else None,
            "username": entry.username or (entry.user.username if entry.user else ""),
            "action": entry.action,
            "category": entry.category,
            "target_type": entry.target_type,
            "target_id": entry.target_id,
            "details": json.dumps(dict(entry.details), ensure_ascii=False) if entry.details else None,
            "address": entry.address,
            "user_agent": entry.user_agent,
            "status": entry.status,
            "error": entry.error,
        },
    )


def prune(connection: Connection, before: Instant) -> int:
    """Removes the entries older than that moment; how many there were."""
    removed: int = connection.run(_PRUNE, {"before": before}).rowcount
    return removed


def retention_days(connection: Connection) -> int:
    """For how many days entries are kept."""
    text = connection.value(_RETENTION)
    try:
        days = int(text) if text is not None else KEPT_DAYS
    except ValueError:
        days = KEPT_DAYS
    return min(max(days, LEAST_DAYS), MOST_DAYS)
