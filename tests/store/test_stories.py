"""The recorded stories of real Duplicati servers, told in order, shuffled and twice."""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import Instant, instant
from duplistatus.store.arrivals import Outcome
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from duplistatus.store.summaries import rebuild_all
from tests.store.telling import NOON, SENDER, Recording, recordings, state, tell_all

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATIONS = ("2.1.0.5", "2.3.0.4", "2.3.0.109")
TRUTH = Path(__file__).parent.parent / "data" / "duplicati" / "filesets"


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """All generations and languages in the order of their begin."""
    database = Database(tmp_path_factory.mktemp("story") / "duplistatus.db")
    migrate(database)
    tell_all(database, _everything())
    yield database
    database.close()


def _everything() -> list[Recording]:
    stories = [each for folder in (*GENERATIONS, "2.3.0.109-languages") for each in recordings(folder)]
    return sorted(stories, key=lambda each: each.begun)


def test_the_three_generations_are_five_servers(database: Database) -> None:
    tell_all(database, [each for folder in GENERATIONS for each in recordings(folder)])
    servers = {row["key"]: row["name"] for row in state(database)["servers"] if row["host"] is None}
    assert servers == {
        "9bd9525546194675812189f0a20f5592": "fileserver",
        "d0a04ce2a0a54f3e977ec6d1ca838cd6": "fileserver",
        "name:fileserver": "fileserver",
        "my-own-id": "näme of mine",
        f"name:{SENDER}": SENDER,
    }


@pytest.mark.parametrize("seed", range(4))
def test_order_and_repetition_change_nothing(in_order: Database, database: Database, seed: int) -> None:
    stories = _everything() * 2
    random.Random(seed).shuffle(stories)
    tell_all(database, stories)
    told, expected = state(database), state(in_order)
    for name, rows in expected.items():
        assert told[name] == rows, name


def test_what_is_kept_on_write_is_what_a_rebuild_gives(in_order: Database) -> None:
    kept = state(in_order)
    connection = in_order.connect()
    assert rebuild_all(connection, NOON) == len(kept["jobs"])
    connection.close()
    assert state(in_order) == kept


def test_each_run_is_told_once_and_then_a_duplicate(database: Database) -> None:
    stories = recordings("2.3.0.4")
    first = [done.outcome for done in tell_all(database, stories)]
    second = [done.outcome for done in tell_all(database, stories)]
    runs = sum(outcome == Outcome.STORED for outcome in first)
    assert runs == sum(row["run_count"] for row in state(database)["jobs"])
    assert Outcome.STORED not in second
    assert Outcome.COMPLETED not in second
    assert second.count(Outcome.ACTIVITY) == first.count(Outcome.ACTIVITY) > 0


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_hosts_in_other_languages_end_with_their_true_versions(database: Database, seed: int | None) -> None:
    stories = recordings("2.3.0.109-languages")
    if seed is not None:
        random.Random(seed).shuffle(stories)
    tell_all(database, stories)
    told = state(database)
    names = {row["key"]: row["name"] for row in told["servers"]}
    checked = 0
    for row in told["jobs"]:
        truth = _true_versions(names[row["server"]])
        if row["name"] != "Keep all of a month" or not truth:
            continue
        assert [at for at, _, _ in json.loads(row["versions"])] == truth, names[row["server"]]
        assert row["versions_count"] == len(truth)
        checked += 1
    assert checked == 8


def _true_versions(host: str) -> list[Instant]:
    """What the server itself listed at the end, newest first."""
    answer = json.loads((TRUTH / f"{host}-v2-list-filesets.json").read_text(encoding="utf-8"))["response"]["body"]
    listed = json.loads(answer) if isinstance(answer, str) else answer
    return [instant(datetime.fromisoformat(each["Time"])) for each in listed["Data"] or []]
