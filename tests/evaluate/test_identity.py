"""Which server and job a document belongs to: each rule by name, and that only the set of documents decides."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.identity import OriginFacts, PlacedServer, placed

if TYPE_CHECKING:
    from collections.abc import Iterable

_numbers = count(1)


def origin(
    machine_id: str = "", machine_name: str = "", job: str = "Documents", backup_id: str = "", first: int = 0, last: int | None = None
) -> OriginFacts:
    """A way in which documents named their sender, from the day `first` to `last`."""
    end = first if last is None else last
    return OriginFacts(next(_numbers), machine_id, machine_name, job, backup_id, Instant(first * DAY), Instant(end * DAY))


def shape(servers: Iterable[PlacedServer]) -> list[tuple[str, str, tuple[str, ...], list[tuple[str, str, int]]]]:
    """Key, name, adopted keys, and of each job name, backup-id and number of origins."""
    return sorted(
        (each.key, each.name, each.adopts, sorted((job.name, job.backup_id, len(job.origins)) for job in each.jobs)) for each in servers
    )


# Servers


def test_a_machine_id_is_a_server() -> None:
    assert shape(placed([origin("a", "host"), origin("b", "host")])) == [
        ("a", "host", (), [("Documents", "", 1)]),
        ("b", "host", (), [("Documents", "", 1)]),
    ]


def test_a_server_has_the_name_of_its_latest_document_that_carries_one() -> None:
    named = [origin("a", "old", first=1), origin("a", "new", first=2), origin("a", "", job="Photos", first=3)]
    assert [server.name for server in placed(named)] == ["new"]
    renamed_back = [origin("a", "old", first=1, last=3), origin("a", "new", first=2)]
    assert [server.name for server in placed(renamed_back)] == ["old"]


def test_a_server_that_is_never_named_has_its_id_as_name() -> None:
    assert [server.name for server in placed([origin("a")])] == ["a"]


def test_documents_without_an_id_and_of_one_machine_name_are_one_server() -> None:
    assert shape(placed([origin("", "host", "Documents"), origin("", "host", "Photos"), origin("", "other", "Photos")])) == [
        ("name:host", "host", (), [("Documents", "", 1), ("Photos", "", 1)]),
        ("name:other", "other", (), [("Photos", "", 1)]),
    ]


# Adoption


def test_a_server_without_id_is_the_one_of_that_name_that_shares_a_job() -> None:
    nameless = origin("", "host", "Documents", "DB-1")
    assert shape(placed([nameless, origin("a", "host", "Documents", "DB-1")])) == [
        ("a", "host", ("name:host",), [("Documents", "DB-1", 2)]),
    ]


def test_it_is_adopted_as_a_whole_with_the_jobs_that_are_not_shared() -> None:
    nameless = [origin("", "host", "Documents", "DB-1"), origin("", "host", "Photos", "DB-9")]
    assert shape(placed([*nameless, origin("a", "host", "Documents", "DB-1")])) == [
        ("a", "host", ("name:host",), [("Documents", "DB-1", 2), ("Photos", "DB-9", 1)]),
    ]


@pytest.mark.parametrize(
    "stranger",
    [
        origin("a", "host", "Documents", "DB-2"),
        origin("a", "host", "Photos", "DB-1"),
        origin("a", "other", "Documents", "DB-1"),
        origin("a", "", "Documents", "DB-1"),
    ],
    ids=["other backup-id", "other job name", "other machine name", "no machine name"],
)
def test_without_a_shared_job_and_name_it_stays_its_own(stranger: OriginFacts) -> None:
    servers = placed([origin("", "host", "Documents", "DB-1"), stranger])
    assert {server.key for server in servers} == {"name:host", "a"}
    assert all(server.adopts == () for server in servers)


def test_a_job_without_backup_id_proves_nothing() -> None:
    """Every second machine has a job «Documents»."""
    servers = placed([origin("", "host", "Documents"), origin("a", "host", "Documents")])
    assert {server.key for server in servers} == {"name:host", "a"}


def test_a_name_that_the_server_carried_earlier_is_enough() -> None:
    renamed = [origin("a", "host", "Documents", "DB-1", first=1), origin("a", "newname", "Documents", "DB-1", first=5)]
    assert shape(placed([origin("", "host", "Documents", "DB-1", first=2), *renamed])) == [
        ("a", "newname", ("name:host",), [("Documents", "DB-1", 3)]),
    ]


def test_a_second_candidate_separates_it_again() -> None:
    nameless, first = origin("", "host", "Documents", "DB-1"), origin("a", "host", "Documents", "DB-1")
    assert {server.key for server in placed([nameless, first])} == {"a"}
    second = origin("b", "host", "Documents", "DB-1", first=9)
    assert {server.key for server in placed([nameless, first, second])} == {"a", "b", "name:host"}


def test_a_second_server_of_that_name_that_shares_no_job_is_no_candidate() -> None:
    nameless, first = origin("", "host", "Documents", "DB-1"), origin("a", "host", "Documents", "DB-1")
    assert {server.key for server in placed([nameless, first, origin("b", "host", "Photos", "DB-2")])} == {"a", "b"}


# Jobs


def test_a_job_is_its_name_within_the_server() -> None:
    assert shape(placed([origin("a", job="Documents", backup_id="DB-1"), origin("a", job="Documents", backup_id="DB-7", first=2)])) == [
        ("a", "a", (), [("Documents", "DB-7", 2)]),
    ]


def test_a_new_name_with_a_known_own_id_is_a_renamed_job_under_its_latest_name() -> None:
    assert shape(placed([origin("a", job="Old", backup_id="DB-1", first=1), origin("a", job="New", backup_id="DB-1", first=2)])) == [
        ("a", "a", (), [("New", "DB-1", 2)]),
    ]


def test_a_job_that_was_renamed_back_has_its_first_name_again() -> None:
    there_and_back = [origin("a", job="Old", backup_id="DB-1", first=1, last=9), origin("a", job="New", backup_id="DB-1", first=5)]
    assert shape(placed(there_and_back)) == [("a", "a", (), [("Old", "DB-1", 2)])]


@pytest.mark.parametrize("other", ["fcb7ef08e8a3b0f7", "my-documents", "DB-", "DB-1x", "xDB-1", "1", "db-1"])
def test_other_ids_identify_nothing(other: str) -> None:
    """A CLI run's hash, free text: two jobs may well carry the same."""
    servers = placed([origin("a", job="Old", backup_id=other, first=1), origin("a", job="New", backup_id=other, first=2)])
    assert [job.name for server in servers for job in server.jobs] == ["Old", "New"]


