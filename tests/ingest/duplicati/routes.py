"""What the stand-in of Duplicati answers below `/api`, once somebody is logged in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.ingest.duplicati.stand_in import Reply, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingest.duplicati.stand_in import Asked, Duplicati

_LOCKED = (
    "The backup database is currently in use by another operation and cannot be accessed concurrently. "
    "Please wait for the running operation to finish and try again."
)
_NO_JOB = error(404, "Backup not found")


def route(server: Duplicati, asked: Asked) -> Reply:
    """The answer of the first route that fits."""
    for method, pattern, answer in _ROUTES:
        found = re.fullmatch(pattern, asked.path)
        if found and asked.method == method:
            return answer(server, asked, *found.groups())
    return Reply(None, 404)


def _has(server: Duplicati, job_id: str) -> bool:
    return any(job["Backup"]["ID"] == job_id for job in server.jobs)


def _log(server: Duplicati, asked: Asked, job_id: str) -> Reply:
    if not _has(server, job_id):
        return _NO_JOB
    if server.active is not None and server.active[1] == job_id:
        return error(400, _LOCKED, HelpId="DatabaseLocked") if server.version == "2.3.0.109" else Reply([])
    size = min(max(int(asked.query.get("pagesize", "100")), 10), 500)
    before = int(asked.query.get("offset", "0")) or None
    rows = [row for row in server.logs.get(job_id, []) if before is None or row["ID"] < before]
    return Reply(rows[:size])


def _filesets(server: Duplicati, asked: Asked, job_id: str) -> Reply:
    return Reply(server.filesets.get(job_id, [])) if _has(server, job_id) else _NO_JOB


def _v2_filesets(server: Duplicati, asked: Asked) -> Reply:
    if not server.is_new:
        return Reply(None, 404)
    job_id = str(asked.json.get("BackupId"))
    if not _has(server, job_id):
        return Reply({"Success": False, "Error": "Backup not found", "StatusCode": "HTTP-404"})
    data = server.filesets.get(job_id, [])
    pages = {"Page": 1, "PageSize": len(data), "Total": len(data), "Pages": 1}
    return Reply({"PageInfo": pages, "Data": data, "Success": True, "Error": None, "StatusCode": "OK"})


def _start(server: Duplicati, asked: Asked, job_id: str) -> Reply:
    return Reply({"Status": "OK", "ID": server.start(job_id)}) if _has(server, job_id) else _NO_JOB


def _is_active(server: Duplicati, asked: Asked, job_id: str) -> Reply:
    return Reply({"Status": "OK", "Active": server.active is not None and server.active[1] == job_id})


def _task(server: Duplicati, number: int, status: str) -> dict[str, Any]:
    times = {"TaskStarted": "2026-11-21T08:49:57.5350909+01:00", "TaskFinished": None} if server.is_new else {}
    return {"Status": status, "ID": number, **times, "ErrorMessage": None, "Exception": None}


def _tasks(server: Duplicati, asked: Asked) -> Reply:
    running = [_task(server, server.active[0], "Running")] if server.active else []
    return Reply(running + [_task(server, number, "Waiting") for number, _ in server.queue])


def _one_task(server: Duplicati, asked: Asked, number: str) -> Reply:
    if server.active is not None and server.active[0] == int(number):
        return Reply(_task(server, int(number), "Running"))
    if any(each == int(number) for each, _ in server.queue):
        return Reply(_task(server, int(number), "Waiting"))
    found = server.ended.get(int(number))
    return Reply(_task(server, int(number), found["Status"])) if found else error(404, "No such task")


def _stop(server: Duplicati, asked: Asked, number: str, how: str) -> Reply:
    if how == "stop" and not server.is_new:
        return Reply(None, 404)
    if server.active is not None and server.active[0] == int(number):
        server.finish()
    else:
        server.queue = [each for each in server.queue if each[0] != int(number)]
    return Reply(None)


def _pause(server: Duplicati, asked: Asked) -> Reply:
    server.paused = True
    server.pause_ends = "2026-11-22T12:00:00Z" if asked.query.get("duration") else "0001-01-01T00:00:00Z"
    server.event_id += 1
    return Reply(None)


def _resume(server: Duplicati, asked: Asked) -> Reply:
    server.paused, server.pause_ends = False, "0001-01-01T00:00:00Z"
    if server.active is None and server.queue:
        server.active = server.queue.pop(0)
    server.event_id += 1
    return Reply(None)


def _set(server: Duplicati, asked: Asked) -> Reply:
    for name, value in asked.json.items():
        if value is None:
            server.settings.pop(name, None)
        else:
            server.settings[name] = value
    return Reply(None)


def _progress(server: Duplicati, asked: Asked) -> Reply:
    found = server.progress_state()
    return Reply(found) if found is not None else error(404, "No active backup")


def _websocket_token(server: Duplicati, asked: Asked) -> Reply:
    if not server.is_new:
        return error(400, "Invalid operation")
    token = "header.websocket.signature"
    server.tokens.add(token)
    return Reply({"Token": token})


_ROUTES: tuple[tuple[str, str, Callable[..., Reply]], ...] = (
    ("GET", "/api/v1/systeminfo", lambda server, asked: Reply(server.system)),
    ("GET", "/api/v1/backups", lambda server, asked: Reply(server.jobs)),
    ("GET", "/api/v1/serversettings", lambda server, asked: Reply(server.settings)),
    ("PATCH", "/api/v1/serversettings", _set),
    ("GET", "/api/v1/serverstate", lambda server, asked: Reply(server.state())),
    ("POST", "/api/v1/serverstate/pause", _pause),
    ("POST", "/api/v1/serverstate/resume", _resume),
    ("GET", "/api/v1/progressstate", _progress),
    ("GET", "/api/v1/notifications", lambda server, asked: Reply(server.notifications)),
    ("GET", r"/api/v1/backup/([^/]+)/log", _log),
    ("GET", r"/api/v1/backup/([^/]+)/filesets", _filesets),
    ("GET", r"/api/v1/backup/([^/]+)/isactive", _is_active),
    ("POST", r"/api/v1/backup/([^/]+)/(?:run|start)", _start),
    ("GET", "/api/v1/tasks", _tasks),
    ("GET", r"/api/v1/task/(\d+)", _one_task),
    ("POST", r"/api/v1/task/(\d+)/(stop|abort)", _stop),
    ("POST", "/api/v1/auth/issuetoken/websocket", _websocket_token),
    ("POST", "/api/v2/backup/list-filesets", _v2_filesets),
)
