"""What is true of a server, from what it says one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from duplistatus.clock import SECOND, Instant
from duplistatus.evaluate.watched_server import Seen, WatchedServer, Work
from duplistatus.report.live_server import ProgressTold, TasksTold, state_told
from tests.ingest.duplicati.recorded import answered
from tests.report.test_live_server import spoken

NOON = Instant(1_795_262_400_000)


def state(event: int, task: tuple[int, str] | None = None, queue: tuple[str, ...] = (), **more: Any) -> Any:
    """What the server says of itself."""
    active = {"Item1": task[0], "Item2": task[1]} if task else None
    waiting = [{"Item1": 90 + place, "Item2": job} for place, job in enumerate(queue)]
    told = state_told(
        answered("2.3.0.109", "serverstate-idle") | {"LastEventID": event, "ActiveTask": active, "SchedulerQueueIds": waiting} | more
    )
    assert told is not None
    return told


def progress(task: int, phase: str = "Backup_ProcessingFiles", files: int = 5) -> ProgressTold:
    return ProgressTold(task, "1", phase, 0.0, files, 10, None, None)


def seen(server: WatchedServer) -> Seen:
    assert server.seen is not None
    return server.seen


def work(server: WatchedServer) -> Work:
    found = seen(server).work
    assert found is not None
    return found


def test_the_recorded_run_is_followed() -> None:
    server, story = WatchedServer(), list[object]()
    for event in spoken():
        if event is not None:
            server.take(event, NOON)
        now = server.seen
        told = (now.work.job if now.work else None, now.work.phase if now.work else None, now.queue) if now else None
        if told not in story[-1:]:
            story.append(told)
    assert story == [
        None,
        (None, None, ()),
        (None, None, ("1",)),
        ("1", None, ()),
        ("1", "Starting_Operation", ()),
        ("1", "Backup_Begin", ()),
        ("1", "Backup_PreBackupVerify", ()),
        ("1", "Backup_ProcessingFiles", ()),
    ]
    assert work(server).done == pytest.approx(21003660 / 26303212)


def test_a_message_that_was_overtaken_changes_nothing() -> None:
    server = WatchedServer()
    server.take(state(8, (2, "1")), NOON)
    server.take(state(7, None, ("1",)), NOON)
    assert work(server).task == 2
    assert seen(server).queue == ()


def test_after_a_new_connection_a_lower_number_counts() -> None:
    server = WatchedServer()
    server.take(state(335, (2, "1")), NOON)
    server.connected()
    server.take(state(3), NOON)
    assert seen(server) == Seen()


def test_progress_of_another_task_is_ignored() -> None:
    server = WatchedServer()
    server.take(progress(2), NOON)
    assert server.seen is None
    server.take(state(8, (2, "1")), NOON)
    server.take(progress(1), NOON)
    assert work(server).phase is None
    server.take(progress(2), NOON)
    assert (work(server).phase, work(server).done) == ("Backup_ProcessingFiles", 0.5)
    server.take(state(9), NOON)
    server.take(progress(2), NOON)
    assert seen(server).work is None


def test_a_task_began_when_the_server_says_so_else_when_it_was_first_heard_of() -> None:
    server = WatchedServer()
    server.take(state(8, (2, "1")), NOON)
    server.take(state(9, (2, "1")), Instant(NOON + SECOND))
    assert (work(server).since, work(server).is_told) == (NOON, False)
    server.take(TasksTold({2: Instant(NOON - 5)}), NOON)
    assert (work(server).since, work(server).is_told) == (NOON - 5, True)
    server.take(TasksTold({}), NOON)
    server.take(state(10, (3, "1")), Instant(NOON + 2 * SECOND))
    assert (work(server).since, work(server).is_told) == (NOON + 2 * SECOND, False)


def test_progress_goes_on_while_the_state_is_told_anew() -> None:
    server = WatchedServer()
    server.take(state(8, (2, "1")), NOON)
    server.take(progress(2, files=7), NOON)
    server.take(state(9, (2, "1"), ("4",)), NOON)
    assert work(server).files_done == 7
    assert seen(server).queue == ("4",)


def test_how_far_it_is_is_no_part_of_the_frame() -> None:
    server = WatchedServer()
    server.take(state(8, (2, "1")), NOON)
    before = seen(server)
    server.take(progress(2), NOON)
    assert seen(server) != before
    assert seen(server).frame == before.frame


def test_a_pause_without_an_end_has_none() -> None:
    server = WatchedServer()
    server.take(state(8, ProgramState="Paused"), NOON)
    assert seen(server) == Seen(is_paused=True)
    server.take(state(9, ProgramState="Paused", EstimatedPauseEnd="2026-11-21T07:50:23.5899124Z"), NOON)
    assert seen(server).pause_ends == 1795247423589
    server.take(state(10, EstimatedPauseEnd="2026-11-21T07:50:23.5899124Z"), NOON)
    assert seen(server) == Seen()
