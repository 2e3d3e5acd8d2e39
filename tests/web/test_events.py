"""The stream of changes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.security.tokens import token_hash
from duplistatus.store import sessions
from duplistatus.web import events
from duplistatus.web.events import News
from duplistatus.web.pages.rendering import process_version
from tests.web.api.reports import Made, document
from tests.web.asking import ask
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from duplistatus.clock import SetClock


class Stream:
    """One open stream of an application, without a network."""

    def __init__(self, application: FastAPI, cookie: str) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = asyncio.Event()
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._left = asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/events",
            "raw_path": b"/api/events",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"dashboard.test"), (b"cookie", cookie.encode())],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 9666),
        }
        self._task = asyncio.ensure_future(self._run(application, scope))

    async def _run(self, application: FastAPI, scope: dict[str, Any]) -> None:
        async def receive() -> dict[str, Any]:
            await self._left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            elif message.get("body"):
                self._heard.put_nowait(message["body"])

        await application(scope, receive, send)
        self.ended.set()

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event: its name and data. Comments are passed over."""
        while True:
            text = (await asyncio.wait_for(self._heard.get(), 20)).decode()
            fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(":"))
            if "event" in fields:
                return fields["event"], json.loads(fields["data"])

    async def comment(self) -> str:
        return (await asyncio.wait_for(self._heard.get(), 20)).decode()

    async def leave(self) -> None:
        self._left.set()
        await asyncio.wait_for(self._task, 20)


@asynccontextmanager
async def running(application: FastAPI) -> AsyncIterator[None]:
    async with application.router.lifespan_context(application):
        yield


@asynccontextmanager
async def listening(application: FastAPI, cookie: str) -> AsyncIterator[Stream]:
    stream = Stream(application, cookie)
    try:
        yield stream
    finally:
        await stream.leave()


def upload(application: FastAPI, made: Made) -> Any:
    from httpx2 import ASGITransport, AsyncClient

    client = AsyncClient(transport=ASGITransport(application), base_url="http://dashboard.test")
    return client.post("/api/upload", content=orjson.dumps(document(made)), headers={"content-type": "application/json"})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are hundredths of what they are."""
    monkeypatch.setattr(events, "_SETTLE", 0.01)
    monkeypatch.setattr(events, "_LOOK", 0.01)


def test_a_listener_hears_which_server_changed(application: FastAPI, clock: SetClock) -> None:
    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            async with listening(application, person.headers["cookie"]) as stream:
                assert await stream.next() == (
                    "version",
                    {"version": process_version(application.state.context.writer.version), "servers": None},
                )
                assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
                assert stream.headers["cache-control"] == "no-store"
                await upload(application, Made(Instant(clock.now() - HOUR), server="alpha"))
                event, data = await stream.next()
                assert (event, data["servers"]) == ("changed", ["id-alpha"])
                assert data["version"] == process_version(application.state.context.writer.version)

    asyncio.run(story())


def test_commits_that_come_together_are_told_once(application: FastAPI, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SETTLE", 0.3)

    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            async with listening(application, person.headers["cookie"]) as stream:
                await stream.next()
                for name in ("alpha", "beta"):
                    await upload(application, Made(Instant(clock.now() - HOUR), server=name))
                assert (await stream.next())[1]["servers"] == ["id-alpha", "id-beta"]

    asyncio.run(story())


def test_every_stream_ends_when_the_product_stops(application: FastAPI) -> None:
    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            streams = [Stream(application, person.headers["cookie"]) for _ in range(3)]
            for stream in streams:
                await stream.next()
            application.state.stopping.set()
            await asyncio.wait_for(asyncio.gather(*(stream.ended.wait() for stream in streams)), 20)

    asyncio.run(story())


def test_a_silent_stream_says_that_it_is_there_and_ends_with_its_session(application: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.02)

    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            stream = Stream(application, person.headers["cookie"])
            await stream.next()
            assert await stream.comment() == ": still here\n\n"
            application.state.context.clock.advance(25 * HOUR)
            await asyncio.wait_for(stream.ended.wait(), 20)

    asyncio.run(story())


def test_a_stream_is_looked_at_often_enough_to_end_within_15_seconds_of_its_session() -> None:
    assert events.HEARTBEAT <= 15


@pytest.mark.parametrize("revoke", ["own", "others", "administrator"])
def test_a_stream_ends_when_its_session_is_revoked(application: FastAPI, monkeypatch: pytest.MonkeyPatch, revoke: str) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.02)

    async def story() -> None:
        async with running(application):
            listening_one, revoking_one = (enter(application, Kind.USER) for _ in range(2))
            stream, staying = (Stream(application, each.headers["cookie"]) for each in (listening_one, revoking_one))
            for each in (stream, staying):
                await each.next()
            parts = application.state.context
            with parts.database.read() as connection:
                session_hash = token_hash(listening_one.headers["cookie"].partition("=")[2])
                found = sessions.find(connection, session_hash, parts.clock.now())
            assert found is not None
            paths = {"own": f"/api/sessions/{found.public_id}", "others": "/api/sessions", "administrator": "/api/users/id-USER/sessions"}
            by = enter(application, Kind.ADMIN) if revoke == "administrator" else revoking_one
            answer = await ask(application, "DELETE", paths[revoke], by.headers)
            assert answer.status == 200
            await asyncio.wait_for(stream.ended.wait(), 20)
            if revoke != "administrator":
                assert await staying.comment() == ": still here\n\n"

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "status"), [(Kind.NOBODY, 401), (Kind.ANONYMOUS, 401), (Kind.MUST_CHANGE, 403)])
def test_only_users_listen(application: FastAPI, kind: Kind, status: int) -> None:
    async def story() -> None:
        async with running(application):
            person = enter(application, kind)
            async with listening(application, person.headers.get("cookie", "")) as stream:
                await asyncio.wait_for(stream.ended.wait(), 20)
                assert stream.status == status

    asyncio.run(story())


def test_one_browser_cannot_open_streams_without_end(application: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_OF_A_SESSION", 2)

    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            cookie = person.headers["cookie"]
            async with listening(application, cookie) as first, listening(application, cookie) as second:
                await first.next()
                await second.next()
                async with listening(application, cookie) as third:
                    await asyncio.wait_for(third.ended.wait(), 20)
                    assert (third.status, third.headers["retry-after"]) == (503, "30")
            async with listening(application, cookie) as fourth:
                assert (await fourth.next())[0] == "version"

    asyncio.run(story())


def test_news_that_nobody_remembers_concern_everything(application: FastAPI, clock: SetClock) -> None:
    async def story() -> None:
        async with running(application):
            news = News(application.state.context)
            news.listen("somebody")
            begin = application.state.context.writer.version
            await upload(application, Made(Instant(clock.now() - HOUR), server="alpha"))
            assert news.since(begin) == (begin + 1, frozenset({"id-alpha"}))
            assert news.since(begin + 1) == (begin + 1, frozenset())
            assert news.since(begin - 1) == (begin + 1, None)
            application.state.context.writer.submit(lambda _: None).result()
            assert news.since(begin + 1) == (begin + 2, frozenset())

    asyncio.run(story())
