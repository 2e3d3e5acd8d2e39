"""The shapes of answers about versions of Duplicati, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from duplistatus.web.api.schemas import Shape

_Channel = Literal["stable", "beta", "experimental", "canary"]
_Often = Literal["24h", "12h", "6h", "off"]
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class DuplicatiVersion(Shape):
    channel: _Channel
    version: str
    name: str = Field(description="As Duplicati writes it: `2.3.0.4_stable_2026-07-09`")
    published_on: date | None
    published_as: _Channel = Field(description="A channel can be offered a release of a steadier one")
    url: str
    built_in: bool = Field(description="Known from the start: no list that was fetched told of it")
    fetched_at: datetime | None


class ServerVersion(Shape):
    id: str
    name: str
    alias: str
    version: str | None
    channel: _Channel | None
    standing: Literal["current", "outdated", "newer", "unknown"]
    newest: str | None = Field(description="The newest version of its channel")


class FetchSchedule(Shape):
    often: _Often
    at: str = Field(pattern=_TIME)
    zone: str
    next_at: datetime | None


class FetchTrouble(Shape):
    code: str
    text: str
    until: datetime | None = Field(description="The server of the list wants to be left alone until then")


class DuplicatiVersions(Shape):
    items: list[DuplicatiVersion]
    next_cursor: None
    servers: list[ServerVersion]
    outdated: int
    schedule: FetchSchedule
    source: str | None = Field(description="Host of the list; null: none is ever fetched")
    fetched_at: datetime | None
    tried_at: datetime | None
    trouble: FetchTrouble | None = Field(description="Why the newest try brought nothing, or not all; no internet is nothing wrong")


class FetchPlanChange(Shape):
    often: _Often | None = None
    at: str | None = Field(None, pattern=_TIME)
