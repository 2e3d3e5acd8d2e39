"""What a server does now, and telling it what to do, over the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, MINUTE, Instant, iso
from duplistatus.evaluate.watched_server import Seen, Work
from duplistatus.store import live_servers
from duplistatus.store.fleet_marks import fleet_marks
from duplistatus.store.ids import ServerId
from tests.ingest.duplicati.stand_in import Duplicati, error
from tests.store.linking import linked, lists
from tests.web.api.reports import Made, document
from tests.web.parts import parts_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

DEEDS = {"server_job_started", "server_task_stopped", "server_paused", "server_resumed"}
LIVE, CONTROL = "/api/servers/id-alpha/live", "/api/servers/id-alpha/control"


@pytest.fixture(params=["2.3.0.109", "2.1.0.5"])
def duplicati(request: pytest.FixtureRequest, admin: TestClient, clock: SetClock) -> Iterator[Duplicati]:
    """A Duplicati server with the job `Files`, which has reported, and may be told what to do."""
    with Duplicati(request.param) as server:
        server.jobs[0]["Backup"]["Name"] = "Files"
        prepare(admin, clock, server.url, server.password)
        yield server


def prepare(admin: TestClient, clock: SetClock, url: str, password: str = "") -> None:
    admin.post("/api/upload", json=document(Made(Instant(clock.now() - 26 * HOUR), next_run=Instant(clock.now() - 20 * HOUR))))
    parts = parts_behind(admin)

    def work(connection: Connection) -> None:
        server = linked(connection, "id-alpha", url, secrets=parts.secrets, password=password)
        lists(connection, server, a1="Files")
        connection.raw.execute("UPDATE server_link SET controls = 1")

    parts.writer.submit(work).result()


def says(admin: TestClient, seen: Seen, at: Instant) -> None:
    parts = parts_behind(admin)

    def work(connection: Connection) -> None:
        row: Any = connection.raw.execute("SELECT server_id FROM server_link").fetchone()
        live_servers.keep(connection, row[0], seen, at)

    parts.writer.submit(work).result()


def entries(admin: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    """What the audit log says of servers, the oldest first."""
    found = admin.get("/api/audit-log?category=server&limit=50").json()["logs"]
    return [(each["action"], each["status"], each["details"]) for each in reversed(found) if each["action"] in DEEDS]


def test_a_server_that_has_said_nothing_is_unknown(admin: TestClient, clock: SetClock) -> None:
    prepare(admin, clock, "https://duplicati.test")
    assert admin.get(LIVE).json() == {
        "server": {"id": "id-alpha", "name": "alpha", "alias": ""},
        "state": "unknown",
        "sentence": "What the server does now is not known.",
        "heard_at": None,
        "paused_until": None,
        "task": None,
        "queue": [],
        "watched": True,
        "controls": True,
        "trouble": None,
    }


def test_work_pause_and_queue_are_told(admin: TestClient, clock: SetClock) -> None:
    prepare(admin, clock, "https://duplicati.test")
    now = clock.now()
    says(admin, Seen(True, Instant(now + HOUR), Work(56, "9", now, phase="Backup_Begin", share=0.5), ("1",)), now)
    found = admin.get(LIVE).json()
    assert (found["state"], found["paused_until"], found["heard_at"]) == ("paused", iso(Instant(now + HOUR)), iso(now))
    assert found["sentence"] == "The server is paused until 13:00: it starts nothing before that."
    assert found["task"] == {
        **{"number": 56, "job_id": None, "job": None, "duplicati_id": "9"},
        **{"phase": "Backup_Begin", "progress": 0.5},
    }
    (waiting,) = found["queue"]
    assert (waiting["job"], waiting["duplicati_id"], type(waiting["job_id"])) == ("Files", "1", int)
    clock.advance(10 * MINUTE)
    assert admin.get(LIVE).json()["state"] == "unknown"


def test_a_server_without_an_address_does_nothing(admin: TestClient, clock: SetClock) -> None:
    admin.post("/api/upload", json=document(Made(clock.now())))
    for answer in (admin.get(LIVE), admin.post(CONTROL, json={"do": "pause"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "no_address")
    assert admin.get("/api/servers/nobody/live").status_code == 404


def test_a_pause_explains_a_job_that_is_overdue(admin: TestClient, clock: SetClock) -> None:
    prepare(admin, clock, "https://duplicati.test")
    job = admin.get("/api/jobs").json()["items"][0]["id"]
    path = f"/api/jobs/{job}/explain"
    assert admin.get(path).json()["server_state"] is None
    says(admin, Seen(True, Instant(clock.now() + HOUR)), clock.now())
    found = admin.get(path).json()
    assert found["schedule"] == "overdue", "a pause excuses nothing"
    assert found["server_state"]["state"] == "paused"
    assert found["server_state"]["sentence"].startswith("Its server is paused until 13:00, and starts no job before that")
    assert admin.get(f"{path}?at={iso(Instant(clock.now() - HOUR))}").json()["server_state"] is None
    says(admin, Seen(), clock.now())
    assert admin.get(path).json()["server_state"] == {"state": "idle", "paused_until": None, "sentence": None}


def test_a_job_is_started(admin: TestClient, duplicati: Duplicati) -> None:
    job = admin.get("/api/jobs").json()["items"][0]["id"]
    answer = admin.post(CONTROL, json={"do": "start", "job_id": job})
    assert (answer.status_code, answer.json()) == (200, {"did": "start", "task": 51})
    assert duplicati.active == (51, "1")
    ((action, status, details),) = entries(admin)
    assert (action, status) == ("server_job_started", "success")
    assert {"serverId": "id-alpha", "job": "Files", "do": "start", "did": "start", "task": 51}.items() <= details.items()
    assert (duplicati.logins, duplicati.families) == (1, {})


def test_what_runs_is_stopped_or_aborted_as_the_version_can(admin: TestClient, duplicati: Duplicati) -> None:
    duplicati.start("1")
    answer = admin.post(CONTROL, json={"do": "stop", "task": 51})
    assert answer.json() == {"did": "stop" if duplicati.is_new else "abort", "task": 51}
    assert duplicati.active is None
    duplicati.start("1")
    assert admin.post(CONTROL, json={"do": "abort"}).json() == {"did": "abort", "task": 52}
    assert [action for action, _, _ in entries(admin)] == ["server_task_stopped"] * 2


def test_nothing_else_is_stopped_than_was_meant(admin: TestClient, duplicati: Duplicati) -> None:
    assert admin.post(CONTROL, json={"do": "stop"}).json()["code"] == "nothing_runs"
    duplicati.start("1")
    answer = admin.post(CONTROL, json={"do": "stop", "task": 50})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_task")
    assert duplicati.active is not None
    assert [(action, status) for action, status, _ in entries(admin)] == [("server_task_stopped", "failure")] * 2


def test_a_server_is_paused_and_resumed(admin: TestClient, duplicati: Duplicati) -> None:
    assert admin.post(CONTROL, json={"do": "pause", "minutes": 30}).json() == {"did": "pause", "task": None}
    assert duplicati.asked("/api/v1/serverstate/pause")[0].query == {"duration": "30m"}
    assert admin.post(CONTROL, json={"do": "pause"}).status_code == 200
    assert duplicati.asked("/api/v1/serverstate/pause")[1].query == {}
    assert duplicati.paused
    assert admin.post(CONTROL, json={"do": "resume"}).json()["did"] == "resume"
    assert not duplicati.paused
    assert [action for action, _, _ in entries(admin)] == ["server_paused", "server_paused", "server_resumed"]


def test_where_it_is_switched_off_nothing_is_asked_of_the_server(admin: TestClient, duplicati: Duplicati) -> None:
    parts = parts_behind(admin)
    parts.writer.submit(lambda connection: connection.raw.execute("UPDATE server_link SET controls = 0")).result()
    answer = admin.post(CONTROL, json={"do": "pause"})
    assert (answer.status_code, answer.json()["code"]) == (409, "controls_off")
    assert duplicati.received == []
    ((action, status, _),) = entries(admin)
    assert (action, status) == ("server_paused", "failure")


def test_a_job_is_found_by_its_name_where_its_id_is_another(admin: TestClient, duplicati: Duplicati) -> None:
    duplicati.jobs[0]["Backup"]["ID"] = "12"
    job = admin.get("/api/jobs").json()["items"][0]["id"]
    assert admin.post(CONTROL, json={"do": "start", "job_id": job}).status_code == 200
    assert duplicati.active == (51, "12")


def test_a_job_that_was_renamed_there_is_found_by_its_id(admin: TestClient, duplicati: Duplicati) -> None:
    duplicati.jobs[0]["Backup"]["Name"] = "All files"
    job = admin.get("/api/jobs").json()["items"][0]["id"]
    assert admin.post(CONTROL, json={"do": "start", "job_id": job}).status_code == 200
    assert duplicati.active == (51, "1")


def test_a_job_that_the_server_does_not_list_is_not_started(admin: TestClient, duplicati: Duplicati) -> None:
    job = admin.get("/api/jobs").json()["items"][0]["id"]
    first = duplicati.jobs[0]
    for jobs in ([], [{**first, "Backup": {**first["Backup"], "ID": number}} for number in ("12", "13")]):
        duplicati.jobs = jobs
        answer = admin.post(CONTROL, json={"do": "start", "job_id": job})
        assert (answer.status_code, answer.json()["code"]) == (409, "job_not_listed")
    assert duplicati.active is None


def test_why_a_server_cannot_be_asked_is_a_sentence_without_the_password(admin: TestClient, duplicati: Duplicati) -> None:
    duplicati.password = "another"
    answer = admin.post(CONTROL, json={"do": "pause"})
    assert (answer.status_code, answer.json()["code"]) == (502, "password")
    assert "does not accept the password" in answer.json()["error"]
    duplicati.password = "secret123"
    duplicati.instead["/api/v1/serverstate/pause"] = error(500, "no secret123 today")
    assert "secret123" not in admin.post(CONTROL, json={"do": "pause"}).text
    told = entries(admin)
    assert [(action, status) for action, status, _ in told] == [("server_paused", "failure")] * 2
    assert "secret123" not in str(told)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"do": "explode"},
        {"do": "start"},
        {"do": "start", "job_id": "1"},
        {"do": "pause", "minutes": 0},
        {"do": "pause", "minutes": 10_081},
        {"do": "stop", "task": True},
        {"do": "pause", "server": "x"},
    ],
)
def test_what_makes_no_sense_is_refused(admin: TestClient, clock: SetClock, body: dict[str, Any]) -> None:
    prepare(admin, clock, "https://duplicati.test")
    assert admin.post(CONTROL, json=body).status_code == 400


def test_a_job_of_another_server_is_not_started(admin: TestClient, duplicati: Duplicati, clock: SetClock) -> None:
    admin.post("/api/upload", json=document(Made(clock.now(), "beta")))
    other = next(each["id"] for each in admin.get("/api/jobs").json()["items"] if each["server"]["name"] == "beta")
    answer = admin.post(CONTROL, json={"do": "start", "job_id": other})
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    assert duplicati.received == []


def test_open_pages_hear_of_what_a_server_does_and_not_that_it_is_still_so(admin: TestClient, clock: SetClock) -> None:
    prepare(admin, clock, "https://duplicati.test")
    parts = parts_behind(admin)

    def marks() -> object:
        with parts.database.read() as connection:
            return fleet_marks(connection)["id-alpha"]

    before = marks()
    says(admin, Seen(True), clock.now())
    assert (paused := marks()) != before
    clock.advance(MINUTE)
    parts.writer.submit(lambda connection: live_servers.hear(connection, [ServerId(1)], clock.now())).result()
    assert marks() == paused
