"""How a collection goes on: begun, its parts run, asking, answered, ended. In: a connection and what happened; out: rows changed. Every
change of a part asks for the state that it comes from, so that what was cancelled, in whichever process, never goes on. A password is
in its row only while it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Update, bindparam, insert, or_, update

from duplistatus.clock import Instant
from duplistatus.store.collections import ASKS, CANCELLED, FAILED, INTERRUPTED, RUNNING, WAITING, Part, find, held, parts_of
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId
from duplistatus.store.link_tables import collection, collection_part
from duplistatus.store.statement import Statement


@dataclass(frozen=True, slots=True)
class NewCollection:
    """What is asked for, by whom, and the process that works at it. `actor`: as in `Collection`."""

    uid: str
    started_at: Instant
    started_by: str
    holder: str
    schedules_only: bool = False
    keeps_document: bool = False
    actor: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPart:
    """One server of a new collection. `url`: its address, as typed; `secret`: the encrypted password that was entered with it; `answer`:
    what is decided already, as in `Part.answer`."""

    url: str
    server_id: ServerId | None = None
    secret: str = field(repr=False, default="")
    timer: int | None = None
    answer: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a part has come."""

    step: str
    jobs_done: int = 0
    jobs_total: int = 0
    found: int = 0
    known: int = 0
    errors: int = 0


_NEW = (*NewCollection.__dataclass_fields__, "heard_at")
_ADD = Statement(insert(collection).values({name: bindparam(name) for name in _NEW}).returning(collection.c.id))
_NEW_PART = ("collection_id", "position", "server_id", "url", "state", "secret", "timer", "answer")
_ADD_PART = Statement(insert(collection_part).values({name: bindparam(name) for name in _NEW_PART}))
_HEAR = Statement(
    update(collection).where(collection.c.holder == bindparam("me"), collection.c.ended_at.is_(None)).values(heard_at=bindparam("now"))
)
_TAKE = Statement(update(collection).where(collection.c.id == bindparam("of")).values(holder=bindparam("me"), heard_at=bindparam("now")))


def _from(*states: str) -> Update:
    """The part, as long as it is in one of these states."""
    table = collection_part
    return update(table).where(table.c.id == bindparam("of"), or_(*(table.c.state == state for state in states)))


_STEP_NAMES = tuple(Step.__dataclass_fields__)
_RUN = Statement(_from(WAITING).values(state=RUNNING, step="connect"))
_PROGRESS = Statement(_from(RUNNING).values({name: bindparam(f"{name}_new") for name in _STEP_NAMES}))
_WAIT = Statement(_from(WAITING).values(step=bindparam("step_new")))
_ASK = Statement(
    _from(RUNNING).values(
        state=ASKS, step="", question=bindparam("question_new"), trouble=bindparam("trouble_new"), trouble_facts=bindparam("facts_new")
    )
)
_END = Statement(
    _from(WAITING, RUNNING, ASKS).values(
        state=bindparam("state_new"),
        step="",
        trouble=bindparam("trouble_new"),
        trouble_facts=bindparam("facts_new"),
        question=None,
        secret="",
    )
)
_RESULT = Statement(
    update(collection_part)
    .where(collection_part.c.id == bindparam("of"))
    .values(
        server_id=bindparam("server_new"),
        url=bindparam("url_new"),
        found=bindparam("found_new"),
        known=bindparam("known_new"),
        errors=bindparam("errors_new"),
        document=bindparam("document_new"),
    )
)
_ANSWER = Statement(_from(ASKS).values(state=WAITING, answer=bindparam("answer_new"), question=None, trouble="", trouble_facts="{}"))
_CANCEL = Statement(update(collection).where(collection.c.id == bindparam("of"), collection.c.ended_at.is_(None)).values(cancelled=1))
_CLOSE = Statement(
    update(collection).where(collection.c.id == bindparam("of"), collection.c.ended_at.is_(None)).values(ended_at=bindparam("now"))
)


