"""The stream of changes before who sees only some servers: it tells of those alone, and ends before it would tell of more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from duplistatus.app import build
from duplistatus.clock import HOUR, Instant
from duplistatus.settings import Settings
from duplistatus.store.ids import ServerId
from duplistatus.store.sight import choose_servers
from duplistatus.web import events
from tests.web.api.reports import Made
from tests.web.people import Kind, enter
from tests.web.sighted import KIM
from tests.web.test_events import listening, running, upload

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection


def test_a_stream_tells_of_seen_servers_alone_and_of_a_new_sight(data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SETTLE", 0.01)
    monkeypatch.setattr(events, "_LOOK", 0.01)
    application = build(Settings(data_dir=data_dir), clock)

    def choose(*keys: str) -> Any:
        def work(connection: Connection) -> None:
            rows = connection.raw.execute("SELECT id, key FROM server").fetchall()
            choose_servers(connection, KIM, [ServerId(number) for number, key in rows if key in keys])

        return application.state.context.writer.write(work)

    async def story() -> None:
        async with running(application):
            person, other = enter(application, Kind.LIMITED), enter(application, Kind.USER)
            begun = Instant(clock.now() - 5 * HOUR)
            await upload(application, Made(begun, server="alpha"))
            await upload(application, Made(begun, server="beta"))
            await choose("id-alpha")
            async with listening(application, person.headers["cookie"]) as stream, listening(application, other.headers["cookie"]) as whole:
                await stream.next()
                await whole.next()
                await upload(application, Made(Instant(begun + HOUR), server="beta"))
                assert (await whole.next())[1]["servers"] == ["id-beta"]
                assert (await stream.next())[1]["servers"] == []
                await upload(application, Made(Instant(begun + HOUR), server="alpha"))
                assert (await whole.next())[1]["servers"] == ["id-alpha"]
                assert (await stream.next())[1]["servers"] == ["id-alpha"]
                await choose("id-beta")
                assert (await stream.next())[1]["servers"] is None
                await upload(application, Made(Instant(begun + 2 * HOUR), server="alpha"))
                assert (await stream.next())[1]["servers"] == []
                await upload(application, Made(Instant(begun + 2 * HOUR), server="beta"))
                assert (await stream.next())[1]["servers"] == ["id-beta"]

    asyncio.run(story())


def test_a_stream_ends_before_it_tells_of_more_than_may_be_seen(data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who saw everything becomes limited, or goes, while reports come all the time."""
    monkeypatch.setattr(events, "_SETTLE", 0.01)
    monkeypatch.setattr(events, "_LOOK", 0.01)
    application = build(Settings(data_dir=data_dir), clock)

    async def story() -> None:
        async with running(application):
            person = enter(application, Kind.USER)
            await upload(application, Made(Instant(clock.now() - HOUR)))
            async with listening(application, person.headers["cookie"]) as stream:
                await stream.next()
                await application.state.context.writer.write(
                    lambda connection: connection.raw.execute("UPDATE \"user\" SET is_limited = 1 WHERE id = 'id-USER'"), changes=False
                )
                await upload(application, Made(clock.now()))
                await asyncio.wait_for(stream.ended.wait(), 20)

    asyncio.run(story())
