"""Metrics as Prometheus scrapes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from duplistatus import __version__
from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.store.database import Database
from tests.web.api.live import status_document
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.settings import Settings

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: TestClient, accept: str = "text/plain") -> Samples:
    answer = client.get("/metrics", headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in families for sample in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def test_each_job_tells_its_last_run_its_sizes_and_its_schedule(admin: TestClient, clock: SetClock) -> None:
    due = Instant(clock.now() - 3 * HOUR)
    good = Instant(clock.now() - 2 * DAY)
    failed = Instant(clock.now() - DAY)
    send(admin, Made(good, job='odd "name"\\', next_run=due), Made(failed, job='odd "name"\\', result="Error", errors=("no",)))
    samples = scrape(admin)
    job = {"server_id": "id-alpha", "server": "alpha", "job": 'odd "name"\\'}

    def of(name: str) -> float | None:
        return value(samples, f"duplistatus_job_{name}", **job)

    assert of("last_success_timestamp_seconds") == good / SECOND
    assert of("last_run_timestamp_seconds") == failed / SECOND
    assert of("next_run_timestamp_seconds") == due / SECOND
    assert of("overdue") == 1
    assert (of("last_run_duration_seconds"), of("last_run_uploaded_bytes"), of("last_run_errors")) == (1312.928, 700, 1)
    assert (of("source_bytes"), of("source_files"), of("stored_bytes"), of("versions")) == (5_000, 100, 3_000, 3)
    assert (of("runs_total"), of("uploaded_bytes_total")) == (2, 1_400)
    assert value(samples, "duplistatus_job_last_run_status", **job, status="Error") == 1
    assert value(samples, "duplistatus_job_last_run_status", **job, status="Success") is None


def test_what_a_job_does_not_know_is_absent_not_0(admin: TestClient, clock: SetClock) -> None:
    failed = {
        "Data": {"MainOperation": "Backup", "ParsedResult": "Fatal", "BeginTime": "2026-07-10T10:00:00Z", "Duration": "00:00:00"},
        "Extra": {"machine-id": "m", "machine-name": "m", "backup-name": "j", "backup-id": "DB-1"},
    }
    assert admin.post("/api/upload", json=failed).status_code == 200
    samples = scrape(admin)
    job = {"server_id": "m", "server": "m", "job": "j"}
    for name in ("source_bytes", "stored_bytes", "versions", "last_success_timestamp_seconds", "next_run_timestamp_seconds"):
        assert value(samples, f"duplistatus_job_{name}", **job) is None, name
    assert value(samples, "duplistatus_job_overdue", **job) == 0


def test_uploads_are_counted_by_their_answers(admin: TestClient, clock: SetClock) -> None:
    run = Made(clock.now())
    send(admin, run)
    with pytest.raises(AssertionError):
        send(admin, run)
    admin.post("/api/upload", content=b"no report")
    samples = scrape(admin)
    assert value(samples, "duplistatus_uploads_total", answer="stored") == 1
    assert value(samples, "duplistatus_uploads_total", answer="duplicate") == 1
    assert value(samples, "duplistatus_uploads_total", answer="rejected") == 1
    assert value(samples, "duplistatus_rejected_reports") == 1


def test_the_process_tells_its_version_and_health(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(clock.now()), Made(clock.now(), server="beta"), Made(clock.now(), server="beta", job="Mail"))
    samples = scrape(admin)
    assert value(samples, "duplistatus_build_info", version=__version__) == 1
    assert value(samples, "duplistatus_database_up") == 1
    assert value(samples, "duplistatus_writer_queue_length") == 0
    assert (value(samples, "duplistatus_servers"), value(samples, "duplistatus_jobs")) == (2, 3)
    assert (value(samples, "process_resident_memory_bytes") or 0) > 0


def test_a_database_that_cannot_be_read_is_a_metric_too(application: FastAPI, settings: Settings) -> None:
    from duplistatus.web.exposition import registry_of
    from duplistatus.web.measures import Measures

    # The application's own scheduled work may hold open what is taken away.
    away = Database(settings.data_dir / "away.db")
    registry = registry_of(replace(application.state.context, database=away), Measures())
    assert registry.get_sample_value("duplistatus_database_up") == 0
    assert registry.get_sample_value("duplistatus_jobs") is None


def test_openmetrics_is_answered_to_those_who_ask_for_it(admin: TestClient) -> None:
    answer = admin.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_job_is_overdue_for_prometheus_when_it_is_for_everybody(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - DAY), next_run=Instant(clock.now() + MINUTE)))
    labels = {"server_id": "id-alpha", "server": "alpha", "job": "Files"}
    assert value(scrape(admin), "duplistatus_job_overdue", **labels) == 0
    clock.advance(MINUTE + 2 * HOUR + 1)
    assert value(scrape(admin), "duplistatus_job_overdue", **labels) == 1


def test_a_job_runs_and_is_stuck_for_prometheus_too(admin: TestClient, clock: SetClock) -> None:
    begun = clock.now()
    labels = {"server_id": "id-alpha", "server": "alpha", "job": "Files"}

    def told() -> tuple[float | None, float | None]:
        samples = scrape(admin)
        return value(samples, "duplistatus_job_running", **labels), value(samples, "duplistatus_job_stuck", **labels)

    body = orjson.dumps(status_document("Started", begun, begun))
    assert admin.post("/api/upload", content=body, headers={"content-type": "application/json"}).status_code == 200
    assert told() == (1, 0)
    clock.advance(10 * MINUTE + 1)
    assert told() == (0, 1)
    send(admin, Made(begun))
    assert told() == (0, 0)