def add(connection: Connection, new: NewCollection, parts: Sequence[NewPart]) -> int:
    """Its id."""
    values = {name: getattr(new, name) for name in NewCollection.__dataclass_fields__} | {"heard_at": new.started_at}
    values |= {"schedules_only": int(new.schedules_only), "keeps_document": int(new.keeps_document), "actor": _json(new.actor)}
    number: int = connection.value(_ADD, values)
    rows = (
        {
            "collection_id": number,
            "position": position,
            "server_id": part.server_id,
            "url": part.url,
            "state": WAITING,
            "secret": part.secret,
            "timer": part.timer,
            "answer": orjson.dumps(dict(part.answer)).decode(),
        }
        for position, part in enumerate(parts)
    )
    connection.run_many(_ADD_PART, rows)
    return number


def hear(connection: Connection, me: str, now: Instant) -> None:
    """This process is alive."""
    connection.run(_HEAR, {"me": me, "now": now})


def run(connection: Connection, number: int) -> bool:
    """A part begins; False where it is not to."""
    return bool(connection.run(_RUN, {"of": number}).rowcount)


def wait(connection: Connection, number: int, step: str) -> None:
    """Why a part waits."""
    connection.run(_WAIT, {"of": number, "step_new": step})


def progress(connection: Connection, number: int, step: Step) -> None:
    """How far a part has come."""
    connection.run(_PROGRESS, {"of": number} | {f"{name}_new": getattr(step, name) for name in _STEP_NAMES})


def ask(connection: Connection, number: int, question: Mapping[str, object], trouble: str, facts: Mapping[str, object]) -> bool:
    """Somebody has to decide; False where the part has ended meanwhile."""
    values = {"of": number, "question_new": _json(question), "trouble_new": trouble, "facts_new": _json(facts)}
    return bool(connection.run(_ASK, values).rowcount)


def end(connection: Connection, number: int, state: str, trouble: str = "", facts: Mapping[str, object] | None = None) -> bool:
    """A part has ended so; False where it had before."""
    values = {"of": number, "state_new": state, "trouble_new": trouble, "facts_new": _json(facts or {})}
    return bool(connection.run(_END, values).rowcount)


def keep_result(
    connection: Connection, number: int, server_id: ServerId, url: str, counts: tuple[int, int, int], packed: bytes | None
) -> None:
    """What a part brought: found, known, errors, and the compressed document."""
    found, known, errors = counts
    values = {"of": number, "server_new": server_id, "url_new": url, "found_new": found, "known_new": known, "errors_new": errors}
    connection.run(_RESULT, values | {"document_new": packed})


def answer(connection: Connection, of: Part, given: Mapping[str, object]) -> bool:
    """The question of a part is answered: it waits for its turn again. False where it asks nothing any more."""
    return bool(connection.run(_ANSWER, {"of": of.id, "answer_new": _json({**of.answer, **given})}).rowcount)


def take(connection: Connection, collection_id: int, me: str, now: Instant) -> None:
    """From now on this process works at it."""
    connection.run(_TAKE, {"of": collection_id, "me": me, "now": now})


def cancel(connection: Connection, uid: str, now: Instant) -> bool:
    """Ends whatever of it has not ended; False where all of it has, or there is none of that name."""
    found = find(connection, uid)
    if found is None or not connection.run(_CANCEL, {"of": found.id}).rowcount:
        return False
    for each in found.parts:
        end(connection, each.id, CANCELLED)
    connection.run(_CLOSE, {"of": found.id, "now": now})
    return True


def close(connection: Connection, collection_id: int, now: Instant) -> None:
    """Ends a collection of which every part has ended."""
    if all(each.has_ended for each in parts_of(connection, collection_id)):
        connection.run(_CLOSE, {"of": collection_id, "now": now})


def leave(connection: Connection, me: str, now: Instant) -> None:
    """This process stops: whatever it works at is interrupted."""
    for uid in held(connection, me):
        found = find(connection, uid)
        for each in found.parts if found is not None else ():
            if each.state in {WAITING, RUNNING}:
                end(connection, each.id, FAILED, INTERRUPTED)
        if found is not None:
            close(connection, found.id, now)


def _json(value: Mapping[str, object]) -> str:
    return orjson.dumps(dict(value)).decode()
