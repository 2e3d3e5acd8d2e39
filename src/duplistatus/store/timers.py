"""When servers are collected by time, and how the newest try of each went. In: a connection, the present, chance; out: `server_link`
changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson
from sqlalchemy import bindparam, or_, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.collect_times import after_failure, after_success, first, is_plausible
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import server_link
from duplistatus.store.statement import Statement

Chance = Callable[[], float]
"""0 to 1, evenly spread."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of asking a server. `trouble`: a code, empty for none; `stuck`: nothing but a decision or another password helps."""

    trouble: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    found: int = 0
    known: int = 0
    errors: int = 0
    stuck: bool = False


_of = server_link.c.server_id == bindparam("of")
_STATE = Statement(select(server_link.c.timer, server_link.c.failures).where(_of))
_WELL = Statement(
    update(server_link)
    .where(_of)
    .values(
        tried_at=bindparam("now"),
        collected_at=bindparam("now"),
        trouble="",
        trouble_facts="{}",
        failures=0,
        found=bindparam("found_new"),
        known=bindparam("known_new"),
        errors=bindparam("errors_new"),
        next_at=bindparam("next"),
    )
)
_IN_VAIN = Statement(
    update(server_link)
    .where(_of)
    .values(
        tried_at=bindparam("now"),
        trouble=bindparam("trouble_new"),
        trouble_facts=bindparam("facts_new"),
        failures=bindparam("failures_new"),
        next_at=bindparam("next"),
    )
)
_ANY = Statement(select(server_link.c.server_id).where(server_link.c.timer.is_not(None)).limit(1))
_SET = Statement(update(server_link).where(_of).values(timer=bindparam("timer_new"), next_at=bindparam("next")))
_PLAN = Statement(update(server_link).where(_of).values(next_at=bindparam("next")))
_PLANNED = Statement(
    select(server_link.c.server_id, server_link.c.timer, server_link.c.next_at, server_link.c.trouble).where(
        or_(server_link.c.timer.is_not(None), server_link.c.next_at.is_not(None))
    )
)


def has_timers(connection: Connection) -> bool:
    """Whether any server is collected by time."""
    return connection.row(_ANY) is not None


def tried(connection: Connection, server_id: ServerId, went: Tried, now: Instant, chance: Chance) -> None:
    """A server was asked; when it is the next time follows from how that went."""
    row = connection.row(_STATE, {"of": server_id})
    if row is None:
        return
    timer, failures = row
    if not went.trouble:
        counts = {"found_new": went.found, "known_new": went.known, "errors_new": went.errors}
        connection.run(_WELL, {"of": server_id, "now": now, "next": after_success(timer, now, chance())} | counts)
        return
    failures += 1
    following = after_failure(timer, failures, now, chance(), stuck=went.stuck)
    values = {"trouble_new": went.trouble, "facts_new": orjson.dumps(dict(went.facts)).decode(), "failures_new": failures}
    connection.run(_IN_VAIN, {"of": server_id, "now": now, "next": following} | values)


def set_timer(connection: Connection, server_id: ServerId, timer: int | None, now: Instant, chance: Chance) -> None:
    """Minutes between two collections by time, None for none."""
    following = first(timer, now, chance()) if timer is not None else None
    connection.run(_SET, {"of": server_id, "timer_new": timer, "next": following})


def plan(connection: Connection, now: Instant, chance: Chance, stuck: frozenset[str]) -> int:
    """Plans those that have a timer and no moment, or one that a longer timer or another clock gave them; how many. `stuck`: codes of what
    only people can put right, after which nothing is tried by time."""
    planned = 0
    for server_id, timer, next_at, trouble in connection.rows(_PLANNED):
        if timer is None:
            following = None
        elif next_at is None and trouble in stuck:
            continue
        elif next_at is None or not is_plausible(timer, next_at, now):
            following = first(timer, now, chance())
        else:
            continue
        connection.run(_PLAN, {"of": server_id, "next": following})
        planned += 1
    return planned
