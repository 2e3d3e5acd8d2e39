"""A paused server, one that is away, and a queue, as the pages show them; and the forms that tell a server what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, MINUTE, Instant
from duplistatus.evaluate.watched_server import Seen, Work
from duplistatus.store import live_servers
from tests.ingest.duplicati.stand_in import Duplicati
from tests.store.linking import lists
from tests.web.api.reports import Made, document
from tests.web.api.test_live_servers import entries, prepare, says
from tests.web.pages.html import Element, read, tree
from tests.web.parts import parts_behind

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

ADDRESS = "https://duplicati.test"
PLACES = ("/", "/?view=table", "/detail/id-alpha", "/jobs/1/details")


@pytest.fixture
def reader(admin: TestClient, clock: SetClock) -> TestClient:
    """Signed in; there is one server with one job, which is overdue."""
    prepare(admin, clock, ADDRESS)
    return admin


def text(client: TestClient, path: str) -> str:
    return read(client.get(path)).text


def lose(client: TestClient, at: Instant, trouble: str, *, is_gone: bool) -> None:
    def work(connection: Connection) -> None:
        row: Any = connection.raw.execute("SELECT server_id FROM server_link").fetchone()
        live_servers.lose(connection, row[0], trouble, at, is_gone=is_gone)

    parts_behind(client).writer.submit(work).result()


@pytest.mark.parametrize("path", PLACES)
def test_a_pause_is_shown_with_its_end(reader: TestClient, clock: SetClock, path: str) -> None:
    assert "aused" not in text(reader, path)
    says(reader, Seen(True, Instant(clock.now() + HOUR)), clock.now())
    assert "paused until 13:00" in text(reader, path).lower()
    says(reader, Seen(True), clock.now())
    assert "13:00" not in text(reader, path)
    assert "aused" in text(reader, path)
    says(reader, Seen(), clock.now())
    assert "aused" not in text(reader, path)


@pytest.mark.parametrize("path", PLACES)
def test_a_server_that_is_gone_is_marked(reader: TestClient, clock: SetClock, path: str) -> None:
    says(reader, Seen(), clock.now())
    assert "not answer" not in text(reader, path)
    lose(reader, clock.now(), "refused", is_gone=True)
    assert "not answer" in text(reader, path)


@pytest.mark.parametrize("path", PLACES)
def test_what_was_not_confirmed_is_not_shown(reader: TestClient, clock: SetClock, path: str) -> None:
    says(reader, Seen(True, queue=("1",)), clock.now())
    clock.advance(6 * MINUTE)
    assert "aused" not in text(reader, path)
    assert "Waiting" not in text(reader, path)


@pytest.mark.parametrize("path", PLACES)
def test_the_place_in_the_queue_is_shown(reader: TestClient, clock: SetClock, path: str) -> None:
    says(reader, Seen(queue=("1",)), clock.now())
    assert "Waiting, next in the queue" in text(reader, path)
    says(reader, Seen(work=Work(3, "8", clock.now()), queue=("9", "1")), clock.now())
    assert "Waiting, number 2 in the queue" in text(reader, path)


@pytest.mark.parametrize("path", PLACES)
def test_a_job_that_the_api_says_is_at_work_looks_like_one_that_posts(reader: TestClient, clock: SetClock, path: str) -> None:
    says(reader, Seen(work=Work(3, "1", clock.now(), True, "Backup_ProcessingFiles", 0.25)), clock.now())
    assert "Running" in text(reader, path)
    assert "25%" in text(reader, path)


def test_the_explanation_of_an_overdue_job_names_the_pause(reader: TestClient, clock: SetClock) -> None:
    says(reader, Seen(True, Instant(clock.now() + HOUR)), clock.now())
    found = text(reader, "/jobs/1/explain")
    assert "Overdue" in found
    assert (
        "Its server is paused until 13:00, and starts no job before that: that is why no run comes. It stays overdue all the same." in found
    )


def test_a_pause_explains_nothing_of_a_job_that_is_at_work_or_not_expected_yet(reader: TestClient, clock: SetClock) -> None:
    says(reader, Seen(True, None, Work(3, "1", clock.now(), True, "Backup_Begin")), clock.now())
    assert "Its server is paused" not in text(reader, "/jobs/1/explain")
    says(reader, Seen(True), clock.now())
    assert "Its server is paused until somebody resumes it" in text(reader, "/jobs/1/explain")
    reader.post("/api/upload", json=document(Made(clock.now(), next_run=Instant(clock.now() + HOUR))))
    assert "Its server is paused" not in text(reader, "/jobs/1/explain")


def test_the_page_names_what_runs_elsewhere_and_what_waits(reader: TestClient, clock: SetClock) -> None:
    says(reader, Seen(work=Work(3, "8", clock.now()), queue=("1", "9")), clock.now())
    found = text(reader, "/detail/id-alpha")
    assert "It works at “job 8 of its list”." in found
    assert "In the queue: Files, job 9 of its list." in found


def test_jobs_that_never_ran_and_jobs_that_are_gone_there_are_named(reader: TestClient) -> None:
    assert "Duplicati lists" not in text(reader, "/detail/id-alpha")
    assert "did not list" not in text(reader, "/jobs/1/explain")
    assert reader.get("/api/jobs/1/explain").json()["listed"] is True
    listed(reader, a8="Photos", a9="<b>Mail</b>")
    page = read(reader.get("/detail/id-alpha"))
    assert "Duplicati lists further jobs, of which no run is known: <b>Mail</b>, Photos." in page.text
    assert "Files: Duplicati does not list this job. What to do: Files" in page.text
    of_job = text(reader, "/detail/id-alpha?backup=Files")
    assert "does not list this job" in of_job
    assert "Duplicati lists" not in of_job
    explained = text(reader, "/jobs/1/explain")
    assert "Duplicati did not list this job when it was asked last. If it was deleted there, switch its monitoring off here" in explained
    assert reader.get("/api/jobs/1/explain").json()["listed"] is False
    past = "/jobs/1/explain?at=2026-07-10T08:00:00Z"
    assert "did not list" not in text(reader, past)
    assert reader.get(f"/api{past}").json()["listed"] is None


def test_a_long_list_is_named_in_part(reader: TestClient) -> None:
    listed(reader, a1="Files", **{f"a{number}": f"Job {number}" for number in range(100, 122)})
    found = text(reader, "/detail/id-alpha")
    assert "Job 119. 2 more are not named here." in found
    assert "Job 120" not in found


def test_what_is_not_watched_is_not_asked_to_be_switched_off(reader: TestClient) -> None:
    listed(reader, a8="Photos")
    assert reader.patch("/api/jobs/1/watch", json={"watched": False}).status_code == 200
    explained = text(reader, "/jobs/1/explain")
    assert "Duplicati did not list this job when it was asked last." in explained
    assert "switch its monitoring off" not in explained


def listed(client: TestClient, **jobs: str) -> None:
    def work(connection: Connection) -> None:
        row: Any = connection.raw.execute("SELECT server_id FROM server_link").fetchone()
        lists(connection, row[0], **jobs)

    parts_behind(client).writer.submit(work).result()


def test_administrators_read_why_a_server_cannot_be_watched(reader: TestClient, clock: SetClock) -> None:
    lose(reader, clock.now(), "password", is_gone=False)
    found = text(reader, "/detail/id-alpha")
    assert "What it does now cannot be seen. Duplicati at duplicati.test does not accept the password." in found


def test_there_are_no_buttons_where_controls_are_off(reader: TestClient, clock: SetClock) -> None:
    says(reader, Seen(True), clock.now())
    assert buttons(reader, "/detail/id-alpha") >= {"Resume", "Run Files now"}
    parts_behind(reader).writer.submit(lambda connection: connection.raw.execute("UPDATE server_link SET controls = 0")).result()
    assert not buttons(reader, "/detail/id-alpha") & {"Resume", "Run Files now", "Pause …"}
    page = read(reader.get("/control?server=id-alpha"))
    assert "switched off for this server" in page.text
    assert not page.all("button", name="do")


def buttons(client: TestClient, path: str) -> set[str]:
    page: Element = read(client.get(path))
    return {each.attributes.get("aria-label") or each.text for each in [*page.all("a", has="button"), *page.all("button", has="button")]}


def test_the_forms_do_what_they_say(admin: TestClient, clock: SetClock) -> None:
    with Duplicati() as server:
        server.jobs[0]["Backup"]["Name"] = "Files"
        prepare(admin, clock, server.url, server.password)
        page = read(admin.get("/control?server=id-alpha&job=1"))
        assert page.one("select", name="job").one("option", value="1").attributes["selected"] == ""
        assert "Nothing runs there now." in page.text
        for form, said in (
            ({"do": "start", "job": "1"}, "Started."),
            ({"do": "stop", "task": "51"}, "It stops after the file"),
            ({"do": "pause", "minutes": "60"}, "The server pauses."),
            ({"do": "resume"}, "The server goes on."),
        ):
            answer = admin.post("/control?server=id-alpha", data=form)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/detail/id-alpha?did={form['do']}")
            assert said in text(admin, answer.headers["location"])
        assert server.asked("/api/v1/serverstate/pause")[0].query == {"duration": "60m"}
    assert [action for action, _, _ in entries(admin)] == ["server_job_started", "server_task_stopped", "server_paused", "server_resumed"]


def test_what_cannot_be_done_says_why_on_the_page(admin: TestClient, clock: SetClock) -> None:
    with Duplicati() as server:
        prepare(admin, clock, server.url, server.password)
        answer = admin.post("/control?server=id-alpha", data={"do": "stop"})
        assert answer.status_code == 409
        assert tree(answer.text).one("p", has="problem").text == "Nothing runs there now."
    answer = admin.post("/control?server=id-alpha", data={"do": "pause"})
    assert answer.status_code == 502
    assert re.search("refused|does not react", tree(answer.text).one("p", has="problem").text)
    for form in ({"do": "explode"}, {"do": "pause", "minutes": "99999"}, {"do": "pause", "minutes": "x"}):
        assert admin.post("/control?server=id-alpha", data=form).status_code == 400
    assert admin.post("/control?server=nobody", data={"do": "pause"}).status_code == 404


def test_to_stop_is_confirmed_and_names_the_task(reader: TestClient, clock: SetClock) -> None:
    says(reader, Seen(work=Work(3, "1", clock.now(), True, "Backup_Begin")), clock.now())
    assert read(reader.get("/detail/id-alpha")).one("a", href="/control?server=id-alpha#stop").text == "Stop …"
    page = read(reader.get("/control?server=id-alpha"))
    assert "Files is at work: Starting." in page.text
    assert page.one("input", name="task").attributes["value"] == "3"


def test_a_server_key_with_signs_is_an_address_again(admin: TestClient, clock: SetClock) -> None:
    assert admin.get("/control?server=a%2Fb%20c").status_code == 404
