"""The shapes of answers, for the OpenAPI document alone: handlers encode by themselves, and tests hold their answers against these.
Names of fields that 1.4.2 had are as they were there."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Failure(BaseModel):
    """What went wrong: a sentence, and a name for programs."""

    error: str
    code: str | None = None


class Accepted(Shape):
    success: bool


class Report(Shape):
    """What Duplicati sends, of any version; fields that are not named here are kept, too."""

    model_config = ConfigDict(extra="allow")
    Data: dict[str, Any] | None = Field(description="The result of the operation")
    Extra: dict[str, Any] | None = Field(description="Machine, job and schedule")
    LogLines: list[str] | None = None
    Exception: str | None = None


class JobToDelete(Shape):
    model_config = ConfigDict(extra="ignore")
    serverId: str = Field(description="Id of the server")
    backupName: str = Field(description="Name of the job")


class DeletedJob(Shape):
    message: str
    status: int
    deletedCount: int = Field(description="Runs that were removed")
    serverName: str
    backupName: str


class Ping(Shape):
    ok: bool


class Health(Shape):
    status: str = Field(description="`healthy` or `unhealthy`")
    database: str = Field(description="`connected`, `unreadable` or `not writable`")
    timestamp: datetime


class Summary(Shape):
    totalServers: int
    totalBackupsRuns: int = Field(description="Runs")
    totalBackups: int = Field(description="Jobs")
    totalUploadedSize: int = Field(description="Bytes that all runs uploaded")
    totalStorageUsed: int = Field(description="Bytes at the destinations")
    totalBackupSize: int = Field(description="Bytes of the sources")
    overdueBackupsCount: int = Field(description="Jobs that are overdue now")
    secondsSinceLastBackup: int | None = Field(description="Since the begin of the newest run; null without any")


class ServerCreated(Shape):
    id: str
    name: str
    created_at: str = Field(description="`2026-11-21 01:48:59`, UTC")


class RunEntry(Shape):
    id: str
    server_id: str
    name: str = Field(description="Name of the job")
    date: datetime = Field(description="Begin")
    status: str = Field(description="`Success`, `Warning`, `Error`, `Fatal` or `Unknown`")
    warnings: int
    errors: int
    messages: int
    fileCount: int
    fileSize: int
    uploadedSize: int
    duration: str = Field(description="`00:38:31`")
    duration_seconds: float
    durationInMinutes: float
    knownFileSize: int = Field(description="Bytes at the destination")
    backup_list_count: int | None = Field(description="Versions at the destination")
    messages_array: str | None = Field(description="JSON text of a list of lines")
    warnings_array: str | None
    errors_array: str | None
    available_backups: list[datetime] = Field(description="Versions that the log names, without the newest")


class LastBackup(Shape):
    server: ServerCreated
    latest_backup: RunEntry | None
    status: int


class LastBackups(Shape):
    server: ServerCreated
    latest_backups: list[RunEntry]
    backup_jobs_count: int
    backup_names: list[str]
    status: int


class UnknownServer(Shape):
    error: str
    message: str
    status: int


class ServerId(Shape):
    id: str
    name: str


class AmbiguousServer(Shape):
    error: str
    message: str
    status: int
    duplicate_servers: list[ServerId]


class ChartPoint(Shape):
    date: str = Field(description="`2026-11-20`; without a range `20/11/2026`")
    isoDate: datetime
    uploadedSize: int
    duration: float = Field(description="Seconds; without a range whole minutes")
    fileCount: int
    fileSize: int
    storageSize: int
    backupVersions: int


class JobEntry(Shape):
    name: str
    lastBackupDate: str
    lastBackupId: str | None
    lastBackupStatus: str
    lastBackupDuration: str
    lastBackupListCount: int | None
    backupCount: int
    statusHistory: list[str] = Field(description="Newest ten results, oldest first")
    fileCount: int
    fileSize: int
    storageSize: int
    uploadedSize: int
    warnings: int
    errors: int
    availableBackups: list[datetime]
    isBackupOverdue: bool
    notificationEvent: str
    expectedBackupDate: str
    expectedBackupElapsed: str
    lastNotificationSent: str
    jobId: int = Field(description="Its number in `/api/jobs/{id}`")


class ServerEntry(Shape):
    id: str
    name: str
    server_url: str
    alias: str
    note: str
    hasPassword: bool
    backupInfo: list[JobEntry]
    totalBackupCount: int
    totalStorageSize: int
    totalFileCount: int
    totalFileSize: int
    totalUploadedSize: int = Field(description="Bytes that the last runs uploaded")
    lastBackupDate: str
    lastBackupStatus: str
    lastBackupDuration: str
    lastBackupListCount: int | None
    lastBackupName: str
    lastBackupId: str | None
    lastOverdueCheck: str
    haveOverdueBackups: bool
    backupNames: list[str]


class Dashboard(Shape):
    serversSummary: list[ServerEntry]
    overallSummary: Summary
    chartData: list[ChartPoint]


class ServerName(Shape):
    id: str
    name: str
    alias: str
    note: str


class Server(ServerName):
    server_url: str


class ServerJob(Server):
    backupName: str
    hasPassword: bool


class ServerRuns(Server):
    hasPassword: bool
    backups: list[RunEntry] = Field(description="Newest 200, newest first")
    chartData: list[ChartPoint]


class FullServer(ServerRuns):
    next_cursor: str | None


class ServerUrl(Shape):
    serverId: str
    server_url: str


class OverdueJob(Shape):
    serverName: str
    backupName: str
    lastBackupDate: str
    lastNotificationSent: str
    notificationEvent: str
    expectedBackupDate: str
    expectedBackupElapsed: str


class Detail(Shape):
    server: ServerRuns
    overdueBackups: list[OverdueJob]
    lastOverdueCheck: str
    next_cursor: str | None


class LastTimestamp(Shape):
    server_name: str
    server_id: str
    backup_name: str
    date: datetime


class LastTimestamps(Shape):
    timestamps: dict[str, datetime] = Field(description="By `<server id>:<job name>`")
    raw: list[LastTimestamp]


class ServerRef(Shape):
    id: str
    name: str
    alias: str


class JobRef(Shape):
    id: int
    name: str


class RejectedEntry(Shape):
    id: int
    arrived_at: datetime
    sender: str
    content_type: str
    code: str
    reason: str
    size: int


class RejectedList(Shape):
    items: list[RejectedEntry]
    next_cursor: None


class RejectedDocument(RejectedEntry):
    head: str = Field(description="Beginning of the document")
