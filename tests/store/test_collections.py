"""Collections as the database has them: no change of a part undoes another, whichever process makes it; what is left behind
is ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.store import being_asked, collection_steps, collections
from duplistatus.store.collection_steps import NewCollection, NewPart, Step
from duplistatus.store.collection_tidying import KEPT, LOST_AFTER, tidy
from duplistatus.store.collections import ASKS, CANCELLED, DONE, FAILED, INTERRUPTED, RUNNING, WAITING, Collection, Part
from duplistatus.store.compression import pack
from duplistatus.store.ids import ServerId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection, Database

QUESTION = {"kind": "certificate", "sha256": "ab"}


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    made = database.connect()
    yield made
    made.close()


@pytest.fixture
def now(clock: SetClock) -> Instant:
    return clock.now()


def begin(connection: Connection, now: Instant, uid: str = "one", holder: str = "me", parts: int = 2) -> Collection:
    new = NewCollection(uid, now, "admin", holder, keeps_document=True)
    collection_steps.add(connection, new, [NewPart(f"host{number}:8200", None, "sealed", 60) for number in range(parts)])
    return found(connection, uid)


def found(connection: Connection, uid: str = "one") -> Collection:
    collection = collections.find(connection, uid)
    assert collection is not None
    return collection


def first(connection: Connection) -> Part:
    return found(connection).parts[0]


def a_server(connection: Connection) -> ServerId:
    connection.raw.execute("INSERT INTO server (key, name, has_machine_id, created_at) VALUES ('id-alpha', 'alpha', 1, 0)")
    return ServerId(connection.raw.execute("SELECT id FROM server").fetchone()[0])


def test_a_collection_is_found_as_it_was_begun(connection: Connection, now: Instant) -> None:
    made = begin(connection, now)
    assert (made.started_by, made.started_at, made.ended_at, made.schedules_only, made.keeps_document) == ("admin", now, None, False, True)
    assert [(part.url, part.state, part.secret, part.timer) for part in made.parts] == [
        ("host0:8200", WAITING, "sealed", 60),
        ("host1:8200", WAITING, "sealed", 60),
    ]
    assert made.is_at_work
    assert collections.find(connection, "other") is None


def test_a_part_begins_once(connection: Connection, now: Instant) -> None:
    number = begin(connection, now).parts[0].id
    assert collection_steps.run(connection, number)
    assert not collection_steps.run(connection, number)


def test_how_far_a_part_has_come_is_kept_while_it_runs(connection: Connection, now: Instant) -> None:
    number = begin(connection, now).parts[0].id
    step = Step("log", 1, 3, 20, 5, 0)
    collection_steps.progress(connection, number, step)
    assert first(connection).jobs_total == 0
    collection_steps.run(connection, number)
    collection_steps.progress(connection, number, step)
    part = first(connection)
    assert (part.step, part.jobs_done, part.jobs_total, part.found, part.known, part.errors) == ("log", 1, 3, 20, 5, 0)


@pytest.mark.parametrize("state", [DONE, FAILED])
def test_a_part_that_ends_loses_its_password(connection: Connection, now: Instant, state: str) -> None:
    number = begin(connection, now).parts[0].id
    collection_steps.run(connection, number)
    assert collection_steps.end(connection, number, state, "dns", {"place": "host0"})
    part = first(connection)
    assert (part.state, part.secret, part.trouble, part.trouble_facts) == (state, "", "dns", {"place": "host0"})


def test_what_was_cancelled_never_goes_on(connection: Connection, now: Instant) -> None:
    made = begin(connection, now)
    number = made.parts[0].id
    collection_steps.run(connection, number)
    assert collection_steps.cancel(connection, "one", now)
    assert [part.state for part in found(connection).parts] == [CANCELLED, CANCELLED]
    assert {part.secret for part in found(connection).parts} == {""}
    assert (found(connection).cancelled, found(connection).ended_at) == (True, now)
    assert not collection_steps.end(connection, number, DONE)
    assert not collection_steps.ask(connection, number, QUESTION, "certificate", {})
    assert not collection_steps.run(connection, made.parts[1].id)
    assert not collection_steps.cancel(connection, "one", now)


def test_a_question_is_answered_once_and_answers_add_up(connection: Connection, now: Instant) -> None:
    number = begin(connection, now).parts[0].id
    collection_steps.run(connection, number)
    assert collection_steps.ask(connection, number, QUESTION, "certificate", {"place": "host0"})
    part = first(connection)
    assert (part.state, part.question, part.secret) == (ASKS, QUESTION, "sealed")
    assert collection_steps.answer(connection, part, {"certificate": "ab"})
    assert not collection_steps.answer(connection, part, {"certificate": "cd"})
    part = first(connection)
    assert (part.state, part.question, part.trouble, part.answer) == (WAITING, None, "", {"certificate": "ab"})
    collection_steps.run(connection, number)
    collection_steps.ask(connection, number, {"kind": "which"}, "which", {})
    collection_steps.answer(connection, first(connection), {"server": "new"})
    assert first(connection).answer == {"certificate": "ab", "server": "new"}


def test_a_collection_ends_with_its_last_part(connection: Connection, now: Instant) -> None:
    made = begin(connection, now)
    for number, part in enumerate(made.parts):
        collection_steps.run(connection, part.id)
        collection_steps.end(connection, part.id, DONE)
        collection_steps.close(connection, made.id, now)
        assert (found(connection).ended_at is not None) == (number == 1)


def test_what_a_part_brought_is_shown_and_downloaded(connection: Connection, now: Instant) -> None:
    number = begin(connection, now).parts[0].id
    server_id = a_server(connection)
    collection_steps.run(connection, number)
    collection_steps.end(connection, number, DONE)
    collection_steps.keep_result(connection, number, server_id, "https://host0:8200", (7, 3, 1), pack(b"{}"))
    part = first(connection)
    assert (part.server_key, part.server_label, part.url) == ("id-alpha", "alpha", "https://host0:8200")
    assert (part.found, part.known, part.errors, part.has_document) == (7, 3, 1, True)
    assert collections.document(connection, number) is not None
    (line,) = collections.listed(connection)
    assert (line.parts, line.done, line.failed, line.asks, line.found) == (2, 1, 0, 0, 7)


# --- what is left behind


def test_a_process_that_is_gone_leaves_interrupted_parts_and_open_questions(connection: Connection, now: Instant) -> None:
    made = begin(connection, now, holder="gone", parts=3)
    collection_steps.run(connection, made.parts[0].id)
    collection_steps.run(connection, made.parts[1].id)
    collection_steps.ask(connection, made.parts[1].id, QUESTION, "certificate", {})
    assert tidy(connection, "me", Instant(now + LOST_AFTER - 1), alone=False) == 0
    assert tidy(connection, "me", Instant(now + LOST_AFTER), alone=False) == 2
    states = [(part.state, part.trouble, part.secret) for part in found(connection).parts]
    assert states == [(FAILED, INTERRUPTED, ""), (ASKS, "certificate", "sealed"), (FAILED, INTERRUPTED, "")]
    assert found(connection).ended_at is None


def test_one_that_is_heard_is_left_alone_and_so_is_ours(connection: Connection, now: Instant) -> None:
    begin(connection, now, "theirs", "they")
    begin(connection, now, "ours", "me")
    later = Instant(now + DAY // 2)
    collection_steps.hear(connection, "they", later)
    assert tidy(connection, "me", Instant(later + MINUTE), alone=False) == 0
    assert found(connection, "theirs").is_at_work
    assert found(connection, "ours").is_at_work


def test_who_is_alone_with_the_database_does_not_wait(connection: Connection, now: Instant) -> None:
    begin(connection, now, holder="gone")
    assert tidy(connection, "me", now, alone=True) == 2
    assert found(connection).ended_at == now


def test_a_question_is_given_up_after_a_day_with_its_password(connection: Connection, now: Instant) -> None:
    made = begin(connection, now, parts=1)
    collection_steps.run(connection, made.parts[0].id)
    collection_steps.ask(connection, made.parts[0].id, QUESTION, "certificate", {})
    tidy(connection, "me", Instant(now + DAY - 1), alone=False)
    assert first(connection).state == ASKS
    tidy(connection, "me", Instant(now + DAY), alone=False)
    assert (first(connection).state, first(connection).secret, first(connection).trouble) == (FAILED, "", "certificate")
    assert found(connection).ended_at == now + DAY


def test_a_document_is_kept_for_an_hour(connection: Connection, now: Instant) -> None:
    made = begin(connection, now, parts=1)
    collection_steps.run(connection, made.parts[0].id)
    collection_steps.end(connection, made.parts[0].id, DONE)
    collection_steps.keep_result(connection, made.parts[0].id, a_server(connection), "http://host0", (0, 0, 0), b"packed")
    collection_steps.close(connection, made.id, now)
    tidy(connection, "me", Instant(now + HOUR - 1), alone=False)
    assert first(connection).has_document
    tidy(connection, "me", Instant(now + HOUR), alone=False)
    assert not first(connection).has_document


def test_the_newest_collections_are_kept_and_those_that_go_on(connection: Connection, now: Instant) -> None:
    begin(connection, now, "going on")
    for number in range(KEPT + 3):
        begin(connection, now, f"over {number}", parts=1)
        collection_steps.cancel(connection, f"over {number}", now)
    tidy(connection, "me", now, alone=False)
    kept = {line.uid for line in collections.listed(connection, 100)}
    assert kept == {"going on", *(f"over {number}" for number in range(3, KEPT + 3))}
    assert connection.raw.execute("SELECT count(*) FROM collection_part").fetchone()[0] == KEPT + 2


def test_a_process_that_stops_says_so(connection: Connection, now: Instant) -> None:
    made = begin(connection, now)
    collection_steps.run(connection, made.parts[0].id)
    collection_steps.leave(connection, "me", now)
    assert {part.trouble for part in found(connection).parts} == {INTERRUPTED}
    assert found(connection).ended_at == now
    assert found(connection).parts[0].state != RUNNING


# --- who is being asked


def test_a_place_is_asked_by_one_at_a_time(connection: Connection, now: Instant) -> None:
    assert being_asked.take(connection, ["host:8200", "server 1"], "me", now)
    assert not being_asked.take(connection, ["other:8200", "server 1"], "they", now)
    assert not being_asked.take(connection, ["host:8200"], "me", now)
    assert being_asked.take(connection, ["other:8200", "server 2"], "they", now)
    being_asked.give_back(connection, ["host:8200", "server 1"], "they")
    assert not being_asked.take(connection, ["server 1"], "they", now)
    being_asked.give_back(connection, ["host:8200", "server 1"], "me")
    assert being_asked.take(connection, ["server 1"], "they", now)


def test_a_process_that_is_gone_holds_no_place_for_long(connection: Connection, now: Instant) -> None:
    being_asked.take(connection, ["host:8200"], "gone", now)
    being_asked.take(connection, ["other:8200"], "alive", now)
    being_asked.hear(connection, "alive", Instant(now + LOST_AFTER - 1))
    assert not being_asked.take(connection, ["host:8200"], "me", Instant(now + LOST_AFTER - 1))
    assert being_asked.take(connection, ["host:8200"], "me", Instant(now + LOST_AFTER))
    assert not being_asked.take(connection, ["other:8200"], "me", Instant(now + LOST_AFTER))
