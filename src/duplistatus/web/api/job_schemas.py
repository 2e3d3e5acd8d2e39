"""The shapes of answers about jobs and their runs, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from duplistatus.web.api.schemas import JobRef, ServerRef, Shape


class Result(Shape):
    begun_at: datetime
    status: str


class Proof(Shape):
    at: datetime
    result: str | None


class LastRun(Shape):
    id: str
    begun_at: datetime
    ended_at: datetime | None
    status: str
    duration_seconds: float | None
    warnings: int
    errors: int
    messages: int
    uploaded: int | None
    reason: str | None


class Live(Shape):
    operation: str | None = Field(description="`Backup`, `Restore`, …")
    state: str | None = Field(description="What its newest status document says: `Started` or `Progress`")
    phase: str | None = Field(description="In the words of Duplicati, such as `Backup_ProcessingFiles`")
    progress: float | None = Field(description="From 0 to 1; null where it is not known")
    started_at: datetime | None
    reported_at: datetime | None = Field(description="When that document was written, by the clock of the server")
    heard_at: datetime | None = Field(description="When it arrived, by the clock of this product")
    silent_after_seconds: float | None = Field(description="So long after `heard_at`, without another document, the job is stuck")
    files_done: int | None
    files_total: int | None = Field(description="Null while they are still being counted")
    bytes_done: int | None
    bytes_total: int | None


class Job(Shape):
    id: int
    name: str
    server: ServerRef
    backup_id: str | None
    destination_type: str | None
    created_at: datetime
    last_run: LastRun | None
    run_count: int
    uploaded_total: int
    files: int | None
    source_size: int | None
    stored_size: int | None
    versions_count: int | None
    recent: list[Result] = Field(description="Newest 30 runs, oldest first")
    last_good_at: datetime | None
    schedule: str = Field(description="`ok`, `late`, `overdue` or `unscheduled`, now")
    expected_at: datetime | None
    expected_source: str | None
    outcome: str = Field(description="`good` or `failing`")
    activity: str = Field(description="`idle`, `running` or `stuck`")
    live: Live | None = Field(description="What it is doing; null when idle")
    silence: str
    last_restore: Proof | None
    last_verification: Proof | None


class JobList(Shape):
    items: list[Job]
    next_cursor: int | None


class VersionEntry(Shape):
    at: datetime
    offset_minutes: int = Field(description="Offset from UTC in which the report wrote it")
    exact: bool = Field(description="False: wall-clock time of a server whose zone is not known")


class Versions(Shape):
    items: list[VersionEntry]
    next_cursor: None
    count: int | None
    complete: bool = Field(description="False: the reports tell how many versions there are, but not which")


class Nested(Shape):
    operation: str
    result: str


class Run(Shape):
    id: str
    job: JobRef
    server: ServerRef
    begun_at: datetime
    ended_at: datetime | None
    duration_seconds: float | None
    arrived_at: datetime
    documents: list[str] = Field(description="In which forms it came: `json`, `text`, `collected`")
    recovered: bool = Field(description="No report of it ever came: a collection found it")
    assumed: bool = Field(description="All that is known of it is the error that its server keeps of the job")
    status: str
    reason: str | None
    partial: bool
    interrupted: bool
    messages_count: int
    warnings_count: int
    errors_count: int
    quota_error: bool
    quota_warning: bool
    next_run: datetime | None
    last_version_at: datetime | None
    listed_versions: list[datetime] | None
    duplicati_version: str | None
    nested: list[Nested]
    host: dict[str, str]
    extra: dict[str, Any]
    figures: dict[str, int | None] = Field(description="Counts, and sizes in bytes; null where the report does not know")


class RunTexts(Shape):
    lines: list[str]
    warnings: list[str]
    errors: list[str]
    exception: str | None
    left_out: int
