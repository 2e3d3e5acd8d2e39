"""Fetching the list of releases from a stand-in of the update server, or of GitHub: what is kept, and what becomes of trouble."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, SetClock
from duplistatus.ingest.releases import Failure, Fetched, Reason, fetch, merged, refresh
from duplistatus.report.releases import Channel, Release
from duplistatus.security.pinned import Patience
from duplistatus.store.releases import ReleaseList, newest_releases, release_list
from duplistatus.store.writer import Writer
from tests.notify.certificates import self_signed
from tests.notify.stand_ins import Answer, Asked, HttpStandIn
from tests.report.test_releases import CANARY, STABLE, manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duplistatus.store.database import Database

PATIENT = Patience(connect=20, answer=20, body=20, whole=60)
SOON = Patience(connect=2, answer=2, body=0.5, whole=3)
"""For servers of which nothing is to come."""
BETA = Release((2, 3, 1, 0), Channel.BETA)
RELEASES = {"stable": STABLE, "beta": BETA, "canary": CANARY}
LISTS = "{channel}/latest-v2.manifest"


def update_server(asked: Asked) -> Answer:
    """The manifest of each channel, with an entity tag; experimental is offered the stable release."""
    channel = asked.path.split("/")[1]
    tag = f'"{channel}-1"'
    if asked.headers.get("if-none-match") == tag:
        return Answer(304, headers={"ETag": tag})
    return Answer(200, manifest(RELEASES.get(channel, STABLE)), {"ETag": tag, "Content-Type": "application/octet-stream"})


def fetched(address: str, known: tuple[Channel, ...] = (), tags: dict[str, str] | None = None, **more: Any) -> Fetched:
    clock = more.pop("clock", None) or SetClock(Instant(1_783_684_800_000))
    return asyncio.run(fetch(address, known, tags or {}, clock, **{"patience": PATIENT, **more}))


def github(*names: str) -> bytes:
    """A page of GitHub's list; each of its packages is described at length."""
    asset = {"url": "https://api.github.com/x", "name": "duplicati.deb", "size": 1, "uploader": {"login": "kenkendk", "id": 1}}
    return json.dumps(
        [
            {"tag_name": name, "draft": False, "prerelease": "stable" not in name, "assets": [asset] * 50, "body": "# News\n"}
            for name in names
        ]
    ).encode()


def test_each_channel_is_asked_for_what_it_offers() -> None:
    with HttpStandIn(update_server) as server:
        found = fetched(server.url + LISTS)
        assert [each.path for each in server.received] == [f"/{channel}/latest-v2.manifest" for channel in Channel]
    assert found.failure is None
    assert found.found[Channel.EXPERIMENTAL] == STABLE
    assert {channel: each.number for channel, each in found.found.items()} == {
        "stable": "2.3.0.4",
        "beta": "2.3.1.0",
        "experimental": "2.3.0.4",
        "canary": "2.3.0.109",
    }


def test_a_request_says_nothing_of_this_installation() -> None:
    with HttpStandIn(update_server) as server:
        fetched(server.url + LISTS)
        asked = server.received[0]
    assert (asked.method, asked.body, asked.query) == ("GET", b"", {})
    assert asked.headers["user-agent"] == "duplistatus"
    assert set(asked.headers) <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


def test_one_list_can_have_all_channels() -> None:
    names = [f"v{CANARY.name}", "v2.3.0.108_canary_2026-07-30", f"v{STABLE.name}", "v2.1.0.5_stable_2025-03-04", "v2.3.1.0_beta_2026-07-28"]
    with HttpStandIn(Answer(200, github(*names), {"ETag": 'W/"abc"'})) as server:
        address = server.url + "repos/duplicati/duplicati/releases?per_page=100"
        found = fetched(address)
        assert server.received[0].query == {"per_page": "100"}
    assert {channel: each.number for channel, each in found.found.items()} == {
        "canary": "2.3.0.109",
        "beta": "2.3.1.0",
        "stable": "2.3.0.4",
    }
    assert found.tags == {address: 'W/"abc"'}


def test_a_list_that_is_the_same_is_not_sent_again() -> None:
    with HttpStandIn(update_server) as server:
        first = fetched(server.url + LISTS)
        second = fetched(server.url + LISTS, tuple(Channel), dict(first.tags))
    assert (second.found, second.same, second.tags, second.failure) == ({}, frozenset(Channel), first.tags, None)


