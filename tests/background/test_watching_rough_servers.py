"""Watching servers that make it hard: silent ones, other certificates, floods, and how long is waited after failures."""

from __future__ import annotations

import ssl
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from duplistatus.background.watching_servers import GONE_AFTER, pause
from duplistatus.ingest.duplicati.trouble import Code
from duplistatus.store.live_servers import State
from tests.background.stage import Stage
from tests.ingest.duplicati.legacy import Legacy
from tests.ingest.duplicati.stand_in import HANGS, Duplicati
from tests.notify.certificates import self_signed

if TYPE_CHECKING:
    from pathlib import Path

    from duplistatus.background.watching_servers import Watching

NEW, OLD = "2.3.0.109", "2.1.0.5"


def test_a_server_that_takes_every_request_and_says_nothing_stops_nobody(stage: Stage) -> None:
    with Duplicati(NEW) as silent, Duplicati(NEW) as server:
        silent.instead["*"] = HANGS
        stage.link(silent, "silent")
        server_id = stage.link(server, "well")

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.live(server_id).state is State.IDLE)

        stage.play(story)


def test_an_agreed_certificate_serves_the_web_socket_too(stage: Stage, data_dir: Path) -> None:
    made = self_signed(data_dir)
    agreed = sha256(ssl.PEM_cert_to_DER_cert(made.file.read_text())).hexdigest()
    with Duplicati(NEW, context=made.context) as server:
        server_id = stage.link(server, certificate=agreed)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: bool(server._sockets))
            await stage.until(watch, lambda: stage.live(server_id).state is State.IDLE)

        stage.play(story)


@pytest.mark.parametrize("password", ["secret123", ""])
def test_an_old_server_is_asked_in_its_own_spelling(stage: Stage, password: str) -> None:
    with Legacy(password=password) as server:
        server_id = stage.link(server)
        # Where no password is stored, a server is watched from its first collection on.
        stage.write(lambda connection: connection.raw.execute(f"UPDATE server_link SET collected_at = 1 WHERE server_id = {server_id}"))

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.slept == [15.0])
            assert server.asked("/api/v1/serverstate")[1].query == {"longpoll": "true", "lasteventid": "1", "duration": "30s"}
            server.active = (7, "1")
            stage.wake()
            await stage.until(watch, lambda: stage.job() == ("running", "Backup_ProcessingFiles", "Running"))
            server.active, server.paused = None, True
            stage.wake()
            await stage.until(watch, lambda: stage.job()[0] == "idle" and stage.live(server_id).is_paused)

        stage.play(story)
        assert not server.asked("/notifications")


def test_an_old_server_that_began_anew_is_followed_on(stage: Stage) -> None:
    with Legacy() as server:
        server_id = stage.link(server)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.slept == [15.0])
            server.xsrf.clear()
            server.sessions.clear()
            server.paused = True
            stage.wake()
            await stage.until(watch, lambda: stage.live(server_id).is_paused)
            assert stage.live(server_id).trouble == ""

        stage.play(story)
        assert server.logins == 2


def test_to_another_certificate_nothing_is_said(stage: Stage, data_dir: Path) -> None:
    with Duplicati(NEW, context=self_signed(data_dir).context) as server:
        server_id = stage.link(server, certificate="0" * 64)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: stage.slept == [300.0])
            stage.clock.advance(GONE_AFTER)
            await watch.write()
            assert stage.live(server_id).trouble == Code.CERTIFICATE_CHANGED

        stage.play(story)
        assert server.received == []


def test_a_flood_of_messages_is_slowed_down(stage: Stage) -> None:
    with Duplicati(NEW) as server:
        stage.link(server)

        async def story(watch: Watching) -> None:
            await stage.until(watch, lambda: bool(server._sockets))
            server.flood(server.state(), 200)
            await stage.until(watch, lambda: stage.slept[:1] == [1.0])

        stage.play(story)


@pytest.mark.parametrize(
    ("tries", "code", "seconds"),
    [(1, Code.REFUSED, 5.0), (2, Code.CUT, 10.0), (5, Code.SLOW, 80.0), (9, Code.DNS, 900.0), (5000, Code.DNS, 900.0)],
)
def test_pauses_grow_up_to_a_quarter_of_an_hour(tries: int, code: Code, seconds: float) -> None:
    assert pause(tries, code, 1.0) == seconds
    assert pause(tries, code, 0.0) == seconds / 2


def test_what_no_moment_settles_is_tried_less_often() -> None:
    assert pause(1, Code.CERTIFICATE, 1.0) == 300.0
    assert pause(20, Code.HOST_NAME, 1.0) == 900.0
