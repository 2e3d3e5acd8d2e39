"""Watching servers, each a stand-in that behaves as the recordings of its version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.background.watching_servers import GONE_AFTER, PROGRESS_EVERY
from duplistatus.clock import HOUR, MINUTE
from duplistatus.ingest.duplicati.trouble import Code
from duplistatus.store import links
from duplistatus.store.live_servers import State
from tests.background.stage import Stage
from tests.ingest.duplicati.stand_in import HANGS, Duplicati, Reply, error

if TYPE_CHECKING:
    from duplistatus.background.watching_servers import Watching

NEW, OLD = "2.3.0.109", "2.1.0.5"


@pytest.mark.parametrize("version", [NEW, OLD])
def test_a_run_is_followed_from_its_start_to_its_end(stage: Stage, version: str) -> None:
    with Duplicati(version) as server:
        server_id = stage.link(server)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.live(server_id).state is State.IDLE)
            await stage.until(watch, lambda: bool(server._sockets))
            server.progress.phase = "Backup_Begin"
            server.start("1")
            server.tell("legacystatus", server.state())
            if version == NEW:
                server.tell("progress", server.progress_state())
            await stage.until(watch, lambda: stage.job() == ("running", "Backup_Begin", "Running"))
            task = stage.live(server_id).task
            assert task is not None
            assert (task.job.name, task.phase, stage.live(server_id).state) == ("Documents", "Backup_Begin", State.RUNNING)
            server.finish()
            server.tell("legacystatus", server.state())
            await stage.until(watch, lambda: stage.job()[0] == "idle")
            assert stage.live(server_id).state is State.IDLE

        stage.play(story)
        assert server.logins == 1
        assert server.families == {}, "it logged out"
        by_address = [each for each in server.received if "token" in each.query]
        assert not by_address, "a token goes into an address only of the web socket"


def test_the_queue_and_the_pause_are_told(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: bool(server._sockets))
            server.paused, server.pause_ends = True, "2026-07-10T14:00:00Z"
            server.start("1")
            server.tell("legacystatus", server.state())
            await stage.until(watch, lambda: bool(stage.live(server_id).queue) and stage.live(server_id).queue[0].name != "")
            found = stage.live(server_id)
            assert found.is_paused
            assert found.pause_ends == stage.clock.now() + 2 * HOUR
            assert [each.name for each in found.queue] == ["Documents"]
            assert found.place_of(found.queue[0].job_id) == 1 if found.queue[0].job_id else False

        stage.play(story)


def test_the_begin_of_a_task_is_that_of_the_server(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        stage.link(server)
        server.start("1")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.job()[0] == "running")
            with stage.database.read() as connection:
                await stage.until(
                    watch, lambda: connection.raw.execute("SELECT live_started_at FROM job").fetchone()[0] == 1_795_247_397_535
                )

        stage.play(story)
        assert len(server.asked("/api/v1/task/51")) == 1


def test_jobs_are_asked_for_where_an_id_is_not_known_and_only_then(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)
        server.start("77")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: bool(server.asked("/api/v1/backups")))
            await stage.until(watch, lambda: stage.live(server_id).state is State.RUNNING)
            server.start("1")
            server.tell("legacystatus", server.state())
            await stage.until(watch, lambda: bool(stage.live(server_id).queue))
            server.finish()
            server.tell("legacystatus", server.state())
            await stage.until(watch, lambda: stage.job()[0] == "running")
            server.start("77")
            server.finish()
            server.tell("legacystatus", server.state())
            await stage.until(watch, lambda: bool(server.asked("/api/v1/task/53")))

        stage.play(story)
        assert len(server.asked("/api/v1/backups")) == 1


def test_a_server_without_a_web_socket_is_asked(stage: Stage) -> None:
    class Deaf(Duplicati):
        async def socket(self, scope: object, receive: object, send: object) -> None:
            await super(Duplicati, self).socket(scope, receive, send)

    with Deaf(NEW) as server:
        server_id = stage.link(server)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.slept == [15.0])
            long = server.asked("/api/v1/serverstate")[1]
            assert long.query == {"longpoll": "true", "lastEventId": "1", "duration": "30s"}
            server.start("1")
            stage.wake()
            await stage.until(watch, lambda: stage.job() == ("running", "Backup_ProcessingFiles", "Running"))
            await stage.until(watch, lambda: stage.slept == [15.0, 5.0])
            server.finish()
            stage.wake()
            await stage.until(watch, lambda: stage.live(server_id).state is State.IDLE)
            assert stage.job()[0] == "idle"

        stage.play(story)


def test_a_token_goes_into_no_address_where_a_message_was_waited_for(stage: Stage) -> None:
    queries: list[bytes] = []

    class Refusing(Duplicati):
        async def socket(self, scope: Any, receive: Any, send: Any) -> None:
            queries.append(scope["query_string"])
            self.tokens.clear()
            await super().socket(scope, receive, send)

    with Refusing(NEW) as server:
        stage.link(server)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.slept == [15.0])

        stage.play(story)
    assert queries == [b""]


def test_a_wrong_password_is_tried_once_until_the_link_changes(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server, password="wrong")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.live(server_id).trouble == Code.PASSWORD)
            stage.clock.advance(HOUR)
            await watch.look()
            await watch.write()
            assert (server.logins, stage.slept) == (1, [])
            assert stage.live(server_id).state is State.UNKNOWN
            stage.link(server)
            await watch.look()
            await stage.until(watch, lambda: stage.live(server_id).state is State.IDLE)
            assert stage.live(server_id).trouble == ""
            assert server.logins == 2

        stage.play(story)


def test_without_a_password_nobody_is_asked(stage: Stage) -> None:
    with Duplicati(NEW) as server, Duplicati(NEW) as open_once, Duplicati(NEW) as other:
        stage.link(server, password="")
        collected = stage.link(open_once, "open", password="")
        stage.write(lambda connection: connection.raw.execute(f"UPDATE server_link SET collected_at = 1 WHERE server_id = {collected}"))
        well = stage.link(other, "other")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.live(well).state is State.IDLE)
            await stage.until(watch, lambda: stage.live(collected).trouble == Code.NO_PASSWORD)

        stage.play(story)
        assert server.received == []
        assert open_once.logins == 0


def test_a_server_that_is_away_for_a_minute_is_not_called_gone(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)
        server.instead["*"] = Reply(b"", 502)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: len(stage.slept) == 1)
            stage.clock.advance(GONE_AFTER - 1)
            await watch.write()
            assert stage.live(server_id).state is State.UNKNOWN
            stage.clock.advance(1)
            await watch.write()
            assert stage.live(server_id).state is State.GONE
            version = stage.writer.version
            await watch.write()
            assert stage.writer.version == version, "once"
            server.instead.clear()
            stage.wake()
            await stage.until(watch, lambda: stage.live(server_id).state is State.IDLE)

        stage.play(story)


def test_a_server_that_goes_away_takes_its_running_job_along(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)
        server.start("1")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.job()[0] == "running")
            await stage.until(watch, lambda: bool(server._sockets))
            server.instead["*"] = error(503, "shutting down")
            server.hang_up()
            await stage.until(watch, lambda: len(stage.slept) >= 1)
            assert stage.job()[0] == "running"
            stage.wake()
            await stage.until(watch, lambda: len(stage.slept) >= 2)
            stage.clock.advance(GONE_AFTER)
            await stage.until(watch, lambda: stage.live(server_id).state is State.GONE)
            assert stage.job()[0] == "idle"

        stage.play(story)
        assert server.logins == 1, "the token is used again"


def test_progress_is_written_each_few_seconds_at_most(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        stage.link(server)
        server.start("1")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.job()[0] == "running")
            await stage.until(watch, lambda: bool(server._sockets))
            (watcher,) = watch._watchers.values()
            # Until the server has said when it began, which is told at once.
            await stage.until(watch, lambda: _begun(watcher))
            version, begun = stage.writer.version, asyncio.get_running_loop().time()
            for share in range(40):
                server.progress.overall = share / 100
                server.tell("progress", server.progress_state())
            await stage.until(watch, lambda: _share(watcher) == 0.39)
            at = asyncio.get_running_loop().time()
            assert stage.writer.version - version <= 1 + (at - begun) // PROGRESS_EVERY
            assert watcher.due(stage.clock.now(), at + 1) is None
            assert watcher.due(stage.clock.now(), at + 5.1) is not None

        stage.play(story)


def _begun(watcher: Any) -> bool:
    seen = watcher._kept
    return bool(seen and seen.work and seen.work.is_told)


def _share(watcher: Any) -> float | None:
    seen = watcher.server.seen
    return seen.work.share if seen and seen.work else None


def test_what_stays_as_it_is_is_confirmed_once_a_minute_for_all(stage: Stage) -> None:
    with Duplicati(NEW) as first, Duplicati(NEW) as second:
        ids = [stage.link(first, "one"), stage.link(second, "two")]

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: all(stage.live(each).state is State.IDLE for each in ids))
            await stage.until(watch, lambda: bool(first._sockets and second._sockets))
            version = stage.writer.version
            for _ in range(10):
                stage.clock.advance(MINUTE)
                await watch.write()
            assert stage.writer.version == version, "nobody has to look anew"
            assert [stage.live(each).state for each in ids] == [State.IDLE, State.IDLE]

        stage.play(story)


def test_only_the_process_that_leads_watches(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        stage.link(server)
        stage.leads = False

        async def story(watch: Watching) -> None:
            await watch.write()
            assert server.received == []
            stage.leads = True
            await watch.look()
            await stage.until(watch, lambda: bool(server._sockets))
            stage.leads = False
            await watch.look()
            await stage.until(watch, lambda: not server._sockets)

        stage.play(story)


def test_switching_the_watch_off_forgets_what_was_known(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)
        server.start("1")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.job()[0] == "running")
            stage.write(lambda connection: connection.raw.execute("UPDATE server_link SET watch = 0"))
            await watch.look()
            assert stage.live(server_id).state is State.UNKNOWN
            assert stage.job()[0] == "idle"
            await stage.until(watch, lambda: not server._sockets)

        stage.play(story)


def test_a_server_without_an_address_any_more_runs_nothing(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)
        server.start("1")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.job()[0] == "running")
            stage.write(lambda connection: links.set_url(connection, server_id, ""))
            await watch.look()
            assert stage.job()[0] == "idle"

        stage.play(story)


def test_what_a_process_left_behind_long_ago_is_forgotten_by_the_next(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        server_id = stage.link(server)
        server.start("1")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.job()[0] == "running")

        stage.play(story)
        assert stage.job()[0] == "running"
        server.instead["*"] = HANGS

        async def later(watch: Watching) -> None:
            assert stage.job()[0] == "running", "it may still be so"
            stage.clock.advance(HOUR)
            again = stage.watch()
            await again.look()
            assert (stage.job()[0], stage.live(server_id).state) == ("idle", State.UNKNOWN)
            await again.close()

        stage.play(later)
