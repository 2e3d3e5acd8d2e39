"""The outbox: what is to be delivered, and what became of it. In: a connection; out: frozen deliveries. A delivery is claimed by a
conditional update, so that of several processes one sends it; a claim of a process that is gone runs out, and what it held is sent again
under the same name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, case, func, insert, or_, select, update

from duplistatus.clock import MINUTE, Instant
from duplistatus.evaluate.notice import Event
from duplistatus.store.database import Connection, Row
from duplistatus.store.statement import Statement
from duplistatus.store.tell_tables import notice, outbox

WAITING = "waiting"
SENDING = "sending"
SENT = "sent"
FAILED = "failed"
HELD = "held"
STATES = (WAITING, SENDING, SENT, FAILED, HELD)
"""`held`: a silence held it back, so it is never sent; `failed`: given up."""

CLAIM = 5 * MINUTE
"""Milliseconds after which a claim has run out. Whoever sends lets go of what it has not begun to send long before."""
_UID_BYTES = 12
_LONGEST_ERROR = 1_000
OFF = "off"
"""Why a message is held that was waiting when its channel was switched off; the other reasons are values of silence."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed delivery with its notice. `uid` goes out with the message; `tries`: those before this one."""

    id: int
    uid: str
    channel_id: int
    destination: str
    tries: int
    created_at: Instant
    notice_id: int
    event: Event
    job_id: int | None
    server_id: int | None
    run_id: int | None
    at: Instant
    details: Mapping[str, Any]


_ADD = Statement(
    insert(outbox).values(
        {
            name: bindparam(name)
            for name in ("uid", "notice_id", "channel_id", "destination", "state", "next_try_at", "created_at", "ended_at", "error")
        }
    )
)
_DUE_CHANNELS = Statement(
    select(outbox.c.channel_id, func.min(outbox.c.next_try_at)).where(outbox.c.state == WAITING).group_by(outbox.c.channel_id)
)
_CANDIDATES = Statement(
    select(outbox.c.id)
    .where(outbox.c.state == WAITING, outbox.c.channel_id == bindparam("of"), outbox.c.next_try_at <= bindparam("now"))
    .order_by(outbox.c.next_try_at, outbox.c.id)
    .limit(bindparam("most"))
)
_CLAIM = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("of"), outbox.c.state == WAITING)
    .values(state=SENDING, claimed_by=bindparam("me"), claimed_at=bindparam("now"))
)
_DELIVERY = Statement(
    select(
        outbox.c.id,
        outbox.c.uid,
        outbox.c.channel_id,
        outbox.c.destination,
        outbox.c.tries,
        outbox.c.created_at,
        notice.c.id,
        notice.c.event,
        notice.c.job_id,
        notice.c.server_id,
        notice.c.run_id,
        notice.c.at,
        notice.c.details,
    )
    .join(notice, notice.c.id == outbox.c.notice_id)
    .where(outbox.c.id == bindparam("of"))
)
_MINE = and_(outbox.c.id == bindparam("of"), outbox.c.state == SENDING, outbox.c.claimed_by == bindparam("me"))
_END = Statement(
    update(outbox)
    .where(_MINE)
    .values(
        state=bindparam("state_new"),
        tries=outbox.c.tries + 1,
        next_try_at=bindparam("next"),
        claimed_by="",
        claimed_at=None,
        ended_at=bindparam("ended"),
        took=bindparam("took_new"),
        error=bindparam("error_new"),
    )
)
_LET_GO = Statement(update(outbox).where(_MINE).values(state=WAITING, next_try_at=bindparam("next"), claimed_by="", claimed_at=None))
_FREE = Statement(
    update(outbox)
    .where(outbox.c.state == SENDING, or_(outbox.c.claimed_at <= bindparam("lost"), bindparam("whose") == "all"))
    .values(state=WAITING, next_try_at=bindparam("now"), claimed_by="", claimed_at=None)
)
_AGAIN = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("of"), or_(outbox.c.state == SENT, outbox.c.state == FAILED, outbox.c.state == HELD))
    .values(
        state=WAITING,
        next_try_at=bindparam("now"),
        tries=0,
        created_at=bindparam("now"),
        ended_at=None,
        took=None,
        error="",
        uid=bindparam("uid_new"),
    )
)
_IS_LOST = Statement(
    select(outbox.c.id)
    .where(outbox.c.state == SENDING, or_(outbox.c.claimed_at <= bindparam("lost"), bindparam("whose") == "all"))
    .limit(1)
)
_HOLD = Statement(
    update(outbox)
    .where(outbox.c.state == WAITING, outbox.c.channel_id == bindparam("of"))
    .values(state=HELD, next_try_at=None, ended_at=bindparam("now"), error=bindparam("why"))
)
_OLD = and_(outbox.c.state == WAITING, outbox.c.created_at < bindparam("before"))
_COUNT_OLD = Statement(select(outbox.c.channel_id, func.count()).where(_OLD).group_by(outbox.c.channel_id))
_GIVE_UP_OLD = Statement(
    update(outbox)
    .where(_OLD)
    .values(
        state=FAILED,
        next_try_at=None,
        ended_at=bindparam("now"),
        error=case((outbox.c.error == "", bindparam("why")), else_=outbox.c.error),
    )
)
_HASTEN = Statement(
    update(outbox)
    .where(outbox.c.state == WAITING, outbox.c.channel_id == bindparam("of"), outbox.c.next_try_at > bindparam("now"))
    .values(next_try_at=bindparam("now"))
)


