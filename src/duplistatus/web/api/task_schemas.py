"""The shapes of answers about what runs by time, for the OpenAPI document alone."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class Success(Shape):
    success: bool


class Message(Shape):
    message: str


class Task(Shape):
    name: str
    title: str
    rhythm: str = Field(description="`every 5 minutes`, `daily at 02:00 (UTC)`, or `not by time`")
    enabled: bool
    running: bool
    last_started_at: datetime | None
    last_finished_at: datetime | None
    duration_seconds: float | None = Field(description="Of the newest run; null while it runs, or where it was cut short")
    runs: int
    result: str | None
    statistics: dict[str, int]
    error: str | None = Field(description="Of the newest run, where it failed")
    error_at: datetime | None = Field(description="When a run failed last")
    next_run_at: datetime | None = Field(description="Null where it does not run by time")


class Leader(Shape):
    host: str
    process: str
    since: datetime | None
    this_process: bool


class TaskList(Shape):
    items: list[Task]
    next_cursor: None
    leader: Leader | None = Field(description="The process that does the work; null when none has for a while")


class CronConfig(Shape):
    cronExpression: str
    enabled: bool


class CronHealth(Shape):
    isRunning: bool
    activeTasks: list[str]
    lastRunTimes: dict[str, datetime]
    errors: dict[str, str]


class CheckStatistics(Shape):
    totalBackupConfigs: int = Field(description="Jobs")
    checkedBackups: int = Field(description="Jobs that are watched")
    overdueBackupsFound: int
    notificationsSent: int


class OverdueChecked(Shape):
    message: str
    statistics: CheckStatistics


class Triggered(Shape):
    taskName: str
    success: bool
    message: str | None = None
    error: str | None = None
    statistics: CheckStatistics | None = None
