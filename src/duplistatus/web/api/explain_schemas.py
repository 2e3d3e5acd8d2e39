"""The shape of an explanation, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from duplistatus.web.api.schemas import JobRef, ServerRef, Shape


class ExplainedJob(JobRef):
    server: ServerRef


class ExplainedTolerance(Shape):
    name: str
    seconds: int
    of: str = Field(description="`job` where it is set for this job, else `all`")


class ExplainedSource(Shape):
    name: str = Field(description="`setting`, `report` (next-scheduled-run), `proposed` (ProposedSchedule), `server` or `learned`")
    sentence: str
    told_at: datetime | None
    counted_from: datetime | None
    interval: str | None = Field(description="In Duplicati's grammar, such as 1D")
    days: list[int] = Field(description="Allowed weekdays, 0 is Sunday")
    confidence: float | None = Field(description="Share of runs that a learned rhythm foretells")


class ExplainedZone(Shape):
    name: str
    source: str = Field(description="`set`, `server`, `version`, `evidence` or `assumed`")
    rule: str
    weekdays_only: bool = Field(description="Before 2.1.2: times of day are those of UTC")
    sentence: str


class ServerState(Shape):
    state: str = Field(description="`idle`, `running`, `paused` or `gone`")
    paused_until: datetime | None
    sentence: str | None = Field(description="Where a pause explains that the job is late or overdue")


class RunOnLine(Shape):
    begun_at: datetime
    status: str
    started: str | None = Field(description="`by_schedule`, `by_hand`; null: the report does not say")


class ExplainedTimeline(Shape):
    runs: list[RunOnLine] = Field(description="Oldest first")
    missed: list[datetime]
    coming: list[datetime]
    probable: list[datetime] = Field(description="What would follow by the rhythm of the runs, where nothing else tells it")


class ExplainedChange(Shape):
    at: datetime
    fact: str = Field(description="`schedule`, `outcome`, `activity` or `silence`")
    from_value: str = Field(alias="from")
    to_value: str = Field(alias="to")
    reason: dict[str, object]


class Explanation(Shape):
    job: ExplainedJob
    at: datetime
    schedule: str = Field(description="`ok`, `late`, `overdue`, `unscheduled` or `off`")
    rule: str
    sentence: str
    expected_at: datetime | None
    overdue_at: datetime | None
    changes_at: datetime | None = Field(description="When time alone changes the verdict")
    tolerance: ExplainedTolerance
    source: ExplainedSource | None
    zone: ExplainedZone
    last_run: RunOnLine | None
    last_scheduled_run: RunOnLine | None
    outcome: str
    slots_without_success: int
    failing_after: int
    activity: str
    silence: str
    timeline: ExplainedTimeline
    server_state: ServerState | None = Field(description="What its server does now; null where nobody knows, or for another moment")
    listed: bool | None = Field(description="Its server named it when it was asked last; null where nobody asked, or for another moment")
    changes: list[ExplainedChange] = Field(description="The newest changes of its facts, newest first")
