"""The description of the interface: complete, valid, and true of the answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter

from duplistatus.clock import DAY, Instant
from duplistatus.web.api import job_schemas, schemas, silence_schemas
from duplistatus.web.api.openapi import document
from duplistatus.web.api_reference import groups_of, shapes_of, texts
from tests.web.api.reports import Made, send, warning

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in described["paths"].values() for operation in methods.values()]


def test_the_document_is_openapi_3_1_and_says_who_may_call_what(application: FastAPI) -> None:
    described = document(application)
    assert described["openapi"] == "3.1.0"
    names = [operation["operationId"] for operation in operations(described)]
    assert len(set(names)) == len(names) > 20
    assert all(operation["summary"] and operation["x-access"] for operation in operations(described))
    assert described["paths"]["/api/rejected"]["get"]["security"] == [{"session": []}, {"key": []}]
    assert described["paths"]["/api/summary"]["get"]["security"] == [{}, {"key": []}]
    assert described["paths"]["/api/auth/change-password"]["post"]["security"] == [{"session": []}]
    assert "security" not in described["paths"]["/api/csrf"]["get"]
    assert "/api/chart-data/server/{server}/backup/{job}" in described["paths"]


def test_no_page_for_people_is_in_the_document(application: FastAPI) -> None:
    paths = list(document(application)["paths"])
    assert [path for path in paths if not path.startswith("/api/")] == ["/metrics"]


def test_every_shape_that_is_named_is_described_and_used(application: FastAPI) -> None:
    described = document(application)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', orjson.dumps(described).decode()))
    assert named == set(described["components"]["schemas"])
    for schema in described["components"]["schemas"].values():
        Draft202012Validator({**schema, "components": described["components"]})


def test_paths_in_the_document_begin_where_a_proxy_serves_the_product(application: FastAPI, admin: TestClient) -> None:
    answer = admin.get("/api/openapi.json")
    assert answer.json()["servers"] == [{"url": "/"}]
    assert answer.json() == orjson.loads(orjson.dumps(document(application)))


@pytest.fixture
def told(admin: TestClient, clock: SetClock) -> TestClient:
    """An administrator who looks at a fleet with some history."""
    for days in (2, 1):
        begun = Instant(clock.now() - days * DAY)
        send(admin, Made(begun, warnings=(warning("w"),)), Made(begun, server="beta", next_run=begun), Made(begun, server_id="other"))
    admin.post("/api/upload", content=b"no report")
    # One of everything that can be said of silences, so that no list is empty.
    admin.post("/api/snoozes", json={"job_id": 1, "for": "1h"})
    admin.post("/api/snoozes", json={"server_id": "id-beta", "for": "1h"})
    admin.put("/api/servers/id-beta/tags", json={"tags": ["site"]})
    admin.post("/api/jobs/2/acknowledgement", json={})
    times = {"starts_at": "2026-07-10T12:00:00Z", "ends_at": "2026-07-11T12:00:00Z"}
    weekly = {"days": [1], "start_time": "22:00", "length_minutes": 60, "zone": "Europe/Oslo", "first_date": "2026-07-01"}
    admin.post("/api/maintenance", json={"name": "once", **times, "tag": "site"})
    admin.post("/api/maintenance", json={"name": "weekly", **weekly, "server_id": "id-beta"})
    return admin


ANSWERS: list[tuple[str, int, Any]] = [
    ("/api/summary", 200, schemas.Summary),
    ("/api/lastbackup/beta", 200, schemas.LastBackup),
    ("/api/lastbackups/beta", 200, schemas.LastBackups),
    ("/api/lastbackup/nope", 404, schemas.UnknownServer),
    ("/api/lastbackups/alpha", 400, schemas.AmbiguousServer),
    ("/api/health", 200, schemas.Health),
    ("/api/ping", 200, schemas.Ping),
    ("/api/dashboard", 200, schemas.Dashboard),
    ("/api/servers", 200, list[schemas.ServerName]),
    ("/api/servers?includeBackups=true", 200, list[schemas.ServerJob]),
    ("/api/servers/id-beta", 200, schemas.Server),
    ("/api/servers/id-beta?includeBackups=true", 200, schemas.FullServer),
    ("/api/servers/id-beta/server-url", 200, schemas.ServerUrl),
    ("/api/detail/id-beta", 200, schemas.Detail),
    ("/api/detail/nope", 404, schemas.Failure),
    ("/api/chart-data/aggregated", 200, list[schemas.ChartPoint]),
    ("/api/chart-data/server/id-beta", 200, list[schemas.ChartPoint]),
    ("/api/chart-data/server/id-beta/backup/Files", 200, list[schemas.ChartPoint]),
    ("/api/backups/last-timestamps", 200, schemas.LastTimestamps),
    ("/api/jobs", 200, job_schemas.JobList),
    ("/api/jobs?server=nope", 404, schemas.Failure),
    ("/api/jobs/1", 200, job_schemas.Job),
    ("/api/jobs/1/versions", 200, job_schemas.Versions),
    ("/api/rejected", 200, schemas.RejectedList),
    ("/api/rejected/1", 200, schemas.RejectedDocument),
    ("/api/snoozes", 200, silence_schemas.SnoozeList),
    ("/api/acknowledgements", 200, silence_schemas.AcknowledgementList),
    ("/api/maintenance", 200, silence_schemas.MaintenanceList),
    ("/api/tags", 200, silence_schemas.TagList),
]


@pytest.mark.parametrize(("path", "status", "shape"), ANSWERS, ids=[path for path, _, _ in ANSWERS])
def test_an_answer_has_the_shape_that_is_described(told: TestClient, path: str, status: int, shape: Any) -> None:
    answer = told.get(path)
    assert answer.status_code == status
    TypeAdapter(shape).validate_json(answer.content)


def test_a_run_and_its_texts_have_the_shapes_that_are_described(told: TestClient) -> None:
    run_id = told.get("/api/lastbackup/beta").json()["latest_backup"]["id"]
    job_schemas.Run.model_validate_json(told.get(f"/api/runs/{run_id}").content)
    job_schemas.RunTexts.model_validate_json(told.get(f"/api/runs/{run_id}/log").content)


def test_the_reference_for_people_has_every_operation_and_shape(application: FastAPI) -> None:
    described = document(application)
    shown = [operation.id for group in groups_of(described) for operation in group.operations]
    assert sorted(shown) == sorted(operation["operationId"] for operation in operations(described))
    shapes = {shape.name: shape for shape in shapes_of(described)}
    assert set(shapes) == set(described["components"]["schemas"])
    fields = {field.name: field for field in shapes["Dashboard"].fields}
    assert (fields["serversSummary"].kind, fields["serversSummary"].shape) == ("list of", "ServerEntry")
    job = {field.name: field for field in shapes["Job"].fields}
    assert (job["last_run"].kind, job["last_run"].shape, job["last_run"].nullable) == ("", "LastRun", True)
    assert (job["files"].kind, job["files"].nullable, job["run_count"].nullable) == ("integer", True, False)


def test_backticks_of_a_sentence_become_code() -> None:
    assert [(piece.text, piece.code) for piece in texts("see `x`, and")] == [("see ", False), ("x", True), (", and", False)]
