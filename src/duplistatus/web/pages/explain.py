"""The page that explains a verdict. In: a job and a moment, now or another one; out: the verdict in a sentence with its numbers, where each
of them comes from, and the time line of the runs and of the moments at which one was, or is, expected."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import DAY, HOUR, Instant, instant, iso, moment
from duplistatus.evaluate.expectation import Told
from duplistatus.evaluate.explanation import Explanation
from duplistatus.evaluate.fleet_view import BAR
from duplistatus.evaluate.next_run_text import read_moment
from duplistatus.evaluate.overdue import Schedule
from duplistatus.web import explain_words
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.api.explain import explained
from duplistatus.web.errors import Refused
from duplistatus.web.live_words import pause_sentence, unlisted_sentence
from duplistatus.web.pages.rendering import Reader, page, reader_of

router = APIRouter(include_in_schema=False)

LINE_WIDTH = 900
_MARGIN = 20
KINDS = {Schedule.OK: "ok", Schedule.LATE: "due", Schedule.OVERDUE: "late", Schedule.UNSCHEDULED: "quiet", Schedule.OFF: "quiet"}
"""The signs of verdicts."""


@dataclass(frozen=True, slots=True)
class Point:
    """Something on the time line. `kind`: ok, warn, error or quiet for a run, `missed` and `coming` for an expected moment; `word` says the
    same; `x` from 0 to LINE_WIDTH."""

    at: Instant
    kind: str
    word: str
    x: float


@dataclass(frozen=True, slots=True)
class Line:
    """The time line. `points`: in order of time; `present`: where the moment of the question lies; `band`: where the tolerance begins and
    ends, None where nothing is expected."""

    points: tuple[Point, ...]
    present: float
    band: tuple[float, float] | None


@router.get("/jobs/{job_id}/explain")
async def show_explanation(
    request: Request,
    job_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    caller: Annotated[Caller, guarded(Access.READ)],
    at: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """`at`: ISO 8601, without an offset in the reader's zone. What cannot be read is answered by the present, and says so."""
    reader = reader_of(request)
    problem, asked = "", at
    try:
        asked = iso(_moment(at, reader)) if at else ""
    except ValueError:
        problem, asked = reader.wording.gettext("“%(text)s” is no moment; this is the verdict of now.") % {"text": at}, ""
    try:
        asked_for = await explained(request, job_id, asked)
    except Refused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            raise Refused(404, reader.wording.gettext("There is no such job, or it was removed"), "job_not_found") from refused
        raise
    row, found, wording = asked_for.row, asked_for.explanation, reader.wording
    return page(
        request,
        "explain.html",
        caller,
        job=row,
        server=asked_for.server,
        found=found,
        is_now=not asked,
        problem=problem,
        kind=KINDS[found.schedule],
        word=explain_words.schedule_word(found.schedule, wording),
        sentence=explain_words.verdict_sentence(found, row.name, wording),
        outcome=explain_words.outcome_sentence(found, wording),
        activity=explain_words.activity_sentence(found, wording),
        pause=pause_sentence(wording, asked_for.there, found),
        unlisted=unlisted_sentence(wording, asked_for.listed, found),
        source=explain_words.source_sentence(found.expectation, found, wording) if found.expectation else "",
        source_word=explain_words.source_word(found.expectation.source, wording) if found.expectation else "",
        tolerance=explain_words.tolerance_text(found.tolerance, wording),
        zone=explain_words.zone_sentence(found.zone, found, wording),
        zone_time=_in_zone(found),
        line=line_of(found, reader),
        line_width=LINE_WIDTH,
        changes=[(each.at, explain_words.change_sentence(each, wording)) for each in asked_for.changes],
        questions=_questions(found, reader),
        local=f"{wording.local(found.at):%Y-%m-%dT%H:%M}",
    )


def _moment(text: str, reader: Reader) -> Instant:
    """Raises ValueError."""
    read = read_moment(text.replace(" ", "+") if "T" in text else text)
    if any(sign in text[10:] for sign in "Zz+-") or " " in text[10:]:
        return read
    return instant(moment(read).replace(tzinfo=reader.wording.zone))


def _in_zone(found: Explanation) -> str:
    """The expected moment by the clock that the server's scheduler counts by."""
    if found.expectation is None:
        return ""
    zone = "UTC" if found.zone.older_rule else found.zone.name
    return f"{moment(found.expectation.at).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def _questions(found: Explanation, reader: Reader) -> list[tuple[str, str]]:
    """(text, moment in ISO 8601) of other moments that people ask for."""
    wording = reader.wording
    asked = [
        (wording.gettext("an hour before"), Instant(found.at - HOUR)),
        (wording.gettext("an hour later"), Instant(found.at + HOUR)),
        (wording.gettext("a day later"), Instant(found.at + DAY)),
    ]
    if found.changes_at is not None:
        asked.append((wording.gettext("when it changes next"), found.changes_at))
    return [(text, iso(at)) for text, at in asked]


def line_of(found: Explanation, reader: Reader) -> Line:
    """The runs and the expected moments, from the oldest run shown to the last moment that something tells."""
    wording = reader.wording
    points = [(run.begun_at, BAR.get(run.status, "quiet"), _run_word(run.status, run.told, reader)) for run in found.runs]
    points += [(slot, "missed", wording.gettext("expected, no run")) for slot in found.missed]
    points += [(slot, "coming", wording.gettext("expected")) for slot in found.coming]
    points += [(slot, "coming", wording.gettext("probably")) for slot in found.probable]
    points.sort(key=lambda point: point[0])
    moments = [*(at for at, _, _ in points), found.at, *([found.overdue_at] if found.overdue_at is not None else [])]
    start, end = min(moments), max(moments)
    scale = (LINE_WIDTH - 2 * _MARGIN) / max(1, end - start)

    def place(at: Instant) -> float:
        return round(_MARGIN + (at - start) * scale, 1)

    expected = found.expectation
    band = (place(expected.at), place(found.overdue_at)) if expected is not None and found.overdue_at is not None else None
    return Line(tuple(Point(at, kind, word, place(at)) for at, kind, word in points), place(found.at), band)


def _run_word(status: str, told: Told, reader: Reader) -> str:
    word = {
        "Success": reader.wording.gettext("Success"),
        "Warning": reader.wording.gettext("Warning"),
        "Error": reader.wording.gettext("Error"),
        "Fatal": reader.wording.gettext("Fatal"),
    }.get(status, reader.wording.gettext("Unknown"))
    return reader.wording.gettext("%(result)s, started by hand") % {"result": word} if told is Told.BY_HAND else word
