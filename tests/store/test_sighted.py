"""Who sees only some servers: what the store answers is as if there were no others, whichever question is asked."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, Table, bindparam, select
from sqlalchemy.sql.elements import BindParameter, ClauseElement
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import iterate

from duplistatus import store
from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.maintenance import Once
from duplistatus.evaluate.notify_setting import Additional
from duplistatus.store import accounts, channels, fleet, rejected, runs, sight, sighted, silencing, snoozes, tags, watching, windows
from duplistatus.store.accounts import Account, User
from duplistatus.store.all_tables import metadata
from duplistatus.store.channels import NTFY, ChannelValues
from duplistatus.store.chart_rows import FLEET
from duplistatus.store.daily_sizes import stored_by_day, uploaded_by_day
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.sight import EVERYTHING, Sight
from duplistatus.store.sighted import OPEN, PARTS, SightedDatabase, seen
from duplistatus.store.statement import Statement
from duplistatus.store.windows import Plan
from tests.store.telling import NOON
from tests.store.test_heirs import say, send
from tests.store.test_silences import write
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

LATER = Instant(NOON + 4 * HOUR)
HIDDEN = "zwirbel"
KIM = User(UserId("kim"), "kim", is_admin=False, must_change_password=False, is_limited=True)


@pytest.fixture
def fleet_of_two(database: Database) -> Database:
    """`alpha`, of which everything is said, and `zwirbel`, of which everything is said too, in words that have its name."""
    for later, name in enumerate(("alpha", HIDDEN)):
        for age in (3, 2, 1):
            failed = Made(Instant(NOON - age * DAY + later * HOUR), name, job=f"{name} job", result="Error", lines=(f"{name} line",))
            send(database, failed)
        write(database, partial(say, server_key=f"id-{name}", job_name=f"{name} job", who=name))
        write(database, partial(_more, name=name))
    return database


def _more(connection: Connection, name: str) -> None:
    """What `say` leaves out: a window for a tag, whom to tell besides, a channel, the topic for all."""
    server = fleet.server_by_key(connection, f"id-{name}")
    assert server is not None
    tag = tags.tag_by_name(connection, name)
    assert tag is not None
    silencing.plan_window(connection, Plan(f"tagged {name}", Once(NOON, LATER), tag_id=tag.id, comment=name), name, NOON)
    watching.save_additional(connection, server.id, Additional(emails=f"{name}@example.org", topic=name))
    channels.add_channel(connection, "ntfy", ChannelValues(name, True, {"url": "https://ntfy.sh", "topic": name}, ""), name, NOON)
    ntfy = channels.own_channel(connection, NTFY)
    values = ChannelValues(ntfy.name, True, {"url": "https://push.example.org", "topic": HIDDEN}, "")
    channels.save_channel(connection, ntfy.id, values, "", NOON)
    rejected.keep(connection, NOON, "192.0.2.1", "text/plain", "no_report", name, name.encode())
    job = fleet.jobs_of(connection, server.id)[0]
    of_job = f"{job.id}, '{name}'"
    origin = f"(SELECT min(id) FROM origin WHERE job_id = {job.id})"
    for line in (
        f"INSERT INTO reminder (job_id, destination, channel_id, told_at) VALUES ({of_job}, {ntfy.id}, {NOON})",
        f"INSERT INTO change (job_id, fact, from_value, to_value, at, reason) VALUES ({of_job}, 'ok', 'overdue', {NOON}, '{name}')",
        "INSERT INTO activity (job_id, operation, origin_id, begun_at, result, arrived_at)"
        f" VALUES ({of_job}, {origin}, {NOON}, 'Success', {NOON})",
        f"INSERT INTO notice (job_id, key, event, at) VALUES ({of_job}, 'error', {NOON})",
        f"INSERT INTO server_link (server_id, trouble, trouble_facts) VALUES ({server.id}, 'which', '{name}')",
        f"INSERT INTO api_job (server_id, api_id, name, job_id) VALUES ({server.id}, '1', '{name}', {job.id})",
        f"INSERT INTO https_host (host, seen_at) VALUES ('{name}', {NOON})",
        f"INSERT INTO being_asked (place, holder, heard_at) VALUES ('{name}:8200', 'someone', {NOON})",
        f"INSERT INTO collection (uid, started_at, started_by) VALUES ('{name}', {NOON}, '{name}')",
        "INSERT INTO collection_part (collection_id, position, server_id, url, state)"
        f" SELECT id, 0, {server.id}, '{name}', 'done' FROM collection WHERE uid = '{name}'",
        "INSERT INTO outbox (uid, notice_id, channel_id, state, created_at)"
        f" SELECT '{name}', id, {ntfy.id}, 'failed', {NOON} FROM notice WHERE key = '{name}'",
    ):
        connection.raw.execute(line)


def number(database: Database, name: str) -> ServerId:
    with database.read() as connection:
        found = fleet.server_by_key(connection, f"id-{name}")
    assert found is not None
    return found.id


def seeing(database: Database, *names: str) -> SightedDatabase:
    return SightedDatabase(database, Sight(frozenset(number(database, name) for name in names)))


def _statements(value: object) -> Iterator[Statement]:
    if isinstance(value, Statement):
        yield value
    elif isinstance(value, dict):
        yield from (each for part in value.values() for each in _statements(part))
    elif isinstance(value, tuple | list):
        yield from (each for part in value for each in _statements(part))


def questions() -> dict[str, Statement]:
    """Every statement of the store that reads, by where it stands."""
    found = {}
    for module in pkgutil.iter_modules(store.__path__):
        if module.ispkg:
            continue
        for name, value in vars(importlib.import_module(f"{store.__name__}.{module.name}")).items():
            for index, each in enumerate(_statements(value)):
                if isinstance(_core(each), SelectBase):
                    found[f"{module.name}.{name}.{index}"] = each
    return found


def _core(statement: Statement) -> ClauseElement:
    return statement._core


def _values(statement: Statement) -> dict[str, Any]:
    """A value for each parameter: a moment long ago, a number of rows, nothing."""
    names = {each.key for each in iterate(_core(statement)) if isinstance(each, BindParameter) and each.required}
    usual = {"count": 50, "most": 50, "limit": 50, "now": NOON, "after": 0, "skip": 0, "offset": 0}
    return {name: usual.get(name) for name in names}


UNSEEN = {"notice", "outbox", "rejected_report", "https_host", "being_asked", "collection", "collection_part"}
"""Tables of which nothing is seen."""


def test_of_each_table_it_is_said_who_sees_what() -> None:
    assert set(PARTS) | OPEN == set(metadata.tables)
    assert not set(PARTS) & OPEN


def test_a_table_that_names_a_server_job_or_run_is_not_open() -> None:
    of_servers = {
        name for name, table in metadata.tables.items() if {"server_id", "job_id", "run_id", "origin_id", "notice_id"} & set(table.c.keys())
    }
    assert of_servers & OPEN == {"user_server"}


def test_no_part_asks_another_that_is_made_before_it() -> None:
    # PostgreSQL would take the part for the table, and look at its rows twice.
    order = list(PARTS)
    for name, part in PARTS.items():
        asked = {each for each in PARTS if f"{{real}}{each} " in part} - {name}
        assert all(order.index(each) > order.index(name) for each in asked), name


def test_of_each_table_only_rows_of_what_is_seen_are_there(fleet_of_two: Database) -> None:
    with fleet_of_two.read() as connection:
        others = {job.id for job in fleet.jobs(connection) if HIDDEN in job.name}
        of_others = {each.id for job_id in others for each in runs.newest_runs(connection, job_id, 10)}
    hidden: dict[str, set[Any]] = {"server_id": {number(fleet_of_two, HIDDEN)}, "job_id": set(others), "run_id": set(of_others)}
    for name in set(PARTS) - {"fleet_day"}:
        table = metadata.tables[name]
        with fleet_of_two.read() as whole, seeing(fleet_of_two, "alpha").read() as connection:
            rows, part = whole.rows(Statement(select(table))), connection.rows(Statement(select(table)))
        assert len(part) < len(rows), name
        assert bool(part) is (name not in UNSEEN), name
        for row in part:
            assert HIDDEN not in repr(row), name
            assert not any(value in hidden.get(column, ()) for column, value in zip(table.c.keys(), row, strict=True)), name


def test_every_question_of_the_store_can_be_asked_of_a_part(fleet_of_two: Database) -> None:
    asked = questions()
    assert len(asked) > 100
    told = []
    with seeing(fleet_of_two, "alpha").read() as connection:
        for name, statement in asked.items():
            if _is_of_other_engine(statement, connection.dialect):
                continue
            rows = connection.rows(statement, _values(statement))
            told += [f"{name}: {row}" for row in rows if HIDDEN in repr(row) and not _is_open(statement)]
    assert told == []


def _is_of_other_engine(statement: Statement, dialect: str) -> bool:
    """Whether a statement asks the engine for something that the other one alone knows."""
    own = {"sqlite": ("pg_", "current_setting"), "postgresql": ("sqlite_",)}
    return any(word in statement.prepared(dialect)[0].lower() for word in own[dialect])


def _is_open(statement: Statement) -> bool:
    """Whether a statement reads nothing but what everybody may see."""
    return not any(f" {name}" in statement.prepared("sqlite")[0] for name in PARTS)


def test_who_sees_all_servers_one_by_one_gets_the_same_answers(fleet_of_two: Database) -> None:
    all_but = {"channel", *UNSEEN}
    both = seeing(fleet_of_two, "alpha", HIDDEN)
    compared = 0
    for name, statement in questions().items():
        text = statement.prepared(fleet_of_two.dialect)[0]
        if any(f" {table}" in text for table in all_but) or _is_of_other_engine(statement, fleet_of_two.dialect):
            continue
        with fleet_of_two.read() as whole, both.read() as part:
            rows = whole.rows(statement, _values(statement))
            assert sorted(part.rows(statement, _values(statement)), key=repr) == sorted(rows, key=repr), name
        compared += bool(rows)
    assert compared > 40


def test_the_fleet_is_what_is_seen_of_it(fleet_of_two: Database) -> None:
    with seeing(fleet_of_two, "alpha").snapshot() as connection:
        totals = fleet.totals(connection)
        today = NOON // DAY
        assert (totals.servers, totals.jobs, totals.runs, totals.uploaded, totals.stored) == (1, 1, 3, 2_100, 3_000)
        assert [each.key for each in fleet.servers(connection)] == ["id-alpha"]
        assert fleet.servers_by_name(connection, HIDDEN) == []
        assert fleet.server_by_key(connection, f"id-{HIDDEN}") is None
        assert [each.name for each in fleet.jobs(connection)] == ["alpha job"]
        assert [size for _, size in uploaded_by_day(connection, 0)] == [700, 700, 700]
        assert stored_by_day(connection, FLEET, today - 3, today) == [3_000, 3_000, 3_000, 3_000]
        assert [each.name for each in tags.tags(connection)] == ["alpha", "common"]
        assert [[server.key for server in each.servers] for each in tags.tags(connection)] == [["id-alpha"], ["id-alpha"]]
        assert [each.plan.name for each in windows.windows(connection)] == ["alpha", "tagged alpha"]
        assert {each.server_key for each in snoozes.running_snoozes(connection, NOON)} == {"id-alpha"}
        assert [each.job_name for each in snoozes.acknowledgements(connection)] == ["alpha job"]


def test_a_run_of_another_server_is_none(fleet_of_two: Database) -> None:
    with fleet_of_two.read() as connection:
        own, other = (runs.newest_runs(connection, job.id, 1)[0] for job in fleet.jobs(connection))
    with seeing(fleet_of_two, "alpha").read() as connection:
        assert runs.run_by_uid(connection, own.uid) == own
        assert runs.run_by_uid(connection, other.uid) is None
        assert any("alpha line" in line for line in runs.log_of(connection, own.id).lines)
        assert runs.log_of(connection, other.id).lines == ()
        assert runs.has_raw(connection, own.id)
        assert not runs.has_raw(connection, other.id)


def test_a_window_for_all_servers_is_seen_by_all(fleet_of_two: Database) -> None:
    write(fleet_of_two, lambda connection: silencing.plan_window(connection, Plan("Power cut", Once(NOON, LATER)), "ann", NOON))
    with seeing(fleet_of_two).read() as connection:
        assert [each.plan.name for each in windows.windows(connection)] == ["Power cut"]


def test_the_topic_for_all_is_not_told_nor_other_channels(fleet_of_two: Database) -> None:
    with seeing(fleet_of_two, "alpha").read() as connection:
        assert channels.own_channel(connection, NTFY).config == {"url": "https://push.example.org"}
        assert [each.key for each in channels.channels(connection)] == ["email", "ntfy"]
    with fleet_of_two.read() as connection:
        assert channels.own_channel(connection, NTFY).config["topic"] == HIDDEN


def test_who_sees_no_server_sees_an_empty_fleet(fleet_of_two: Database) -> None:
    with seeing(fleet_of_two).read() as connection:
        assert fleet.servers(connection) == []
        assert fleet.totals(connection).runs == 0
        assert uploaded_by_day(connection, 0) == []


def test_the_former_id_of_a_server_leads_to_it_for_those_who_see_it(database: Database) -> None:
    send(database, Made(Instant(NOON - 2 * DAY)), machine_id=True)
    former = number_of_key(database, "name:alpha")
    write(database, lambda connection: accounts.add(connection, Account(KIM, "no password"), NOON))
    write(database, lambda connection: sight.choose_servers(connection, KIM.id, [former]))
    send(database, Made(Instant(NOON - DAY)))
    with database.read() as connection:
        now = sight.sight_of(connection, KIM)
    assert now == Sight(frozenset({number_of_key(database, "id-alpha")}))
    assert now != Sight(frozenset({former}))
    with SightedDatabase(database, now).read() as connection:
        for key in ("name:alpha", "id-alpha"):
            found = fleet.server_by_key(connection, key)
            assert found is not None
            assert found.key == "id-alpha"


def test_a_choice_counts_for_limited_users_alone(fleet_of_two: Database) -> None:
    chosen = number(fleet_of_two, "alpha")
    write(fleet_of_two, lambda connection: accounts.add(connection, Account(KIM, "no password"), NOON))
    write(fleet_of_two, lambda connection: sight.choose_servers(connection, KIM.id, [chosen]))
    with fleet_of_two.read() as connection:
        assert sight.sight_of(connection, KIM) == Sight(frozenset({chosen}))
        assert sight.sight_of(connection, replace(KIM, is_limited=False)) == EVERYTHING
        assert sight.sight_of(connection, replace(KIM, is_admin=True)) == EVERYTHING


def number_of_key(database: Database, key: str) -> ServerId:
    with database.read() as connection:
        row = connection.raw.execute(f"SELECT id FROM server WHERE key = '{key}'").fetchone()
    return ServerId(row[0])


def test_nothing_is_changed_by_who_sees_only_some(fleet_of_two: Database) -> None:
    narrowed = seeing(fleet_of_two, "alpha")
    with narrowed.read() as connection:
        with pytest.raises(ValueError, match="only reads"):
            tags.add_tag(connection, "new", "")
        with pytest.raises(ValueError, match="changes nothing"):
            connection.run_many(Statement(select(metadata.tables["job"])), [{}])
    with pytest.raises(ValueError, match="reads through"):
        narrowed.connect()


def test_a_table_of_which_nothing_is_said_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    more = MetaData()
    Table("diary", more)
    monkeypatch.setattr(sighted, "metadata", more)
    with pytest.raises(ValueError, match="diary"):
        seen("SELECT page FROM diary", "sqlite", Sight(frozenset({ServerId(1)})))


def test_who_sees_everything_asks_as_ever() -> None:
    text = Statement(select(metadata.tables["job"]).where(metadata.tables["job"].c.id == bindparam("of"))).prepared("sqlite")[0]
    assert seen(text, "sqlite", EVERYTHING) is text
