"""The shapes of answers about what is told of jobs, for the OpenAPI document alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from duplistatus.web.api.schemas import ServerRef, Shape

_Source = Literal["own", "server", "none"]
_EVENT = "Of which results, `all`, `warnings`, `errors` or `off`"


class TellingBesides(Shape):
    event: str = Field(description=f"{_EVENT}; of overdue jobs and of their return unless it is `off`")
    emails: list[str]
    topic: str


class TellingSources(Shape):
    event: _Source = Field(description="`own`: the job says so; `server`: its server does; `none`: nobody does")
    emails: _Source
    topic: _Source


class JobTelling(Shape):
    job: int
    name: str
    server: ServerRef
    event: str = Field(description=_EVENT)
    ntfy: bool = Field(description="Whether ntfy for all tells of the job")
    email: bool = Field(description="Whether e-mail for all does")
    additional_event: str | None = Field(description="The job's own; null: as the server says; empty: as `event`")
    additional_emails: str | None = Field(description="The job's own, with commas between; null: as the server says; empty: none")
    additional_topic: str | None = Field(description="The job's own; null: as the server says; empty: none")
    besides: TellingBesides = Field(description="Who is told besides, after all")
    sources: TellingSources


class JobTellingList(Shape):
    items: list[JobTelling]
    next_cursor: int | None


class ServerTelling(Shape):
    server: ServerRef
    additional_event: str | None
    additional_emails: str | None
    additional_topic: str | None


class ServerTellingChanged(ServerTelling):
    changed: list[int] = Field(description="Numbers of the jobs whose setting became another")


class TellingTested(Shape):
    results: list[TestedPlace]


class TestedPlace(Shape):
    destination: str
    delivered: bool
    message: str = Field(description="What became of it, in a sentence")
