"""The shapes of answers about the audit log, for the OpenAPI document alone."""

# ruff: noqa: N815 - the names of the fields are those of 1.4.2

from __future__ import annotations

from typing import Any

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class AuditEntry(Shape):
    id: int
    timestamp: str = Field(description="`2026-11-21 01:49:01`, UTC")
    userId: str | None = Field(description="`key:` and a number where a key did it; null where nobody had signed in")
    username: str | None
    action: str
    category: str = Field(description="`auth`, `backup`, `config`, `server`, `system` or `user`")
    targetType: str | None
    targetId: str | None
    details: dict[str, Any] | None = Field(
        description="`before` and `after`: what changed; `count` and `lastAt` where it happened more than once"
    )
    ipAddress: str | None
    userAgent: str | None
    status: str = Field(description="`success`, `failure` or `error`")
    errorMessage: str | None


class AuditPagination(Shape):
    page: int | None
    limit: int | None
    total: int
    totalPages: int | None


class AuditLog(Shape):
    logs: list[AuditEntry]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end")
    pagination: AuditPagination | None = Field(
        default=None, description="Absent where words are looked for, or the page was asked for by its cursor"
    )


class AuditFilters(Shape):
    actions: list[str]
    categories: list[str]
    statuses: list[str]


class AuditRetention(Shape):
    retentionDays: int


class AuditRetentionSet(Shape):
    success: bool
    retentionDays: int


class AuditCleaned(Shape):
    success: bool
    deletedCount: int
    oldestRemaining: str | None
    retentionDays: int


class AuditWouldBeCleaned(Shape):
    dryRun: bool
    wouldDeleteCount: int
    oldestRemaining: str | None
    retentionDays: int
    cutoffDate: str
