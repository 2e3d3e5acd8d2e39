"""The changes of a job's facts that were written down. In: a connection and a job; out: the newest ones with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from duplistatus.clock import Instant
from duplistatus.store.database import Connection
from duplistatus.store.ids import JobId
from duplistatus.store.statement import Statement
from duplistatus.store.tables import change

SHOWN = 20

_NEWEST = Statement(
    select(change.c.at, change.c.fact, change.c.from_value, change.c.to_value, change.c.reason)
    .where(change.c.job_id == bindparam("job_id"))
    .order_by(change.c.at.desc(), change.c.id.desc())
    .limit(SHOWN)
)


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that became another one. `reason`: the numbers of the rule, moments in milliseconds since 1970; empty for changes that an
    earlier release wrote down."""

    at: Instant
    fact: str
    before: str
    after: str
    reason: dict[str, Any]


def newest_changes(connection: Connection, job_id: JobId) -> list[Change]:
    """The newest changes of a job, newest first."""
    return [
        Change(at, fact, before, after, _reason(text)) for at, fact, before, after, text in connection.rows(_NEWEST, {"job_id": job_id})
    ]


def _reason(text: str) -> dict[str, Any]:
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        # Earlier releases wrote a sentence.
        return {}
    return read if isinstance(read, dict) else {}