def new_uid() -> str:
    """A name for a delivery that no other has."""
    return secrets.token_hex(_UID_BYTES)


def add_deliveries(connection: Connection, notice_id: int, places: Iterable[tuple[int, str]], now: Instant, *, held: str = "") -> None:
    """Puts a notice into the outbox for each of these channels and destinations. `held`: why it is not to be sent at all."""
    for channel_id, destination in places:
        connection.run(
            _ADD,
            {
                "uid": new_uid(),
                "notice_id": notice_id,
                "channel_id": channel_id,
                "destination": destination,
                "state": HELD if held else WAITING,
                "next_try_at": None if held else now,
                "created_at": now,
                "ended_at": now if held else None,
                "error": held,
            },
        )


def due_channels(connection: Connection) -> dict[int, Instant]:
    """The channels for which something waits, each with the moment from which on it may be tried."""
    return dict(connection.rows(_DUE_CHANNELS))


def claim(connection: Connection, channel_id: int, me: str, now: Instant, most: int) -> list[Delivery]:
    """Claims up to `most` deliveries of a channel that are due, oldest first. What another process claims meanwhile is left to it."""
    found = []
    for (delivery_id,) in connection.rows(_CANDIDATES, {"of": channel_id, "now": now, "most": most}):
        if connection.run(_CLAIM, {"of": delivery_id, "me": me, "now": now}).rowcount:
            row = connection.row(_DELIVERY, {"of": delivery_id})
            if row is not None:
                found.append(_delivery(row))
    return found


def mark_sent(connection: Connection, delivery_id: int, me: str, now: Instant, took: int, remark: str = "") -> None:
    """It was delivered; `took`: milliseconds. `remark`: what the other side said of it, where that is worth knowing."""
    connection.run(_END, _ended(delivery_id, me, SENT, None, now, took, remark))


def mark_failed(connection: Connection, delivery_id: int, me: str, now: Instant, why: str) -> None:
    """It is given up."""
    connection.run(_END, _ended(delivery_id, me, FAILED, None, now, None, why))


def mark_later(connection: Connection, delivery_id: int, me: str, next_try_at: Instant, why: str) -> None:
    """It failed, and is tried again."""
    connection.run(_END, _ended(delivery_id, me, WAITING, next_try_at, None, None, why))


def let_go(connection: Connection, delivery_ids: Iterable[int], me: str, next_try_at: Instant) -> None:
    """Gives claimed deliveries back that were not tried."""
    for delivery_id in delivery_ids:
        connection.run(_LET_GO, {"of": delivery_id, "me": me, "next": next_try_at})


def has_lost(connection: Connection, now: Instant, *, everyone: bool) -> bool:
    """Whether `free_lost` would free anything; for readers."""
    return connection.row(_IS_LOST, {"lost": now - CLAIM, "whose": "all" if everyone else "lost"}) is not None


def free_lost(connection: Connection, now: Instant, *, everyone: bool) -> int:
    """Frees the claims that have run out; `everyone`: all, because no other process is there that could have any. How many there were."""
    freed: int = connection.run(_FREE, {"lost": now - CLAIM, "whose": "all" if everyone else "lost", "now": now}).rowcount
    return freed


def send_again(connection: Connection, delivery_id: int, now: Instant) -> bool:
    """Puts a delivery that has ended into the outbox once more, as another message; False where it has not."""
    return bool(connection.run(_AGAIN, {"of": delivery_id, "now": now, "uid_new": new_uid()}).rowcount)


def hold_waiting(connection: Connection, channel_id: int, why: str, now: Instant) -> int:
    """Holds back what waits for a channel; how many there were."""
    held: int = connection.run(_HOLD, {"of": channel_id, "why": why, "now": now}).rowcount
    return held


def old_waiting(connection: Connection, before: Instant) -> dict[int, int]:
    """How many deliveries wait that were written before that moment, by channel."""
    return dict(connection.rows(_COUNT_OLD, {"before": before}))


def give_up_old(connection: Connection, before: Instant, now: Instant, why: str) -> int:
    """Gives up what was written before that moment and still waits; `why` where it was never tried. How many there were."""
    ended: int = connection.run(_GIVE_UP_OLD, {"before": before, "now": now, "why": why}).rowcount
    return ended


def hasten(connection: Connection, channel_id: int, now: Instant) -> None:
    """Whatever waits for another try on this channel is due: it works again."""
    connection.run(_HASTEN, {"of": channel_id, "now": now})


def _ended(
    delivery_id: int, me: str, state: str, next_try_at: Instant | None, ended: Instant | None, took: int | None, error: str
) -> dict[str, Any]:
    return {
        "of": delivery_id,
        "me": me,
        "state_new": state,
        "next": next_try_at,
        "ended": ended,
        "took_new": took,
        "error_new": error[:_LONGEST_ERROR],
    }


def _delivery(row: Row) -> Delivery:
    return Delivery(*(*row[:7], Event(row[7]), *row[8:12], json.loads(row[12])))
