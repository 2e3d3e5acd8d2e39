"""The shapes of answers about settings of watching, for the OpenAPI document alone."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class Done(Shape):
    message: str


class OverdueTolerance(Shape):
    overdue_tolerance: str = Field(description="`2h`")


class Frequency(Shape):
    value: str = Field(description="`onetime`, `every_day`, `every_week` or `every_month`")


class ServerAddress(Shape):
    id: str
    name: str
    server_url: str
    alias: str
    note: str
    hasPassword: bool


class ServerWithJob(ServerAddress):
    backupName: str
    expectedBackupDate: str = Field(description="ISO time, or `N/A`")
    lastBackupDate: str = Field(description="ISO time, or `N/A`")


class AdditionalSettings(Shape):
    additionalNotificationEvent: str | None = None
    additionalNtfyTopic: str | None = None
    additionalEmails: str | None = None


class BackupSettings(Shape):
    notificationEvent: str = Field(description="`all`, `warnings`, `errors` or `off`")
    overdueBackupCheckEnabled: bool
    expectedInterval: str = Field(description="Duplicati's text; `1D` where nobody set one")
    allowedWeekDays: list[int] = Field(description="0 is Sunday")
    time: str = Field(description="When it is expected: ISO time, or `N/A`")
    ntfyEnabled: bool
    emailEnabled: bool
    lastBackupDate: str = Field(description="ISO time, or `N/A`")
    additionalNotificationEvent: str | None = None
    additionalNtfyTopic: str | None = None
    additionalEmails: str | None = None
    useMine: bool = Field(description="The interval goes before what the server says")
    timeOfDay: str | None = Field(description="`02:00` in the server's zone; null: the interval counts from the last run")
    tolerance: str | None = Field(description="Null: that of all jobs")


class CronConfig(Shape):
    cronExpression: str
    enabled: bool


class Configuration(Shape):
    ntfy: dict[str, Any]
    templates: dict[str, Any]
    overdue_tolerance: str
    backup_settings: dict[str, BackupSettings | AdditionalSettings] = Field(
        description="By `<id of the server>:<name of the job>`; by `<id of the server>:__default__` whom besides to tell of all its jobs"
    )
    serverAddresses: list[ServerAddress]
    cronConfig: CronConfig
    notificationFrequency: str
    serversWithBackups: list[ServerWithJob]


class Watching(Shape):
    tolerance: str = Field(description="`2h`: how long after its expected moment a job counts as overdue")
    check_interval: str = Field(description="`5min`: how often overdue jobs are looked for, to send messages")
    notification_frequency: str = Field(description="`every_day`: how often an overdue job is told of again")
    failing_after: int = Field(description="Scheduled runs without success after which a job is failing")


class JobsChanged(Shape):
    changed: list[int] = Field(description="Numbers of the jobs whose setting became another")


class JobWatch(Shape):
    job: int
    watched: bool
    use_mine: bool = Field(description="The interval goes before what the server says")
    interval: str | None = Field(description="Duplicati's text such as `1D`; null where nobody set one")
    days: list[int] = Field(description="Allowed weekdays, 0 is Sunday")
    time_of_day: str | None = Field(description="`02:00` in the server's zone; null: the interval counts from the last run")
    tolerance: str | None = Field(description="Null: that of all jobs")
    schedule: str = Field(description="`ok`, `late`, `overdue`, `unscheduled` or `off`")
    expected_at: datetime | None
    overdue_at: datetime | None
    expected_source: str | None = Field(description="`setting`, `report`, `proposed`, `server` or `learned`")
    zone: str
    zone_source: str


class ServerZone(Shape):
    server: str
    zone: str
    source: str = Field(description="How the zone is known")
