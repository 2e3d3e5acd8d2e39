"""The list of releases and the plan of fetching it read back as they were kept, on both databases; what cannot be read stops nothing."""

from __future__ import annotations

import json
from datetime import date, time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.server_release import BUILT_IN, FetchPlan, Known, Often
from duplistatus.report.releases import Channel, Release
from duplistatus.store import fleet
from duplistatus.store.account_tables import setting
from duplistatus.store.link_tables import server_link
from duplistatus.store.releases import (
    ReleaseList,
    Trouble,
    fetch_plan,
    newest_releases,
    release_list,
    save_fetch_plan,
    save_release_list,
)
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job, server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

AT = Instant(1_783_684_800_000)
FULL = ReleaseList(
    (
        Known(Channel.STABLE, Release((2, 3, 0, 4), Channel.STABLE, date(2026, 7, 9)), AT),
        Known(Channel.EXPERIMENTAL, Release((2, 3, 0, 4), Channel.STABLE), AT),
    ),
    AT,
    Instant(AT - DAY),
    Trouble("left_alone", "updates.example:8443", 429, Instant(AT + DAY)),
    {"https://updates.example/stable": 'W/"ü"'},
)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


def test_a_list_reads_back_as_it_was_kept(connection: Connection) -> None:
    assert release_list(connection) == ReleaseList()
    for found in (FULL, ReleaseList(tried_at=AT), FULL):
        save_release_list(connection, found)
        assert release_list(connection) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"known": 7}',
        '{"known": [7]}',
        '{"known": [{}]}',
        '{"trouble": 7}',
        '{"tags": 7}',
        '{"known": [{"channel": 1}]}',
    ],
)
def test_a_list_that_cannot_be_read_counts_as_none(connection: Connection, text: str) -> None:
    for key in ("duplicati_releases", "duplicati_release_plan"):
        connection.run(Statement(insert(setting).values(key=key, value=text)))
    assert release_list(connection) == ReleaseList()
    assert fetch_plan(connection) == FetchPlan()
    assert [each.release for each in newest_releases(connection).values()] == list(BUILT_IN)


def test_a_channel_that_is_unknown_does_not_lose_the_others(connection: Connection) -> None:
    save_release_list(connection, FULL)
    body = json.loads(connection.value(Statement(setting.select().with_only_columns(setting.c.value)), {}))
    body["known"].insert(0, body["known"][0] | {"channel": "nightly"})
    connection.run(Statement(update(setting).values(value=json.dumps(body))))
    assert release_list(connection).known == FULL.known


def test_a_plan_reads_back_as_it_was_kept(connection: Connection) -> None:
    assert fetch_plan(connection) == FetchPlan()
    for plan in (FetchPlan(Often.NEVER), FetchPlan(Often.FOUR_TIMES, time(2, 45))):
        save_fetch_plan(connection, plan)
        assert fetch_plan(connection) == plan


@pytest.mark.parametrize(
    ("described_at", "told_at", "told", "shown"),
    [
        (AT, AT + 1, "2.3.1.0", ("2.3.1.0", "beta")),
        (AT, AT - 1, "2.3.1.0", ("2.3.0.4 (2.3.0.4_stable_2026-07-09)", "Stable")),
        (None, AT, "2.3.1.0", ("2.3.1.0", "beta")),
        (AT, AT + 1, "", ("2.3.0.4 (2.3.0.4_stable_2026-07-09)", "Stable")),
        (AT, None, "2.3.1.0", ("2.3.0.4 (2.3.0.4_stable_2026-07-09)", "Stable")),
    ],
)
def test_of_the_reports_and_the_api_of_a_server_the_newer_word_counts(
    connection: Connection, described_at: int | None, told_at: int | None, told: str, shown: tuple[str, str]
) -> None:
    connection.run(
        Statement(
            insert(server).values(
                id=7,
                key="k",
                name="alpha",
                has_machine_id=1,
                created_at=AT,
                version="2.3.0.4 (2.3.0.4_stable_2026-07-09)",
                update_channel="Stable",
                described_at=described_at,
            )
        )
    )
    connection.run(Statement(insert(job).values(id=1, server_id=7, name="Files", created_at=AT)))
    connection.run(Statement(insert(server_link).values(server_id=7, version=told, channel="beta", told_at=told_at)))
    for found in (fleet.server_by_key(connection, "k"), *fleet.servers(connection), *fleet.servers_by_name(connection, "alpha")):
        assert found is not None
        assert (found.version, found.update_channel) == shown


def test_a_server_whose_api_is_not_asked_is_as_its_reports_say(connection: Connection) -> None:
    connection.run(
        Statement(insert(server).values(id=7, key="k", name="alpha", has_machine_id=1, created_at=AT, version="2.3.0.4", described_at=AT))
    )
    found = fleet.server_by_key(connection, "k")
    assert found is not None
    assert (found.version, found.update_channel) == ("2.3.0.4", "")
