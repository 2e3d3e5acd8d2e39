"""The shapes of answers about what servers do now, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from duplistatus.web.api.schemas import ServerRef, Shape


class LiveJob(Shape):
    job_id: int | None = Field(description="Null where it has had no run yet")
    job: str | None = Field(description="Its name; null where only Duplicati knows it")
    duplicati_id: str = Field(description="Its id on that server")


class LiveTask(LiveJob):
    number: int
    phase: str | None = Field(description="Duplicati's own name of it")
    progress: float | None = Field(description="From 0 to 1; null while nobody can say")


class LiveTrouble(Shape):
    code: str
    sentence: str


class LiveServer(Shape):
    server: ServerRef
    state: Literal["unknown", "idle", "running", "paused", "gone"] = Field(
        description="`paused` also in the middle of a task; `gone`: it has not answered for some minutes"
    )
    sentence: str | None
    heard_at: datetime | None = Field(description="When it said so")
    paused_until: datetime | None = Field(description="Null where it is not paused, or until somebody resumes it")
    task: LiveTask | None
    queue: list[LiveJob] = Field(description="What waits, the next one first")
    watched: bool
    controls: bool = Field(description="Whether it may be told to start, stop, pause and resume")
    trouble: LiveTrouble | None = Field(description="Why it cannot be watched")


class Control(Shape):
    do: Literal["start", "stop", "abort", "pause", "resume"] = Field(
        description="`stop`: after the current file, where the version can; `abort`: at once"
    )
    job_id: int | None = Field(default=None, description="Which job to start")
    task: int | None = Field(default=None, description="The number of the task to end; without it, whatever runs")
    minutes: int | None = Field(default=None, description="How long to pause, 1 to 10080; without it until somebody resumes")


class Controlled(Shape):
    did: Literal["start", "stop", "abort", "pause", "resume"] = Field(
        description="`abort` also for a `stop` that the version does not know"
    )
    task: int | None
