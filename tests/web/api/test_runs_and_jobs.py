"""One job, one run: everything that is known of them, what is not known said as such, and the document as it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from duplistatus.clock import DAY, HOUR, Instant, iso
from tests.web.api.reports import Made, document, send, warning
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

RECORDED = Path(__file__).parents[2] / "data" / "duplicati" / "reports"


def last_run(client: TestClient, server: str = "alpha") -> str:
    return str(client.get(f"/api/lastbackup/{server}").json()["latest_backup"]["id"])


def job_of(client: TestClient, run_id: str) -> dict[str, Any]:
    number = client.get(f"/api/runs/{run_id}").json()["job"]["id"]
    found: dict[str, Any] = client.get(f"/api/jobs/{number}").json()
    return found


def test_a_run_tells_what_its_report_said(admin: TestClient, clock: SetClock) -> None:
    begun = Instant(clock.now() - HOUR)
    send(admin, Made(begun, warnings=(warning("x"),), result="Warning", next_run=Instant(clock.now() + DAY)))
    run = admin.get(f"/api/runs/{last_run(admin)}").json()
    assert (run["server"], run["job"]["name"]) == ({"id": "id-alpha", "name": "alpha", "alias": ""}, "Files")
    assert (run["begun_at"], run["duration_seconds"], run["status"]) == (iso(begun), 1312.928159, "Warning")
    assert run["next_run"] == iso(Instant(clock.now() + DAY))
    assert (run["documents"], run["warnings_count"], run["errors_count"]) == (["json"], 1, 0)
    assert (run["figures"]["examined_files"], run["figures"]["known_file_count"]) == (100, 12)
    assert run["figures"]["retry_attempts"] is None, "unknown is null"
    assert run["host"]["operating_system"] == "Linux"
    assert run["listed_versions"] == [iso(Instant(begun - DAY)), iso(Instant(begun - 2 * DAY))]


def test_the_texts_of_a_run_are_answered_as_json_or_as_a_file(admin: TestClient, clock: SetClock) -> None:
    warned = warning("could not read /höme")
    send(admin, Made(clock.now(), lines=("first", "second"), warnings=(warned,), versions=1))
    run_id = last_run(admin)
    assert admin.get(f"/api/runs/{run_id}/log").json() == {
        "lines": ["first", "second", warned],
        "warnings": [warned],
        "errors": [],
        "exception": None,
        "left_out": 0,
    }
    plain = admin.get(f"/api/runs/{run_id}/log?format=text")
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.headers["content-disposition"].startswith(f'attachment; filename="run-{run_id}.log"')
    assert plain.text == f"first\nsecond\n{warned}\n"
    assert admin.get(f"/api/runs/{run_id}/log?format=xml").status_code == 400


def test_the_document_of_a_run_comes_back_byte_for_byte(admin: TestClient, clock: SetClock) -> None:
    body = b"\xef\xbb\xbf" + orjson.dumps(document(Made(clock.now())), option=orjson.OPT_INDENT_2)
    assert admin.post("/api/upload", content=body, headers={"content-type": "text/html"}).status_code == 200
    answer = admin.get(f"/api/runs/{last_run(admin)}/report")
    assert answer.content == body
    assert answer.headers["content-type"] == "application/octet-stream", "what its sender called HTML is never shown as such"
    assert answer.headers["content-disposition"].startswith("attachment; ")


def test_only_the_newest_three_documents_of_a_job_are_kept(admin: TestClient, clock: SetClock) -> None:
    ids = []
    for hours in range(4, 0, -1):
        send(admin, Made(Instant(clock.now() - hours * HOUR)))
        ids.append(last_run(admin))
    answers = [admin.get(f"/api/runs/{each}/report") for each in ids]
    assert [answer.status_code for answer in answers] == [404, 200, 200, 200]
    assert "no longer kept" in answers[0].json()["error"]


def test_users_read_runs_but_not_their_documents(admin: TestClient, application: FastAPI, clock: SetClock) -> None:
    send(admin, Made(clock.now()))
    run_id = last_run(admin)
    user = enter(application, Kind.USER).headers
    admin.cookies.clear()
    assert admin.get(f"/api/runs/{run_id}", headers=user).status_code == 200
    assert admin.get(f"/api/runs/{run_id}/log", headers=user).status_code == 200
    assert admin.get(f"/api/runs/{run_id}/report", headers=user).status_code == 403


def test_runs_and_jobs_that_do_not_exist_are_answered_404(admin: TestClient) -> None:
    for path in (f"runs/{uuid4()}", "runs/x", "runs/x/log", "runs/x/report", "jobs/1", "jobs/1/versions"):
        answer = admin.get(f"/api/{path}")
        assert answer.status_code == 404, path
        assert set(answer.json()) == {"error", "code"}
    for number in ("0", "-1", "x", "9" * 30):
        assert admin.get(f"/api/jobs/{number}").status_code == 400, number


def test_a_job_tells_its_state_and_figures(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - 2 * DAY), next_run=Instant(clock.now() - HOUR)))
    send(admin, Made(Instant(clock.now() - DAY), result="Error", errors=("x",)))
    job = job_of(admin, last_run(admin))
    assert (job["name"], job["server"]["id"], job["run_count"], job["uploaded_total"]) == ("Files", "id-alpha", 2, 1_400)
    assert (job["schedule"], job["expected_at"], job["expected_source"]) == ("late", iso(Instant(clock.now() - HOUR)), "report")
    assert [each["status"] for each in job["recent"]] == ["Success", "Error"]
    assert job["last_good_at"] == iso(Instant(clock.now() - 2 * DAY))
    assert (job["last_run"]["status"], job["last_run"]["duration_seconds"]) == ("Error", 1312.928)
    assert (job["outcome"], job["activity"], job["silence"]) == ("good", "idle", "none")
    assert (job["last_restore"], job["last_verification"]) == (None, None)
    clock.advance(2 * HOUR)
    assert job_of(admin, last_run(admin))["schedule"] == "overdue"


def test_the_versions_of_a_job_begin_with_the_newest(admin: TestClient, clock: SetClock) -> None:
    begun = Instant(clock.now() - HOUR)
    send(admin, Made(begun))
    number = job_of(admin, last_run(admin))["id"]
    body = admin.get(f"/api/jobs/{number}/versions").json()
    assert (body["count"], body["complete"], body["next_cursor"]) == (3, True, None)
    assert [item["at"] for item in body["items"]] == [iso(Instant(begun - age * DAY)) for age in range(3)]


def test_versions_that_no_report_names_are_only_counted(admin: TestClient, clock: SetClock) -> None:
    quiet = document(Made(clock.now()))
    quiet["LogLines"] = []
    assert admin.post("/api/upload", json=quiet).status_code == 200
    number = job_of(admin, last_run(admin))["id"]
    body = admin.get(f"/api/jobs/{number}/versions").json()
    assert (body["count"], body["complete"], body["items"]) == (3, False, [])


def test_recorded_runs_of_every_generation_are_answered(admin: TestClient) -> None:
    for folder in ("2.1.0.5", "2.3.0.4", "2.3.0.109"):
        for file in sorted((RECORDED / folder).glob("*.json")):
            request = json.loads(file.read_text(encoding="utf-8"))
            if request["method"] == "POST":
                admin.post("/api/upload", content=request["body"].encode(), headers=_content(request["headers"]))
    seen = 0
    for server in admin.get("/api/servers").json():
        for run in admin.get(f"/api/servers/{server['id']}?includeBackups=true").json()["backups"]:
            assert admin.get(f"/api/runs/{run['id']}").json()["begun_at"] == run["date"]
            assert admin.get(f"/api/runs/{run['id']}/log").status_code == 200
            job_of(admin, run["id"])
            seen += 1
    assert seen > 10


def _content(headers: list[list[str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() in {"content-type", "content-encoding"}}


def test_jobs_are_listed_with_their_numbers_in_pages(admin: TestClient, clock: SetClock) -> None:
    begun = Instant(clock.now() - HOUR)
    send(admin, *(Made(begun, server=server, job=job) for server in ("alpha", "beta") for job in ("Files", "Mail", "Photos")))
    first = admin.get("/api/jobs?limit=4").json()
    second = admin.get(f"/api/jobs?limit=4&cursor={first['next_cursor']}").json()
    listed = first["items"] + second["items"]
    assert [(job["server"]["name"], job["name"]) for job in listed] == [
        (server, job) for server in ("alpha", "beta") for job in ("Files", "Mail", "Photos")
    ]
    assert second["next_cursor"] is None
    assert admin.get(f"/api/jobs/{listed[4]['id']}").json() == listed[4]
    assert [job["name"] for job in admin.get("/api/jobs?server=id-beta").json()["items"]] == ["Files", "Mail", "Photos"]


def test_the_jobs_of_a_server_that_does_not_exist_are_not_found(admin: TestClient) -> None:
    assert admin.get("/api/jobs?server=nobody").status_code == 404
    assert admin.get("/api/jobs?limit=0").status_code in {400, 422}
    assert admin.get("/api/jobs").json() == {"items": [], "next_cursor": None}
