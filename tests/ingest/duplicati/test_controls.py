"""What administrators have servers do, in the words of each generation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.ingest.duplicati import controls
from duplistatus.ingest.duplicati.controls import Declined, Deed, Done, Why
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from tests.ingest.duplicati.asking import asked
from tests.ingest.duplicati.legacy import Legacy
from tests.ingest.duplicati.stand_in import Duplicati, error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from duplistatus.ingest.duplicati.api import Api

GENERATIONS = ["2.0.8", "2.1.0.5", "2.3.0.4", "2.3.0.109"]


def server_of(version: str) -> Duplicati | Legacy:
    return Legacy() if version == "2.0.8" else Duplicati(version)


def done(server: Duplicati | Legacy, work: Callable[[Api], Awaitable[Done]]) -> Any:
    return asked(server.target, work)


def posted(server: Duplicati | Legacy) -> list[str]:
    return [each.path.removeprefix("/api/v1") for each in server.received if each.method == "POST" and "/auth/" not in each.path]


@pytest.mark.parametrize("version", GENERATIONS)
def test_a_job_is_started_and_ended_at_once(version: str) -> None:
    with server_of(version) as server:
        started = done(server, partial(controls.start, ids=["1"], name="Documents"))
        assert (started.deed, started.job, server.active is not None) == (Deed.START, "1", True)
        ended = done(server, partial(controls.end, task=None, at_once=True))
        assert (ended.deed, ended.job, server.active) == (Deed.ABORT, "1", None)


@pytest.mark.parametrize(
    ("version", "deed", "words"),
    [
        ("2.0.8", Deed.STOP, ["stop", "stopaftercurrentfile"]),
        ("2.1.0.5", Deed.ABORT, ["stop", "stopaftercurrentfile", "abort"]),
        ("2.3.0.4", Deed.STOP, ["stop"]),
        ("2.3.0.109", Deed.STOP, ["stop"]),
    ],
)
def test_the_current_file_is_finished_where_the_version_knows_how(version: str, deed: Deed, words: list[str]) -> None:
    with server_of(version) as server:
        server.active = (7, "1")
        assert done(server, partial(controls.end, task=7, at_once=False)) == Done(deed, 7, "1")
        assert server.active is None
        assert [each.removeprefix("/task/7/") for each in posted(server) if each.startswith("/task")] == words


def test_an_old_server_that_cannot_finish_the_file_aborts() -> None:
    with Legacy() as server:
        server.active, server.stops = (7, "1"), False
        assert done(server, partial(controls.end, task=None, at_once=False)).deed is Deed.ABORT
        assert server.active is None


def test_another_refusal_of_a_stop_does_not_end_in_an_abort() -> None:
    with Duplicati() as server:
        server.active = (7, "1")
        server.instead["/api/v1/task/7/stop"] = error(500, "The server is out of memory")
        with pytest.raises(Trouble) as caught:
            done(server, partial(controls.end, task=None, at_once=False))
        assert (caught.value.code, caught.value.facts["status"]) == (Code.FAILED, 500)
        assert server.active == (7, "1")


@pytest.mark.parametrize("version", GENERATIONS)
def test_it_is_paused_for_a_while_and_resumed(version: str) -> None:
    with server_of(version) as server:
        assert done(server, partial(controls.pause, minutes=15)).deed is Deed.PAUSE
        assert server.paused
        assert server.asked("/api/v1/serverstate/pause")[0].query == {"duration": "15m"}
        assert done(server, controls.resume).deed is Deed.RESUME
        assert not server.paused


@pytest.mark.parametrize("version", GENERATIONS)
def test_what_has_ended_meanwhile_is_not_ended_again(version: str) -> None:
    with server_of(version) as server:
        for running, why in ((None, Why.NOTHING_RUNS), ((8, "1"), Why.OTHER_TASK)):
            server.active = running
            with pytest.raises(Declined) as caught:
                done(server, partial(controls.end, task=7, at_once=True))
            assert caught.value.why is why
        assert server.active == (8, "1")


def test_a_job_that_the_server_does_not_list_is_not_started() -> None:
    with Duplicati() as server:
        with pytest.raises(Declined) as caught:
            done(server, partial(controls.start, ids=["99"], name="Nothing of that name"))
        assert caught.value.why is Why.NO_JOB
        assert server.active is None
