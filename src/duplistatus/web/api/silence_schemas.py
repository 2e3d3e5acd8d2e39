"""The shapes of answers about silences and tags, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from duplistatus.web.api.schemas import JobRef, ServerRef, Shape


class Snooze(Shape):
    id: int
    server: ServerRef
    job: JobRef | None = Field(description="Null: all jobs of the server")
    until: datetime
    comment: str
    created_at: datetime
    created_by: str


class SnoozeList(Shape):
    items: list[Snooze]
    next_cursor: None


class Acknowledgement(Shape):
    server: ServerRef
    job: JobRef
    trouble: dict[str, str] = Field(description="What is known to be wrong: `schedule`, `outcome`, `activity`, `result`")
    comment: str
    acknowledged_at: datetime
    acknowledged_by: str


class AcknowledgementList(Shape):
    items: list[Acknowledgement]
    next_cursor: None


class MaintenanceWindow(Shape):
    id: int
    name: str
    scope: str = Field(description="`all`, `server` or `tag`")
    server_id: str | None
    server: ServerRef | None
    tag: str | None
    enabled: bool
    comment: str
    recurring: bool
    starts_at: datetime | None = Field(description="Of a window that comes once")
    ends_at: datetime | None
    days: list[int] | None = Field(description="Weekdays on which it opens, 0 is Sunday")
    start_time: str | None = Field(description="`22:00`, in its zone")
    length_minutes: int | None
    zone: str | None
    first_date: date | None = Field(description="The first day on which it opens; null: no limit")
    last_date: date | None
    active: bool
    next_change: datetime | None = Field(description="When it opens or closes next; null: never, or not enabled")
    created_at: datetime
    created_by: str


class MaintenanceList(Shape):
    items: list[MaintenanceWindow]
    next_cursor: None


class Tag(Shape):
    id: int
    name: str
    color: str = Field(description="`blue`, `orange`, `green`, `purple`, `olive`, `indigo`, or empty")
    servers: list[ServerRef]


class TagList(Shape):
    items: list[Tag]
    next_cursor: None


class ServerTags(Shape):
    server: ServerRef
    tags: list[str]
