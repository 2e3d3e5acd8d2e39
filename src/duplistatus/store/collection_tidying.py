"""What is left behind by collections: those of processes that are gone, questions that nobody answers, documents that nobody fetches, and
the collections of long ago. In: a connection and the present; out: rows ended, emptied and removed."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, exists, or_, select, update

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.store.collections import ASKS, FAILED, INTERRUPTED, RUNNING, WAITING
from duplistatus.store.database import Connection
from duplistatus.store.link_tables import being_asked, collection, collection_part
from duplistatus.store.statement import Statement

LOST_AFTER = 2 * MINUTE
"""Milliseconds without a word after which a process counts as gone."""
KEPT = 50
"""Collections that are kept."""
DOCUMENT_FOR = HOUR
QUESTION_FOR = DAY
"""Milliseconds that a document, and a question with its password, are kept."""

_part = collection_part
_of_lost = (
    select(collection.c.id)
    .where(
        collection.c.ended_at.is_(None),
        collection.c.holder != bindparam("me"),
        or_(collection.c.heard_at <= bindparam("lost"), collection.c.heard_at > bindparam("too_late"), bindparam("alone") == 1),
    )
    .scalar_subquery()
)
_at_work = or_(_part.c.state == WAITING, _part.c.state == RUNNING)
_old = select(collection.c.id).where(collection.c.started_at <= bindparam("before")).scalar_subquery()
_ended_long_ago = select(collection.c.id).where(collection.c.ended_at <= bindparam("before")).scalar_subquery()
_newest = select(collection.c.id).order_by(collection.c.id.desc()).limit(bindparam("kept")).scalar_subquery()

_INTERRUPT = Statement(
    update(_part).where(_part.c.collection_id.in_(_of_lost), _at_work).values(state=FAILED, step="", trouble=INTERRUPTED, secret="")
)
_GIVE_UP = Statement(
    update(_part).where(_part.c.state == ASKS, _part.c.collection_id.in_(_old)).values(state=FAILED, step="", question=None, secret="")
)
_open_parts = exists().where(
    _part.c.collection_id == collection.c.id, or_(_part.c.state == WAITING, _part.c.state == RUNNING, _part.c.state == ASKS)
)
_CLOSE = Statement(update(collection).where(collection.c.ended_at.is_(None), ~_open_parts).values(ended_at=bindparam("now")))
_EMPTY = Statement(update(_part).where(_part.c.document.is_not(None), _part.c.collection_id.in_(_ended_long_ago)).values(document=None))
_PRUNE = Statement(delete(collection).where(collection.c.ended_at.is_not(None), collection.c.id.not_in(_newest)))
_FREE = Statement(
    delete(being_asked).where(
        being_asked.c.holder != bindparam("me"),
        or_(being_asked.c.heard_at <= bindparam("lost"), being_asked.c.heard_at > bindparam("too_late"), bindparam("alone") == 1),
    )
)


def tidy(connection: Connection, me: str, now: Instant, *, alone: bool) -> int:
    """Ends what processes left behind that are gone, and removes what is too old; how many parts were interrupted. `alone`: no other
    process can be at work."""
    whose = {"me": me, "lost": now - LOST_AFTER, "too_late": now + LOST_AFTER, "alone": int(alone)}
    interrupted: int = connection.run(_INTERRUPT, whose).rowcount
    connection.run(_FREE, whose)
    connection.run(_GIVE_UP, {"before": now - QUESTION_FOR})
    connection.run(_CLOSE, {"now": now})
    connection.run(_EMPTY, {"before": now - DOCUMENT_FOR})
    connection.run(_PRUNE, {"kept": KEPT})
    return interrupted
