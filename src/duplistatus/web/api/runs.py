"""`GET /api/runs/{id}`, `/log`, `/report`: one run with everything its report said, its texts, and the document as it came. In: the id of
a run; out: JSON, text or the document; 404 without such a run or once its document is no longer kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import TICKS, Instant, iso
from duplistatus.store import fleet, runs
from duplistatus.store.database import Connection
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.runs import RunLog, RunRow
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered, described, failing
from duplistatus.web.api.run_body import version_times
from duplistatus.web.context import context
from duplistatus.web.documents import document_answer
from duplistatus.web.errors import Refused

router = APIRouter(tags=["runs"])

_Reader = Annotated[Caller, guarded(Access.READ)]
_Run = Annotated[str, Path(description="Id of a run")]
_UNKNOWN = {404: "No run has this id"}
_KINDS = ((1, "json"), (2, "text"), (4, "collected"))


@router.get("/api/runs/{run_id}", summary="One run", responses=answered("Run", failures=_UNKNOWN))
async def run(request: Request, run_id: _Run, caller: _Reader) -> Response:
    """What the report did not know is null, never 0."""
    with context(request).database.snapshot() as connection:
        row = _find(connection, run_id)
        job = fleet.job_by_id(connection, row.job_id)
        server = fleet.server_by_id(connection, job.server_id) if job else None
    if job is None or server is None:
        raise _not_found()
    return json_answer(encode(_body(row, job, server)))


@router.get(
    "/api/runs/{run_id}/log",
    summary="Texts of a run",
    responses=answered("RunTexts", failures=_UNKNOWN),
)
async def log(
    request: Request,
    run_id: _Run,
    caller: _Reader,
    form: Annotated[Literal["json", "text"], Query(alias="format", description="`text`: the lines as a file to download")] = "json",
) -> Response:
    """`left_out` counts the lines that Duplicati itself cut off."""
    database = context(request).database

    def make() -> bytes:
        with database.snapshot() as connection:
            row = _find(connection, run_id)
            texts = runs.log_of(connection, row.id)
        return encode(asdict(texts)) if form == "json" else _plain(texts)

    body = await run_in_threadpool(make)
    return json_answer(body) if form == "json" else document_answer(body, "text/plain; charset=utf-8", f"run-{run_id}.log")


@router.get(
    "/api/runs/{run_id}/report",
    summary="Report of a run as it came",
    responses=described("The document") | failing(404, "No longer kept", "Failure"),
    tags=["administration"],
)
async def report(request: Request, run_id: _Run, caller: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
    """Kept of the newest three reports of each job."""
    database = context(request).database

    def read() -> runs.RawReport | None:
        with database.snapshot() as connection:
            return runs.raw_of_run(connection, _find(connection, run_id).id)

    raw = await run_in_threadpool(read)
    if raw is None:
        raise Refused(404, "The report of this run is no longer kept", "report_not_kept")
    suffix = "json" if raw.body[:3].lstrip(b"\xef\xbb\xbf")[:1] == b"{" else "txt"
    return document_answer(raw.body, raw.content_type, f"report-{run_id}.{suffix}")


def _not_found() -> Refused:
    return Refused(404, "Run not found", "run_not_found")


def _find(connection: Connection, run_id: str) -> RunRow:
    found = runs.run_by_uid(connection, run_id)
    if found is None:
        raise _not_found()
    return found


def _plain(texts: RunLog) -> bytes:
    """The lines as text; warnings and errors that are not among them follow."""
    among = set(texts.lines)
    more = [line for line in (*texts.warnings, *texts.errors) if line not in among]
    parts = [*texts.lines, *more, *([texts.exception] if texts.exception and texts.exception not in among else [])]
    if texts.left_out:
        parts.append(f"... {texts.left_out} more lines were left out by Duplicati")
    return "".join(part + "\n" for part in parts).encode()


def _time(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None


def _json(text: str | None) -> Any:  # noqa: ANN401 - whatever the document holds
    return orjson.loads(text) if text else None


def _body(row: RunRow, job: JobRow, server: ServerRow) -> dict[str, Any]:
    return {
        "id": row.uid,
        "job": {"id": job.id, "name": job.name},
        "server": {"id": server.key, "name": server.name, "alias": server.alias},
        "begun_at": iso(row.begun_at),
        "ended_at": _time(row.ended_at),
        "duration_seconds": row.duration_ticks / TICKS if row.duration_ticks is not None else None,
        "arrived_at": iso(row.arrived_at),
        "documents": [name for bit, name in _KINDS if row.kinds & bit],
        "recovered": row.is_recovered,
        "assumed": row.is_assumed,
        "status": row.status,
        "reason": row.reason or None,
        "partial": row.partial,
        "interrupted": row.interrupted,
        "messages_count": row.messages_count,
        "warnings_count": row.warnings_count,
        "errors_count": row.errors_count,
        "quota_error": row.quota_error,
        "quota_warning": row.quota_warning,
        "next_run": _time(row.next_run),
        "last_version_at": _time(row.last_version_at),
        "listed_versions": version_times(row.listed_versions) if row.listed_versions else None,
        "duplicati_version": row.version or None,
        "nested": _nested(row.nested),
        "host": _json(row.host) or {},
        "extra": dict(_json(row.extra) or {}),
        "figures": asdict(row.figures),
    }


def _nested(text: str | None) -> list[dict[str, str]]:
    return [{"operation": operation, "result": result} for operation, result in _json(text) or []]
