"""Two servers, one of which is to be hidden from somebody: whatever is said of it, anywhere, has the word `zwirbel` in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, iso
from duplistatus.store import channels, fleet
from duplistatus.store.channels import NTFY, ChannelValues
from tests.web.api.live import status_document
from tests.web.api.reports import Made, document, send, warning

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context

SEEN = "harbour"
HIDDEN = "zwirbel"


@dataclass(frozen=True)
class Ids:
    """By what a server and what belongs to it are called."""

    key: str
    name: str
    alias: str
    job: str
    job_id: int
    server_id: int
    run: str
    tag: str
    tag_id: int
    window_id: int
    topic: str

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that somebody could ask for it by."""
        texts = (self.key, self.name, self.alias, self.job, self.run, self.tag, self.topic, f"tag:{self.tag}")
        return (*texts, *map(str, (self.job_id, self.server_id, self.tag_id, self.window_id)))

    def numbers_in(self, name: str) -> set[int]:
        """What a number in a place or parameter of that name means of it: its jobs; its windows and tags, of which there are two each."""
        of_jobs = {self.job_id, self.job_id + 1}
        of_forms = {self.tag_id, self.tag_id + 1, self.window_id, self.window_id + 1}
        return {"job_id": of_jobs, "job": of_jobs, "edit": of_forms}.get(name, set())


def tell_of(application: FastAPI, admin: TestClient, name: str) -> Ids:
    """A server that is called so, with everything that reports and people can say of it."""
    parts: Context = application.state.context
    now = parts.clock.now()
    _report(admin, name, now)
    key, job = f"id-{name}", f"{name}-job"

    def describe(connection: Connection) -> tuple[int, int, str]:
        connection.raw.execute(
            f"UPDATE server SET alias = '{name}-alias', note = '{name} note', url = 'http://{name}.test:8200' WHERE key = '{key}'"
        )
        server = fleet.server_by_key(connection, key)
        assert server is not None
        row = fleet.job_by_name(connection, server.id, job)
        assert row is not None
        assert row.last_uid is not None
        return server.id, row.id, row.last_uid

    server_id, job_id, run = parts.writer.submit(describe).result()
    answers = [
        admin.put(f"/api/servers/{key}/tags", json={"tags": [f"{name}-tag", "common"]}),
        admin.patch(f"/api/servers/{key}/telling", json={"additional_emails": f"{name}@example.org", "additional_topic": f"{name}-topic"}),
        admin.patch(f"/api/jobs/{job_id}/watch", json={"interval": "1D", "tolerance": "5min"}),
        admin.patch(f"/api/jobs/{job_id}/telling", json={"additional_emails": f"own-{name}@example.org"}),
        admin.post("/api/snoozes", json={"server_id": key, "for": "4h", "comment": f"{name} sleeps"}),
        admin.post("/api/snoozes", json={"job_id": job_id, "for": "5h", "comment": f"{name} sleeps too"}),
        admin.post(f"/api/jobs/{job_id}/acknowledgement", json={"comment": f"{name} is known"}),
        admin.post("/api/maintenance", json=_window(now, f"{name} work", scope="server", server_id=key, comment=f"{name} disks")),
    ]
    answers.append(admin.post("/api/maintenance", json=_window(now, f"{name} tagged", scope="tag", tag=f"{name}-tag")))
    body = {"kind": "ntfy", "name": f"{name} channel", "config": {"url": "http://127.0.0.1:9", "topic": f"{name}-channel"}}
    answers.append(admin.post("/api/channels", json=body | {"enabled": False, "filter": {"events": ["error"], "servers": [key]}}))
    for answer in answers:
        assert answer.status_code == 200, f"{answer.request.url}: {answer.text}"
    tag_id = next(each["id"] for each in admin.get("/api/tags").json()["items"] if each["name"] == f"{name}-tag")
    window_id = next(each["id"] for each in admin.get("/api/maintenance").json()["items"] if each["name"] == f"{name} work")
    ids = (f"{name}-tag", tag_id, window_id, f"{name}-topic")
    return Ids(key, f"{name}-host", f"{name}-alias", job, job_id, server_id, run, *ids)


def _report(admin: TestClient, name: str, now: Instant) -> None:
    key, host = f"id-{name}", f"{name}-host"
    lines = (f"{name} line",)
    for age in (40, 3, 2):
        made = Made(Instant(now - age * DAY), host, key, f"{name}-job", "Warning", warnings=(warning(f"{name} warns"),), lines=lines)
        send(admin, made)
    other = Made(Instant(now - HOUR), host, key, f"{name}-other", lines=lines, next_run=Instant(now + DAY))
    failed = Made(Instant(now - DAY - HOUR), host, key, f"{name}-job", "Fatal", errors=(f"{name} fails",), lines=lines)
    send(admin, other, failed)
    restored = document(Made(Instant(now - 2 * HOUR), host, key, f"{name}-other", lines=lines))
    restored["Data"]["MainOperation"] = "Restore"
    restored["Extra"]["OperationName"] = "Restore"
    live: Any = status_document("Running", Instant(now - 10 * MINUTE), now, server=name, job=f"{name}-other", phase="Backup_Begin")
    live["metadata"]["machineName"] = host
    for posted in (restored, live):
        answer = admin.post("/api/upload", content=orjson.dumps(posted), headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
    assert admin.post("/api/upload", content=f"{name} is no report", headers={"content-type": "text/plain"}).status_code == 400


def _window(now: Instant, name: str, **target: str) -> dict[str, str]:
    return {"name": name, "starts_at": iso(Instant(now - HOUR)), "ends_at": iso(Instant(now + HOUR)), **target}


def set_topic(application: FastAPI, topic: str) -> None:
    """The topic of ntfy of all jobs, by which the messages of all servers can be read."""
    parts: Context = application.state.context

    def work(connection: Connection) -> None:
        row = channels.own_channel(connection, NTFY)
        values = ChannelValues(row.name, True, {"url": "http://127.0.0.1:9", "topic": topic}, "", row.filter)
        channels.save_channel(connection, row.id, values, "", parts.clock.now())

    parts.writer.submit(work).result()
