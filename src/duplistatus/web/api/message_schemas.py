"""The shapes of answers about messages, for the OpenAPI document alone."""

# ruff: noqa: N815 - the names of the fields of alerts are those of duplistatus 1.5

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class MessageChannel(Shape):
    id: int
    kind: str
    name: str


class MessageJob(Shape):
    id: int
    name: str


class MessageServer(Shape):
    id: str
    name: str
    alias: str


class SentMessage(Shape):
    id: int
    uid: str = Field(description="Goes out with the message, the same at each try")
    state: str = Field(description="`waiting`, `sending`, `sent`, `failed` or `held`")
    event: str
    channel: MessageChannel
    place: str = Field(description="Where it goes: an address, a topic, a host")
    additional: bool = Field(description="It goes to a place besides the channel's own")
    at: datetime = Field(description="When it happened")
    created_at: datetime = Field(description="When it was written, or sent again")
    ended_at: datetime | None
    next_try_at: datetime | None
    tries: int
    took: float | None = Field(description="Seconds of the try that delivered it")
    error: str | None = Field(description="Of the newest try that failed")
    remark: str | None = Field(description="What the other side said when it took it")
    held_by: str | None = Field(description="`snoozed`, `maintenance`, `acknowledged`, or `off`: its channel was switched off")
    job: MessageJob | None
    jobs: int = Field(description="Of how many jobs it tells")
    server: MessageServer | None
    run_id: str | None


class MessageList(Shape):
    items: list[SentMessage]
    next_cursor: int | None


class SelfTestStep(Shape):
    name: str = Field(description="`report_understood`, `report_stored`, `message_written` or `message_delivered`")
    title: str
    ok: bool
    text: str


class SelfTest(Shape):
    ok: bool
    steps: list[SelfTestStep]


class Heartbeat(Shape):
    enabled: bool
    host: str | None
    failing_since: datetime | None
    failed_at: datetime | None
    error: str | None
    delivered_at: datetime | None


class Beat(Shape):
    error: str | None
    took: float = Field(description="Seconds")


class ChannelAlert(Shape):
    channel: str = Field(description="`ntfy`, `email`, the number of another channel, or `heartbeat`")
    error: str
    latestTimestamp: datetime
    failureCount: int
    settingsTab: str
    id: int | None
    name: str
    kind: str
    failingSince: datetime


class ChannelAlerts(Shape):
    alerts: list[ChannelAlert]
