"""`GET /api/jobs/{id}/explain`: why a job is judged as it is, now or at another moment. In: the number of a job and a moment; out: the
verdict, its numbers and rules, and sentences that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import SECOND, Instant, iso
from duplistatus.evaluate.expectation import Expectation, Told
from duplistatus.evaluate.explanation import ExplainedRun, Explanation
from duplistatus.evaluate.job_setting import tolerance_name
from duplistatus.evaluate.next_run_text import read_moment
from duplistatus.i18n.wording import Wording
from duplistatus.store import fleet
from duplistatus.store.changes import Change, newest_changes
from duplistatus.store.explaining import explain_job
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.store.ids import JobId
from duplistatus.store.listing import is_listed
from duplistatus.store.live_servers import LiveServer, State, live_server
from duplistatus.web import explain_words
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import answered
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.live_words import pause_sentence
from duplistatus.web.pages.rendering import reader_of

router = APIRouter(tags=["jobs"])

_MOMENTS = frozenset({"expected_at", "overdue_at", "silent_since", "started_at", "reported", "until", "down_since"})
_FAILURES = {400: "The moment cannot be read", 404: "No job has this number"}


@dataclass(frozen=True, slots=True)
class Explained:
    """A job with the explanation of a moment, the newest changes of its facts, and, only where the question is about now, what its server
    does and whether it still lists the job: None where nobody knows."""

    row: JobRow
    server: ServerRow
    explanation: Explanation
    changes: list[Change]
    there: LiveServer | None
    listed: bool | None


@router.get("/api/jobs/{job_id}/explain", summary="Why a job is judged as it is", responses=answered("Explanation", failures=_FAILURES))
async def explain(
    request: Request,
    job_id: Annotated[int, Path(description="Number of a job", ge=1, le=2**63 - 1)],
    caller: Annotated[Caller, guarded(Access.READ)],
    at: Annotated[str, Query(description="A moment in ISO 8601, without an offset UTC; now where it is left out", max_length=60)] = "",
) -> Response:
    """Before now by what had been reported by then, from now on by what is known now."""
    found = await explained(request, job_id, at)
    wording = reader_of(request).wording
    body = _body(found.row, found.server, found.explanation, wording)
    body |= {"server_state": _server_state(found.explanation, found.there, wording), "listed": found.listed}
    return json_answer(encode(body | {"changes": [_change(each) for each in found.changes]}))


async def explained(request: Request, job_id: int, at: str) -> Explained:
    """The job and the moment, which is given as text. Raises Refused."""
    parts = context(request)
    now = parts.clock.now()
    try:
        # In an address a plus that nobody escaped arrives as a blank.
        moment = read_moment(at.replace(" ", "+") if "T" in at else at) if at else now
    except ValueError as error:
        raise Refused(400, f"The moment of the question is wrong: {error}", "bad_moment") from error

    def read() -> Explained:
        with parts.database.snapshot() as connection:
            row = fleet.job_by_id(connection, JobId(job_id))
            server = fleet.server_by_id(connection, row.server_id) if row else None
            if row is None or server is None:
                raise Refused(404, "Job not found", "job_not_found")
            explanation, changes = explain_job(connection, row, moment, now), newest_changes(connection, row.id)
            if moment != now:
                return Explained(row, server, explanation, changes, None, None)
            there, listed = live_server(connection, server.id, now), is_listed(connection, row)
            return Explained(row, server, explanation, changes, there, listed)

    return await run_in_threadpool(read)


def _server_state(found: Explanation, there: LiveServer | None, wording: Wording) -> dict[str, Any] | None:
    if there is None or there.state is State.UNKNOWN:
        return None
    sentence = pause_sentence(wording, there, found)
    return {"state": there.state, "paused_until": _time(there.pause_ends), "sentence": sentence or None}


def _body(row: JobRow, server: ServerRow, found: Explanation, wording: Wording) -> dict[str, Any]:
    expected = found.expectation
    return {
        "job": {"id": row.id, "name": row.name, "server": {"id": server.key, "name": server.name, "alias": server.alias}},
        "at": iso(found.at),
        "schedule": found.schedule,
        "rule": found.rule,
        "sentence": explain_words.verdict_sentence(found, row.name, wording),
        "expected_at": _time(expected.at if expected else None),
        "overdue_at": _time(found.overdue_at),
        "changes_at": _time(found.changes_at),
        "tolerance": {
            "name": tolerance_name(found.tolerance),
            "seconds": found.tolerance // SECOND,
            "of": "job" if found.own_tolerance else "all",
        },
        "source": _source(expected, found, wording) if expected else None,
        "zone": {
            "name": found.zone.name,
            "source": found.zone.source,
            "rule": found.zone.reason.rule,
            "weekdays_only": found.zone.older_rule,
            "sentence": explain_words.zone_sentence(found.zone, found, wording),
        },
        "last_run": _run(found.last_run),
        "last_scheduled_run": _run(found.last_kept),
        "outcome": found.outcome,
        "slots_without_success": found.slots_without_success,
        "failing_after": found.failing_after,
        "activity": found.activity,
        "silence": row.silence,
        "timeline": {
            "runs": [_run(run) for run in found.runs],
            "missed": [iso(slot) for slot in found.missed],
            "coming": [iso(slot) for slot in found.coming],
            "probable": [iso(slot) for slot in found.probable],
        },
    }


def _change(change: Change) -> dict[str, Any]:
    reason = {name: _told(name, value) for name, value in change.reason.items()}
    return {"at": iso(change.at), "fact": change.fact, "from": change.before, "to": change.after, "reason": reason}


def _told(name: str, value: object) -> object:
    """Moments of a reason as the interface writes them."""
    return iso(Instant(value)) if isinstance(value, int) and name in _MOMENTS else value


def _source(expected: Expectation, found: Explanation, wording: Wording) -> dict[str, Any]:
    return {
        "name": expected.source,
        "sentence": explain_words.source_sentence(expected, found, wording),
        "told_at": _time(expected.told_at),
        "counted_from": _time(expected.counted_from),
        "interval": expected.interval or None,
        "days": sorted(expected.days),
        "confidence": expected.confidence,
    }


def _run(run: ExplainedRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    started = {Told.ANNOUNCED: "by_schedule", Told.BY_HAND: "by_hand"}.get(run.told)
    return {"begun_at": iso(run.begun_at), "status": run.status, "started": started}


def _time(at: Instant | None) -> str | None:
    return iso(at) if at is not None else None
