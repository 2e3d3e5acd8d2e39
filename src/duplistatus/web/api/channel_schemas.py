"""The shapes of answers about channels, for the OpenAPI document alone. Names of fields that 1.4.2 had are as they were there."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class NtfySettings(Shape):
    url: str
    topic: str
    accessToken: str = Field(description="Always empty: it is never answered")
    hasAccessToken: bool


class NtfyConfiguration(Shape):
    ntfy: NtfySettings


class NtfyUpdated(Shape):
    message: str
    ntfy: NtfySettings


class EmailSettings(Shape):
    host: str
    port: int | None
    connectionType: str = Field(description="`plain`, `starttls` or `ssl`")
    username: str
    mailto: str = Field(description="Addresses with commas between")
    senderName: str
    fromAddress: str
    requireAuth: bool
    hasPassword: bool | str = Field(description="True, or an empty text")


class EmailConfiguration(Shape):
    configured: bool
    config: EmailSettings | None
    message: str


class SavedEmail(Shape):
    success: bool
    message: str


class CsrfToken(Shape):
    csrfToken: str | None = Field(description="Null for a key, which needs none")


class TestSent(Shape):
    success: bool | None = None
    message: str
    channels: list[str] | None = Field(default=None, description="Of a template: `NTFY`, `Email`")


class ChannelFilter(Shape):
    events: list[str] = Field(
        description="Of `success`, `warning`, `error`, `fatal`, `overdue`, `back`, `daily`, `weekly`, `monthly`; Unknown is a warning"
    )
    servers: list[str] = Field(description="Ids of servers")
    tags: list[str] = Field(description="Names of tags")
    jobs: list[int] = Field(description="Numbers of jobs; where servers, tags and jobs are empty, all jobs")


class ChannelHealth(Shape):
    failing_since: datetime | None = Field(description="Null while deliveries work")
    failed_at: datetime | None
    error: str = Field(description="Of the newest delivery that failed")
    alerts: bool = Field(description="It fails, and nobody took note")
    delivered_at: datetime | None


class ChannelServer(Shape):
    near: str = Field(
        description="`this_machine`, `private`, `forbidden`, `public`, or `unknown` for a name that no connection was made to yet"
    )
    address: str | None = Field(description="The IP address that says so; null where the name does")


class Channel(Shape):
    id: int
    key: str | None = Field(description="`ntfy` or `email`: the channel for all jobs; null for any other")
    kind: str = Field(description="`ntfy`, `email`, `webhook` or `apprise`")
    name: str
    enabled: bool
    place: str = Field(description="Where it goes: a topic, an address, a host")
    config: dict[str, Any] = Field(description="Settings of the kind; `has_…` stands for a secret, which is never answered")
    server: ChannelServer
    trouble: str = Field(description="Why its secrets cannot be read; empty when they can")
    filter: ChannelFilter | None = Field(description="Null for those for all jobs: each job says what goes there")
    health: ChannelHealth
    created_at: datetime
    created_by: str
    changed_at: datetime | None
    changed_by: str


class ChannelList(Shape):
    items: list[Channel]
    next_cursor: None


class ChannelTested(Shape):
    delivered: bool
    took: float = Field(description="Seconds")
    remark: str
