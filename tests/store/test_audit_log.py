"""The audit log as it is read: in pages, by what is sought, at a cost that does not grow with it."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.store import audit_log
from duplistatus.store.accounts import User
from duplistatus.store.audit import Category, Entry
from duplistatus.store.audit_log import AuditLine, Place, Sought
from duplistatus.store.database import Database
from duplistatus.store.ids import UserId
from duplistatus.store.schema import migrate
from tests.store.telling import NOON
from tests.store.test_audit import write

if TYPE_CHECKING:
    from pathlib import Path

ANN, BOB = User(UserId("u1"), "ann", True, False), User(UserId("u2"), "Bob", False, False)


KINDS: tuple[tuple[str, Category, Literal["success", "failure", "error"]], ...] = (
    ("login", "auth", "success"),
    ("login", "auth", "failure"),
    ("tag_created", "config", "success"),
    ("task_run", "system", "error"),
)


def many(count: int = 60) -> list[Entry]:
    """Entries of two users, some at the same moment."""
    chance = random.Random(7)
    found = []
    for number in range(count):
        action, category, status = chance.choice(KINDS)
        at = Instant(NOON + number // 3 * HOUR)
        details = {"name": f'Tag {number} "100 %" ä_b', "reason": str(number)}
        found.append(
            Entry(
                at,
                action,
                category,
                chance.choice((ANN, BOB, None)),
                "",
                "tag",
                f"Server-{number}",
                details,
                f"192.0.2.{number}",
                status=status,
            )
        )
    return found


def ids(lines: list[AuditLine]) -> list[int]:
    return [line.id for line in lines]


def every(database: Database, sought: Sought, size: int = 7) -> list[AuditLine]:
    """All pages, each from where the last one ended."""
    found: list[AuditLine] = []
    before: Place | None = None
    with database.read() as connection:
        while True:
            part = audit_log.page(connection, sought, size, before=before)
            found += part.lines
            before = part.lines[-1].place if len(part.lines) == size else part.beyond
            if before is None:
                return found


SOUGHT: list[dict[str, Any]] = [
    {},
    {"username": "ann"},
    {"user_id": "u2"},
    {"action": "login"},
    {"category": "config"},
    {"status": "failure"},
    {"status": "success"},
    {"action": "login", "status": "failure"},
    {"status": "success", "category": "auth"},
    {"username": "ann", "category": "auth", "status": "success"},
    {"user_id": "u1", "username": "ann"},
    {"since": Instant(NOON + 5 * HOUR)},
    {"until": Instant(NOON + 5 * HOUR)},
    {"action": "login", "since": Instant(NOON + 3 * HOUR), "until": Instant(NOON + 12 * HOUR)},
    {"text": "SERVER-1"},
    {"text": '"100 %"'},
    {"text": "ä_b", "username": "Bob"},
    {"text": "a-b"},
    {"action": "nothing"},
]


def expected(line: AuditLine, sought: Sought) -> bool:
    """The same by hand."""
    exact = all(getattr(line, name) == value for name, value in asdict(sought).items() if name in audit_log._EXACT and value is not None)
    in_time = (sought.since is None or line.at >= sought.since) and (sought.until is None or line.at <= sought.until)
    texts = [line.target_id or "", *(str(value) for value in (line.details or {}).values())]
    return exact and in_time and any(sought.text.lower() in text.lower() for text in texts)


@pytest.mark.parametrize("values", SOUGHT, ids=lambda values: " ".join(values) or "all")
def test_what_is_sought_is_found_whole_and_once_newest_first(database: Database, values: dict[str, Any]) -> None:
    write(database, *many())
    sought = Sought(**values)
    everything = every(database, Sought())
    assert len(everything) == 60
    assert [(line.at, line.id) for line in everything] == sorted(((line.at, line.id) for line in everything), reverse=True)
    wanted = [line for line in everything if expected(line, sought)]
    assert bool(wanted) is (values not in ({"text": "a-b"}, {"action": "nothing"}))
    assert ids(every(database, sought)) == ids(wanted)
    with database.read() as connection:
        assert audit_log.count(connection, sought) == len(wanted)


def test_pages_go_on_in_both_directions(database: Database) -> None:
    write(database, *many())
    sought = Sought(action="login", status="success")
    everything = every(database, sought)
    with database.read() as connection:
        first = audit_log.page(connection, sought, 4)
        second = audit_log.page(connection, sought, 4, before=first.lines[-1].place)
        assert ids(first.lines + second.lines) == ids(everything)[:8]
        assert audit_log.page(connection, sought, 4, after=second.lines[0].place).lines == first.lines
        assert audit_log.page(connection, sought, 4, after=everything[0].place).lines == []
        assert audit_log.page(connection, sought, 4, before=everything[-1].place).lines == []


def test_a_page_after_so_many_entries_begins_where_counting_leads(database: Database) -> None:
    write(database, *many())
    for sought in (Sought(), Sought(action="login"), Sought(action="login", status="failure")):
        everything = every(database, sought)
        with database.read() as connection:
            for skipped in (0, 1, 5, len(everything) - 1):
                place = audit_log.place_of(connection, sought, skipped)
                assert place is not None
                assert ids(audit_log.page(connection, sought, 3, before=place).lines) == ids(everything)[skipped : skipped + 3]
            assert audit_log.place_of(connection, sought, len(everything)) is None


@pytest.mark.parametrize("reach", [1, 4, 10, 1_000])
@pytest.mark.parametrize("values", [{"text": "Server-3"}, {"username": "ann", "status": "failure"}, {"text": "nothing like it"}])
def test_a_search_that_looks_at_few_entries_at_once_finds_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch, reach: int, values: dict[str, Any]
) -> None:
    write(database, *many())
    sought = Sought(**values)
    whole = every(database, sought)
    monkeypatch.setattr(audit_log, "REACH", reach)
    assert every(database, sought) == whole
    found: list[AuditLine] = []
    after: Place | None = Place(Instant(0), 0)
    with database.read() as connection:
        while after is not None:
            part = audit_log.page(connection, sought, 3, after=after)
            found = part.lines + found
            after = part.lines[0].place if len(part.lines) == 3 else part.beyond
    assert found == whole, "and so it does from old to new"


def test_a_search_says_how_far_it_came(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    write(database, *many())
    monkeypatch.setattr(audit_log, "REACH", 10)
    newest = every(database, Sought())
    with database.read() as connection:
        part = audit_log.page(connection, Sought(text="nothing like it"), 5)
        assert (part.lines, part.beyond) == ([], newest[9].place)
        assert audit_log.page(connection, Sought(action="login"), 5).beyond is None, "an index alone needs no limit"


def test_the_words_of_the_log_are_listed_and_those_of_one_user(database: Database) -> None:
    write(database, *many(), Entry(NOON, "logout", "auth", ANN), Entry(NOON, "user_created", "user", BOB))
    with database.read() as connection:
        assert audit_log.words(connection, "action") == ["login", "logout", "tag_created", "task_run", "user_created"]
        assert audit_log.words(connection, "category") == ["auth", "config", "system", "user"]
        assert audit_log.words(connection, "status") == ["error", "failure", "success"]
        assert audit_log.words(connection, "action", "u1") == ["login", "logout", "tag_created", "task_run"]
        assert audit_log.words(connection, "action", "nobody") == []


def test_a_name_is_found_as_it_is_written_or_in_small_letters(database: Database) -> None:
    write(database, *many())
    with database.read() as connection:
        assert [audit_log.known_name(connection, name) for name in ("Bob", "ANN", "bob", "Nobody ")] == ["Bob", "ann", "bob", "nobody"]


def test_the_oldest_and_the_number_of_older_ones_are_known(database: Database) -> None:
    with database.read() as connection:
        assert (audit_log.oldest(connection), audit_log.older(connection, NOON)) == (None, 0)
    write(database, *many())
    with database.read() as connection:
        assert audit_log.oldest(connection) == NOON
        assert audit_log.oldest(connection, Instant(NOON + 1)) == NOON + HOUR
        assert audit_log.older(connection, Instant(NOON + 2 * HOUR)) == 6


def test_each_search_for_one_thing_reads_along_its_index(data_dir: Path) -> None:
    database = Database(data_dir / "duplistatus.db")
    migrate(database)
    with database.read() as connection:
        for name in ("user_id", "username", "action", "category", "status"):
            others: tuple[dict[str, Any], ...] = ({}, {"text": "x"}, {"since": NOON})
            for values in others:
                sought = Sought(**{name: "x", **values})
                shape = audit_log._Shape(sought.exact, bool(sought.text))
                text, arguments = audit_log._page(shape).prepared("sqlite")
                plan = connection.raw.execute(
                    f"EXPLAIN QUERY PLAN {text}", arguments(audit_log._values(sought, None, None) | {"count": 5})
                ).fetchall()
                steps = " ".join(str(row[3]) for row in plan)
                assert f"ix_audit_{name}" in steps
                assert "TEMP B-TREE" not in steps, "nothing is sorted"
    database.close()