@pytest.mark.parametrize(
    ("answer", "reason", "status"),
    [
        (Answer(404, b"Not found"), Reason.STATUS, 404),
        (Answer(500), Reason.STATUS, 500),
        (Answer(403, b"<html>"), Reason.STATUS, 403),
        (Answer(304), Reason.STATUS, 304),
        (Answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data"}), Reason.STATUS, 302),
        (Answer(200, b"<!DOCTYPE html><title>Sign in</title>"), Reason.NOT_A_LIST, 0),
        (Answer(200, manifest()[:-30]), Reason.NOT_A_LIST, 0),
        (Answer(200, gzip.compress(manifest()), {"Content-Encoding": "gzip"}), Reason.NOT_A_LIST, 0),
        (Answer(200, b"[" + b" " * 13_000_000), Reason.TOO_LARGE, 0),
        (Answer(hangs=True), Reason.OFFLINE, 0),
        (Answer(200, manifest(), hangs_after_head=True), Reason.OFFLINE, 0),
        (Answer(hangs_up=True), Reason.OFFLINE, 0),
    ],
)
def test_trouble_has_a_reason(answer: Answer, reason: Reason, status: int) -> None:
    with HttpStandIn(answer) as server:
        found = fetched(server.url + "releases.json", patience=SOON if reason is Reason.OFFLINE else PATIENT)
        place = f"127.0.0.1:{server.port}"
    assert (found.found, found.failure) == ({}, Failure(reason, place, status))


def test_a_redirect_is_not_followed() -> None:
    with HttpStandIn(Answer(200, manifest())) as inner:
        with HttpStandIn(Answer(301, headers={"Location": inner.url})) as server:
            assert fetched(server.url + LISTS).failure is not None
        assert inner.connections == 0


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    with HttpStandIn(update_server, self_signed(tmp_path).context) as server:
        found = fetched(server.url + LISTS)
    assert found.failure is not None
    assert found.failure.reason is Reason.CERTIFICATE


def test_a_name_that_leads_to_a_metadata_service_is_not_asked() -> None:
    async def resolve(_: str) -> list[str]:
        return ["169.254.169.254"]

    found = fetched("http://updates.example/list", resolve=resolve)
    assert found.failure == Failure(Reason.FORBIDDEN, "updates.example")


def test_without_a_name_server_there_is_no_network() -> None:
    async def resolve(_: str) -> list[str]:
        raise OSError("Temporary failure in name resolution")

    assert fetched("https://updates.example/list", resolve=resolve).failure == Failure(Reason.OFFLINE, "updates.example")


def test_a_list_of_a_channel_offers_nothing_that_is_less_steady() -> None:
    with HttpStandIn(Answer(200, github(f"v{CANARY.name}", "v2.3.1.0_beta_2026-07-28", f"v{STABLE.name}"))) as server:
        found = fetched(server.url + LISTS)
    assert {channel: each.number for channel, each in found.found.items()} == {
        "stable": "2.3.0.4",
        "beta": "2.3.1.0",
        "experimental": "2.3.1.0",
        "canary": "2.3.1.0",
    }
    with HttpStandIn(Answer(200, manifest(CANARY))) as server:
        found = fetched(server.url + LISTS)
    assert (found.found, found.failure) == ({Channel.CANARY: CANARY}, Failure(Reason.NOT_A_LIST, f"127.0.0.1:{server.port}"))


def test_a_channel_without_a_list_does_not_keep_the_others_from_being_asked() -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(404) if "/beta/" in asked.path else update_server(asked)

    with HttpStandIn(answer) as server:
        found = fetched(server.url + LISTS)
    assert set(found.found) == set(Channel) - {Channel.BETA}
    assert found.failure is not None
    assert found.failure.status == 404


def test_without_a_network_one_try_is_enough() -> None:
    with HttpStandIn(Answer(hangs_up=True)) as server:
        fetched(server.url + LISTS)
        assert len(server.received) == 1


NOW = Instant(1_783_684_800_000)


@pytest.mark.parametrize(
    ("status", "headers", "rest"),
    [
        (429, {"Retry-After": "120"}, 2 * MINUTE),
        (429, {}, HOUR),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((NOW + 25 * MINUTE) // 1000)}, 25 * MINUTE),
        (403, {"X-RateLimit-Remaining": "0"}, HOUR),
        (403, {"Retry-After": "60", "X-RateLimit-Remaining": "7"}, MINUTE),
        (503, {"Retry-After": "Fri, 10 Jul 2026 13:00:00 GMT"}, HOUR),
        (429, {"Retry-After": "999999999"}, DAY),
        (429, {"Retry-After": "-5"}, HOUR),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}, 0),
    ],
)
def test_a_server_that_wants_to_be_left_alone_says_for_how_long(status: int, headers: dict[str, str], rest: int) -> None:
    with HttpStandIn(Answer(status, b'{"message":"API rate limit exceeded"}', headers)) as server:
        found = fetched(server.url + LISTS, clock=SetClock(NOW))
        assert len(server.received) == 1
        assert found.failure == Failure(Reason.LEFT_ALONE, f"127.0.0.1:{server.port}", status, Instant(NOW + rest))


