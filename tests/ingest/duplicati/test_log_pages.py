"""A job's log, page by page, as far as somebody reads."""

from __future__ import annotations

from typing import Any

import pytest

from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.log_pages import log_pages
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import LogRow
from tests.ingest.duplicati.asking import asked
from tests.ingest.duplicati.legacy import Legacy
from tests.ingest.duplicati.recorded import VERSIONS, answered
from tests.ingest.duplicati.stand_in import Duplicati, Reply

LOG = "/api/v1/backup/1/log"


def row(number: int, text: str = "") -> dict[str, Any]:
    return {"ID": number, "OperationID": 1, "Timestamp": 1_795_247_319, "Type": "Result", "Message": '{"MainOperation":"Backup"}' + text}


async def all_pages(api: Api) -> list[tuple[LogRow, ...]]:
    return [page async for page in log_pages(api, "1")]


def numbers(pages: list[tuple[LogRow, ...]]) -> list[int]:
    return [each.id for page in pages for each in page]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_log_is_one_page(version: str) -> None:
    with Duplicati(version) as server:
        pages = asked(server.target, all_pages)
        assert numbers(pages) == [each["ID"] for each in answered(version, "log")]
        assert all(each.data and "BeginTime" in each.data for page in pages for each in page)
        assert len(server.asked(LOG)) == 1


def test_a_long_log_is_read_to_its_end_in_growing_pages() -> None:
    with Duplicati() as server:
        # Numbers have gaps where other operations were.
        server.logs["1"] = [row(number) for number in range(4_000, 0, -3)]
        pages = asked(server.target, all_pages)
        assert numbers(pages) == list(range(4_000, 0, -3))
        assert [(each.query["pagesize"], each.query.get("offset")) for each in server.asked(LOG)] == [
            ("100", None),
            ("200", "3703"),
            ("400", "3103"),
            ("500", "1903"),
            ("500", "403"),
        ]


def test_a_log_that_ends_with_a_page_is_asked_for_once_more() -> None:
    with Duplicati() as server:
        server.logs["1"] = [row(number) for number in range(100, 0, -1)]
        assert len(numbers(asked(server.target, all_pages))) == 100
        assert len(server.asked(LOG)) == 2


def test_who_stops_reading_asks_no_further() -> None:
    async def first(api: Api) -> int:
        async for page in log_pages(api, "1"):
            return len(page)
        return 0

    with Duplicati() as server:
        server.logs["1"] = [row(number) for number in range(1_000, 0, -1)]
        assert asked(server.target, first) == 100
        assert len(server.asked(LOG)) == 1


def test_pages_that_are_too_large_come_in_smaller_pieces() -> None:
    with Duplicati() as server:
        server.logs["1"] = [row(number, " " * 300_000) for number in range(60, 0, -1)]
        assert len(numbers(asked(server.target, all_pages))) == 60
        sizes = [int(each.query["pagesize"]) for each in server.asked(LOG)]
        assert sizes[:2] == [100, 25]
        assert max(sizes[1:]) == 25


def test_a_log_of_which_nothing_can_be_read_is_given_up() -> None:
    with Duplicati() as server:
        server.instead[LOG] = Reply([], endless=50_000_000)
        with pytest.raises(Trouble) as found:
            asked(server.target, all_pages)
        assert found.value.code is Code.TOO_LARGE
        assert [each.query["pagesize"] for each in server.asked(LOG)] == ["100", "25", "10"]


def test_a_server_that_gives_the_same_page_for_ever_is_left() -> None:
    with Duplicati() as server:
        server.instead[LOG] = Reply([row(number) for number in range(500, 0, -1)])
        assert set(numbers(asked(server.target, all_pages))) == set(range(1, 501))
        assert len(server.asked(LOG)) == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_in_use_is_told_as_such_in_each_version(version: str) -> None:
    with Duplicati(version) as server:
        server.start("1")
        with pytest.raises(Trouble) as found:
            asked(server.target, all_pages)
        assert (found.value.code, found.value.facts["job"]) == (Code.BUSY, "1")


@pytest.mark.parametrize("running", [None, "2"])
def test_a_log_that_is_empty_while_its_job_rests_is_empty(running: str | None) -> None:
    with Duplicati("2.3.0.4") as server:
        server.logs["1"] = []
        if running:
            server.start(running)
        assert asked(server.target, all_pages) == []


@pytest.mark.parametrize("body", [{"ID": 1}, "text", 5])
def test_an_answer_that_is_no_list_is_named(body: Any) -> None:
    with Duplicati() as server:
        server.instead[LOG] = Reply(body)
        with pytest.raises(Trouble) as found:
            asked(server.target, all_pages)
    assert (found.value.code, found.value.facts["path"]) == (Code.BROKEN, "/backup/1/log")


def test_rows_that_are_none_are_left_out() -> None:
    odd = [None, 5, {"ID": "7"}, {"ID": True}, {}, row(3), {"ID": 2, "Type": "Messages", "Message": "x"}, row(1) | {"Message": "{"}]
    with Duplicati() as server:
        server.instead[LOG] = Reply(odd)
        pages = asked(server.target, all_pages)
    assert [(each.id, each.data is not None) for page in pages for each in page] == [(3, True), (2, False), (1, False)]


def test_an_old_server_pages_likewise() -> None:
    with Legacy() as server:
        server.logs["1"] = [row(number) for number in range(250, 0, -1)]
        assert numbers(asked(Target(server.url, server.password), all_pages)) == list(range(250, 0, -1))