def test_where_name_and_id_point_to_two_jobs_the_name_wins() -> None:
    jobs = [origin("a", job="One", backup_id="DB-1", first=1), origin("a", job="Two", backup_id="DB-2", first=1)]
    both = origin("a", job="Two", backup_id="DB-1", first=5)
    assert shape(placed([*jobs, both])) == [("a", "a", (), [("One", "DB-1", 1), ("Two", "DB-1", 2)])]


def test_the_same_id_on_two_servers_is_two_jobs() -> None:
    servers = placed([origin("a", "host", job="Old", backup_id="DB-1", first=1), origin("b", "host", job="New", backup_id="DB-1", first=2)])
    assert shape(servers) == [("a", "host", (), [("Old", "DB-1", 1)]), ("b", "host", (), [("New", "DB-1", 1)])]


def test_a_job_keeps_the_id_of_its_newest_document_that_carries_one() -> None:
    assert shape(placed([origin("a", backup_id="DB-4", first=1), origin("a", backup_id="", first=5)])) == [
        ("a", "a", (), [("Documents", "DB-4", 2)]),
    ]


def test_renaming_is_followed_in_an_adopted_server_too() -> None:
    origins = [
        origin("", "host", "Old", "DB-1", first=1),
        origin("a", "host", "Old", "DB-1", first=2),
        origin("a", "host", "New", "DB-1", first=3),
    ]
    assert shape(placed(origins)) == [("a", "host", ("name:host",), [("New", "DB-1", 3)])]


# In general

ORIGINS = st.lists(
    st.builds(
        origin,
        machine_id=st.sampled_from(["", "a", "b"]),
        machine_name=st.sampled_from(["host", "other"]),
        job=st.sampled_from(["One", "Two", "Three"]),
        backup_id=st.sampled_from(["", "DB-1", "DB-2", "hash"]),
        first=st.integers(0, 9),
    ),
    max_size=10,
    unique_by=lambda each: each.names,
)


@given(ORIGINS, st.randoms())
def test_the_order_of_the_documents_changes_nothing(origins: list[OriginFacts], chance: Random) -> None:
    shuffled = list(origins)
    chance.shuffle(shuffled)
    assert shape(placed(shuffled)) == shape(placed(origins))


@given(ORIGINS)
def test_every_document_has_one_place_and_names_are_unique_there(origins: list[OriginFacts]) -> None:
    servers = placed(origins)
    assert sorted(each.id for server in servers for job in server.jobs for each in job.origins) == sorted(each.id for each in origins)
    for server in servers:
        names = [job.name for job in server.jobs]
        assert len(names) == len(set(names))
    assert len({server.key for server in servers}) == len(servers)


@given(ORIGINS)
def test_an_id_is_never_given_away(origins: list[OriginFacts]) -> None:
    """Only servers without id are adopted, and every document with an id stays with it."""
    for server in placed(origins):
        assert all(key.startswith("name:") for key in server.adopts)
        for job in server.jobs:
            assert all(each.own_key in {server.key, *server.adopts} for each in job.origins)
