"""The audit log as it is written: bounded, on one line, without secrets, and in a size that no flood of failures can exceed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, MINUTE, Instant
from duplistatus.store import audit, audit_log
from duplistatus.store.accounts import User
from duplistatus.store.audit import MOST_FAILURES, MOST_OF_ADDRESS, Entry
from duplistatus.store.audit_log import AuditLine, Sought
from duplistatus.store.ids import UserId
from tests.store.telling import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duplistatus.store.database import Database

FAILED = Entry(NOON, "login", "auth", username="guest", details={"reason": "unknown name"}, address="192.0.2.7", status="failure")


def write(database: Database, *entries: Entry) -> None:
    connection = database.connect()
    connection.script("BEGIN")
    for entry in entries:
        audit.record(connection, entry)
    connection.script("COMMIT")
    connection.close()


def lines(database: Database, count: int = 2_000) -> list[AuditLine]:
    with database.read() as connection:
        return audit_log.page(connection, Sought(), count).lines


def test_an_entry_is_kept_as_it_was_written(database: Database) -> None:
    user = User(UserId("u1"), "ann", True, False)
    details = {"before": {"a": 1}, "after": {"a": None}, "list": ("x", 2), "flag": True}
    write(database, Entry(NOON, "tag_updated", "config", user, "", "tag", "7", details, "192.0.2.1", "curl/8", "error", "no"))
    (line,) = lines(database)
    assert (line.at, line.user_id, line.username, line.action, line.category) == (NOON, "u1", "ann", "tag_updated", "config")
    assert (line.target_type, line.target_id, line.address, line.user_agent) == ("tag", "7", "192.0.2.1", "curl/8")
    assert line.details == {"before": {"a": 1}, "after": {"a": None}, "list": ["x", 2], "flag": True}
    assert (line.status, line.error, line.times, line.last_at) == ("error", "no", 1, None)


def test_nothing_in_an_entry_breaks_a_line_or_turns_its_direction(database: Database) -> None:
    evil = "a\r\nb\0\x1b[31m\u202egnp\u2028\ud800"
    write(database, Entry(NOON, "login", "auth", None, evil, "user", evil, {evil: [evil]}, evil, evil, "failure", evil))
    (line,) = lines(database)
    shown = "a��b��[31m�gnp��"
    assert (line.username, line.target_id, line.address, line.user_agent, line.error) == (shown,) * 5
    # A text of several lines, such as a template, keeps them: in JSON they break nothing.
    assert line.details == {shown: ["a�\nb��[31m�gnp��"]}


@given(
    st.recursive(st.none() | st.booleans() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_details_of_any_kind_are_json_of_bounded_length(value: Any) -> None:
    row = audit._row(replace(FAILED, details={"value": value, "again": [value] * 300, "long": "x" * 100_000}))
    assert len(row["details"]) <= audit.LONGEST_DETAILS
    assert isinstance(json.loads(row["details"]), dict)
    assert row["details"].isprintable() or not any(c in row["details"] for c in "\r\n\0\x1b\u2028\u202e")


def test_details_that_are_too_long_keep_their_single_values(database: Database) -> None:
    jobs = [{"serverName": "s" * 400, "before": {"x": "y" * 400}} for _ in range(100)]
    write(database, Entry(NOON, "overdue_monitoring_updated", "config", details={"jobs": jobs, "count": 100}))
    assert lines(database)[0].details == {"count": 100, "shortened": True}


@pytest.mark.parametrize(
    "name", ["password", "newPassword", "access_token", "Authorization", "api_key", "apiKey", "clientSecret", "Cookie"]
)
def test_a_text_that_is_named_like_a_secret_is_never_kept(database: Database, name: str) -> None:
    write(database, Entry(NOON, "x", "config", details={name: "marker-7", "after": {"deep": [{name: "marker-7"}]}}))
    (line,) = lines(database)
    assert "marker-7" not in json.dumps(line.details)
    assert line.details == {name: "[REDACTED]", "after": {"deep": [{name: "[REDACTED]"}]}}


def test_flags_that_are_named_like_secrets_are_kept(database: Database) -> None:
    details = {"must_change_password": True, "secretChanged": True, "has_token": False, "password": ""}
    write(database, Entry(NOON, "x", "config", details=details))
    assert lines(database)[0].details == details


def test_a_failure_that_repeats_within_an_hour_is_one_entry_that_counts(database: Database) -> None:
    write(database, *(replace(FAILED, at=Instant(NOON + number * MINUTE)) for number in range(59)))
    (line,) = lines(database)
    assert (line.at, line.times, line.last_at) == (NOON, 59, NOON + 58 * MINUTE)
    write(database, replace(FAILED, at=Instant(NOON + HOUR)))
    assert [line.times for line in lines(database)] == [1, 59], "an hour after the first a new entry begins"


@pytest.mark.parametrize(
    "other",
    [
        {"username": "root"},
        {"address": "192.0.2.8"},
        {"details": {"reason": "account locked"}},
        {"action": "change_password"},
    ],
)
def test_failures_that_are_not_alike_are_entries_of_their_own(database: Database, other: dict[str, Any]) -> None:
    write(database, FAILED, replace(FAILED, **other))
    assert [line.times for line in lines(database)] == [1, 1]


def test_only_failed_sign_ins_are_counted_together(database: Database) -> None:
    done = replace(FAILED, status="success")
    test = replace(FAILED, action="test_email_sent", category="system")
    write(database, done, done, test, test)
    assert [line.times for line in lines(database)] == [1] * 4


def test_many_names_from_one_address_end_in_one_entry_of_the_address(database: Database) -> None:
    write(database, *(replace(FAILED, username=f"name{number}") for number in range(MOST_OF_ADDRESS + 100)))
    found = lines(database)
    assert len(found) == MOST_OF_ADDRESS + 1
    assert (found[0].username, found[0].address, found[0].details, found[0].times) == ("", "192.0.2.7", dict(audit.CROWD), 100)
    write(database, replace(FAILED, address="192.0.2.8"))
    assert lines(database)[0].address == "192.0.2.8", "others are told apart as before"


def test_a_flood_from_everywhere_writes_no_more_than_so_many_entries_an_hour(database: Database) -> None:
    def flood(begin: Instant) -> Iterable[Entry]:
        for number in range(MOST_FAILURES + 300):
            yield replace(FAILED, at=Instant(begin + number), username=f"name{number}", address=f"198.51.{number // 250}.{number % 250}")

    write(database, *flood(NOON))
    found = lines(database)
    assert len(found) == MOST_FAILURES + 1
    assert (found[0].username, found[0].address, found[0].times) == ("", "", 300)
    assert sum(line.times for line in found) == MOST_FAILURES + 300, "each is counted"
    write(database, *flood(Instant(NOON + 2 * HOUR)))
    assert len(lines(database)) == 2 * (MOST_FAILURES + 1)


def test_old_entries_go_in_pieces_the_oldest_first(database: Database) -> None:
    write(database, *(Entry(Instant(NOON + number), "x", "system") for number in range(10)))
    connection = database.connect()
    assert [audit.prune(connection, Instant(NOON + 7), 3) for _ in range(4)] == [3, 3, 1, 0]
    connection.close()
    assert [line.at - NOON for line in lines(database)] == [9, 8, 7]


def test_the_retention_is_ninety_days_until_somebody_sets_another(database: Database) -> None:
    connection = database.connect()
    assert audit.retention_days(connection) == 90
    for days in (30, 365):
        audit.set_retention_days(connection, days)
        assert audit.retention_days(connection) == days
    for days in (29, 366):
        with pytest.raises(ValueError, match="between 30 and 365"):
            audit.set_retention_days(connection, days)
    assert audit.retention_days(connection) == 365
    connection.close()


def test_only_what_became_another_is_said() -> None:
    assert audit.differences({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == {
        "before": {"b": 2, "c": 3, "d": None},
        "after": {"b": 3, "c": None, "d": 4},
    }


def test_a_clock_that_was_set_back_makes_no_new_entry(database: Database) -> None:
    write(database, FAILED, replace(FAILED, at=Instant(NOON - DAY)))
    assert [line.times for line in lines(database)] == [2]