# --- what is kept


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    made = Writer(database)
    made.start()
    yield made
    made.close()


@pytest.fixture
def kept(database: Database) -> Callable[[], ReleaseList]:
    def read() -> ReleaseList:
        with database.read() as connection:
            return release_list(connection)

    return read


async def _refreshed(database: Database, writer: Writer, clock: SetClock, address: str) -> tuple[int, int]:
    found = await refresh(database, writer, clock, address)
    return found.told, found.new


def test_the_last_good_list_stays_when_a_fetch_fails(
    database: Database, writer: Writer, clock: SetClock, kept: Callable[[], ReleaseList]
) -> None:
    with HttpStandIn(update_server) as server:
        address = server.url + LISTS
        assert asyncio.run(_refreshed(database, writer, clock, address)) == (4, 4)
        good, at = kept(), clock.now()
        assert (good.fetched_at, good.tried_at, good.trouble) == (at, at, None)
        version = writer.version
        clock.advance(DAY)
        server.answer = Answer(hangs_up=True)
        assert asyncio.run(_refreshed(database, writer, clock, address)) == (0, 0)
        after = kept()
        assert (after.known, after.tags, after.fetched_at, after.tried_at) == (good.known, good.tags, at, clock.now())
        assert after.trouble is not None
        assert after.trouble.reason == "offline"
        assert writer.version == version, "no page shows anything else"
        clock.advance(DAY)
        server.answer = update_server
        assert asyncio.run(_refreshed(database, writer, clock, address)) == (4, 0)
        assert kept().trouble is None
        assert {each.fetched_at for each in kept().known} == {clock.now()}
        assert server.received[-1].headers["if-none-match"] == '"canary-1"'
    with database.read() as connection:
        assert newest_releases(connection)[Channel.CANARY].release.number == "2.4.0.101", "known from the start, and newer than that list"


def test_a_new_release_changes_what_pages_show(
    database: Database, writer: Writer, clock: SetClock, kept: Callable[[], ReleaseList]
) -> None:
    newer = Release((2, 9, 0, 0), Channel.STABLE)
    with HttpStandIn(Answer(200, github(f"v{STABLE.name}"))) as server:
        asyncio.run(_refreshed(database, writer, clock, server.url))
        version = writer.version
        server.answer = Answer(200, github("v2.9.0.0_stable_2026-07-10"))
        assert asyncio.run(_refreshed(database, writer, clock, server.url)) == (1, 1)
        assert writer.version > version
    assert kept().known[0].release.version == newer.version


def test_a_server_is_left_alone_as_long_as_it_wants(
    database: Database, writer: Writer, clock: SetClock, kept: Callable[[], ReleaseList]
) -> None:
    with HttpStandIn(Answer(429, headers={"Retry-After": "600"})) as server:
        for _ in range(2):
            asyncio.run(_refreshed(database, writer, clock, server.url))
            clock.advance(5 * MINUTE)
        assert len(server.received) == 1
        clock.advance(MINUTE)
        server.answer = Answer(200, github(f"v{STABLE.name}"))
        assert asyncio.run(_refreshed(database, writer, clock, server.url)) == (1, 1)
    assert kept().trouble is None


def test_a_clock_that_was_set_back_does_not_leave_a_server_alone_for_ever(database: Database, writer: Writer, clock: SetClock) -> None:
    with HttpStandIn(Answer(429, headers={"Retry-After": "600"})) as server:
        asyncio.run(_refreshed(database, writer, clock, server.url))
        clock.advance(-30 * DAY)
        asyncio.run(_refreshed(database, writer, clock, server.url))
        assert len(server.received) == 2


def test_a_part_of_the_lists_replaces_that_part(clock: SetClock) -> None:
    now = clock.now()
    before = merged(ReleaseList(), Fetched({Channel.STABLE: STABLE, Channel.BETA: BETA}, tags={"a": "1", "b": "1"}), now)
    later = Instant(now + DAY)
    failure = Failure(Reason.STATUS, "x", 500)
    after = merged(before, Fetched({Channel.CANARY: CANARY}, frozenset({Channel.STABLE}), {"a": "2"}, failure), later)
    assert [(each.channel, each.release, each.fetched_at) for each in after.known] == [
        (Channel.STABLE, STABLE, later),
        (Channel.BETA, BETA, now),
        (Channel.CANARY, CANARY, later),
    ]
    assert (after.tags, after.fetched_at, after.tried_at) == ({"a": "2", "b": "1"}, now, later)
