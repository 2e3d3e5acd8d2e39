"""Jobs at work as their server's API tells it, beside what servers post."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, MINUTE, SECOND, Instant
from duplistatus.evaluate.watched_server import Seen, Work
from duplistatus.store import live_jobs, live_servers
from duplistatus.store.live_servers import State
from tests.ingest.test_live_status import activity, changes, progress, report, schedule, tell
from tests.store.linking import linked, lists

if TYPE_CHECKING:
    from duplistatus.store.ids import ServerId
    from duplistatus.store.live_servers import LiveServer
    from tests.ingest.conftest import Door


@pytest.fixture
def server(door: Door) -> ServerId:
    """A server with the job `Files`, number 1 in its API, which ran two hours ago and is expected at noon."""
    report(door, Instant(door.clock.now() - 2 * HOUR), next_run=door.clock.now())

    def work(connection: Any) -> ServerId:
        found = linked(connection, "id-alpha")
        lists(connection, found, a1="Files", a2="Pictures")
        return found

    return door.parts.writer.submit(work).result()


def says(door: Door, server: ServerId, work: Work | None = None, **more: Any) -> None:
    now = door.clock.now()
    door.parts.writer.submit(lambda connection: live_servers.keep(connection, server, Seen(work=work, **more), now)).result()


def at_work(door: Door, task: int = 56, since: Instant | None = None, *, job: str = "1", is_told: bool = True, **more: Any) -> Work:
    return Work(task, job, since if since is not None else door.clock.now(), is_told, **more)


def live(door: Door, server: ServerId) -> LiveServer:
    with door.parts.database.read() as connection:
        found = live_servers.live_server(connection, server, door.clock.now())
    assert found is not None
    return found


def state(door: Door) -> str:
    return str(door.value("SELECT live_state FROM job"))


def test_a_job_that_the_api_says_is_at_work_is_running_until_it_says_otherwise(door: Door, server: ServerId) -> None:
    says(door, server, at_work(door, phase="Backup_ProcessingFiles", share=0.25))
    assert activity(door) == "running"
    assert door.rows("SELECT live_phase, live_progress, live_operation FROM job") == [("Backup_ProcessingFiles", 0.25, "Backup")]
    door.clock.advance(3 * HOUR)
    assert activity(door) == "running", "a server that is watched is not silent"
    assert schedule(door) == "late", "what is at work is not overdue"
    says(door, server)
    assert activity(door) == "idle"
    assert schedule(door) == "overdue"
    assert changes(door) == [("idle", "running"), ("running", "idle")]


def test_an_overdue_job_that_begins_is_late_at_once_and_overdue_again_at_its_end(door: Door, server: ServerId) -> None:
    door.clock.advance(3 * HOUR)
    assert schedule(door) == "overdue"
    says(door, server, at_work(door))
    assert door.value("SELECT schedule FROM job") == "late"
    says(door, server)
    assert door.value("SELECT schedule FROM job") == "overdue"


def test_the_report_ends_it_while_the_server_still_tidies_up(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    says(door, server, at_work(door, since=begun))
    door.clock.advance(MINUTE)
    report(door, Instant(begun + SECOND))
    assert activity(door) == "idle"
    says(door, server, at_work(door, since=begun, phase="Backup_Complete"))
    assert activity(door) == "idle"
    door.clock.advance(HOUR)
    says(door, server, at_work(door, 57))
    assert activity(door) == "running", "the next task is another one"


def test_the_report_ends_it_where_the_server_does_not_tell_when_it_began(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    heard = Instant(begun + 20 * MINUTE)
    door.clock.advance(20 * MINUTE)
    says(door, server, at_work(door, since=heard, is_told=False))
    assert activity(door) == "running"
    door.clock.advance(10 * MINUTE)
    # It lasted 22 minutes.
    report(door, begun)
    says(door, server, at_work(door, since=heard, is_told=False))
    assert activity(door) == "idle"


def test_an_older_report_that_comes_late_does_not_hide_what_runs(door: Door, server: ServerId) -> None:
    door.clock.advance(HOUR)
    since = door.clock.now()
    says(door, server, at_work(door, since=since, is_told=False))
    report(door, Instant(since - 50 * MINUTE))
    says(door, server, at_work(door, since=since, is_told=False, phase="Backup_Begin"))
    assert activity(door) == "running"


def test_posts_say_more_and_lead_as_long_as_they_come(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    progress(door, begun, phase="Backup_ProcessingFiles", progress=0.4)
    says(door, server, at_work(door, since=begun, phase="Backup_Begin", share=0.1))
    assert (state(door), door.value("SELECT live_progress FROM job")) == ("Progress", 0.4)
    door.clock.advance(2 * MINUTE)
    says(door, server, at_work(door, since=begun, phase="Backup_Finalize", share=0.9))
    assert (state(door), door.value("SELECT live_progress FROM job")) == (live_jobs.BY_API, 0.9)
    progress(door, begun, phase="Backup_WaitForUpload", progress=0.95)
    assert (state(door), door.value("SELECT live_progress FROM job")) == ("Progress", 0.95)
    assert changes(door) == [("idle", "running")]


def test_a_clock_that_is_behind_does_not_shut_posts_out_after_the_api_spoke(door: Door, server: ServerId) -> None:
    begun = Instant(door.clock.now() - 30 * MINUTE)
    tell(door, "Progress", begun, Instant(begun + MINUTE), progress=0.2)
    door.clock.advance(2 * MINUTE)
    says(door, server, at_work(door, since=begun, share=0.3))
    tell(door, "Progress", begun, Instant(begun + 3 * MINUTE), progress=0.4)
    assert (state(door), door.value("SELECT live_progress FROM job")) == ("Progress", 0.4)


def test_a_post_that_ends_it_ends_it(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    says(door, server, at_work(door, since=begun))
    door.clock.advance(MINUTE)
    tell(door, "Completed", begun, door.clock.now())
    says(door, server, at_work(door, since=begun, phase="Backup_Complete"))
    assert activity(door) == "idle"
    door.clock.advance(HOUR)
    says(door, server, at_work(door, 57))
    assert activity(door) == "running"


def test_the_api_ends_what_posts_told_of_too(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    says(door, server, at_work(door, since=begun))
    progress(door, begun, progress=0.4)
    says(door, server)
    assert activity(door) == "idle"


def test_what_runs_without_the_server_is_left_to_its_posts(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    says(door, server)
    tell(door, "Started", begun, begun)
    door.clock.advance(MINUTE)
    says(door, server, is_paused=True)
    assert activity(door) == "running"


def test_a_job_that_fell_silent_is_at_work_again_when_the_api_says_so(door: Door, server: ServerId) -> None:
    begun = door.clock.now()
    tell(door, "Started", begun, begun)
    door.clock.advance(HOUR)
    assert activity(door) == "stuck"
    says(door, server, at_work(door, since=begun, share=0.5))
    assert activity(door) == "running"


def test_another_job_ends_the_first(door: Door, server: ServerId) -> None:
    report(door, Instant(door.clock.now() - 2 * HOUR), job="Pictures")
    says(door, server, at_work(door))
    says(door, server, at_work(door, 57, job="2"), queue=("1",))
    assert sorted(door.rows("SELECT name, activity FROM job")) == [("Files", "idle"), ("Pictures", "running")]
    found = live(door, server)
    assert [(each.name, each.job_id is not None) for each in found.queue] == [("Files", True)]
    assert found.task is not None
    assert found.task.job.name == "Pictures"


def test_work_at_something_unknown_ends_nothing(door: Door, server: ServerId) -> None:
    says(door, server, at_work(door))
    says(door, server, at_work(door, 57, job="99"))
    assert activity(door) == "running"
    found = live(door, server)
    assert found.task is not None
    assert found.task.job == live_servers.Waiting(None, "", "99")


def test_a_server_that_is_lost_ends_what_it_alone_told(door: Door, server: ServerId) -> None:
    says(door, server, at_work(door), queue=("2",))
    now = door.clock.now()
    door.parts.writer.submit(lambda connection: live_servers.lose(connection, server, "refused", now, is_gone=True)).result()
    assert activity(door) == "idle"
    found = live(door, server)
    assert (found.state, found.task, found.queue, found.trouble) == (State.GONE, None, (), "refused")


def test_what_was_not_confirmed_for_minutes_is_unknown(door: Door, server: ServerId) -> None:
    says(door, server, is_paused=True, pause_ends=Instant(door.clock.now() + HOUR), queue=("1",))
    assert live(door, server).is_paused
    door.clock.advance(4 * MINUTE)
    door.parts.writer.submit(lambda connection: live_servers.hear(connection, [server], door.clock.now())).result()
    door.clock.advance(4 * MINUTE)
    assert live(door, server).is_paused, "it was confirmed"
    door.clock.advance(2 * MINUTE)
    found = live(door, server)
    assert (found.state, found.pause_ends, found.queue) == (State.UNKNOWN, None, ())


def test_what_nobody_watches_is_forgotten_and_its_jobs_rest(door: Door, server: ServerId) -> None:
    says(door, server, at_work(door))

    def forget(but: frozenset[ServerId]) -> None:
        def work(connection: Any) -> None:
            now = door.clock.now()
            live_servers.forget(connection, live_servers.doubtful(connection, but, now), now)

        door.parts.writer.submit(work).result()

    forget(frozenset({server}))
    assert (live(door, server).state, activity(door)) == (State.RUNNING, "running")
    door.clock.advance(HOUR)
    forget(frozenset({server}))
    assert (live(door, server).state, activity(door)) == (State.UNKNOWN, "idle")
    says(door, server, is_paused=True)
    forget(frozenset())
    assert live(door, server).state is State.UNKNOWN


def test_the_place_in_the_queue_counts_from_one(door: Door, server: ServerId) -> None:
    says(door, server, queue=("99", "1"))
    found = live(door, server)
    job = door.value("SELECT id FROM job")
    assert found.place_of(job) == 2
    assert found.place_of(job + 1) is None
    with door.parts.database.read() as connection:
        assert live_servers.live_servers(connection, door.clock.now()) == {server: found}
