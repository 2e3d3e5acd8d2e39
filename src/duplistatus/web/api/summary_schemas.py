"""The shapes of answers about summaries, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class SummaryPlan(Shape):
    period: Literal["daily", "weekly", "monthly"]
    enabled: bool
    at: str = Field(description="Time of day in its zone, `08:00`")
    zone: str = Field(description="`Europe/Oslo`")
    weekday: int = Field(description="Of the weekly one; 0 is Sunday")
    day: int | Literal["last"] = Field(description="Of the monthly one: 1 to 28, or `last`")
    recipients: list[str] = Field(description="Empty: the default recipient of e-mails")
    next_at: datetime | None = Field(description="When it comes next; null where it does not")
    places: int = Field(description="How many messages it makes now: one for each recipient, one for each other channel that wants it")


class SummaryPlans(Shape):
    items: list[SummaryPlan]
    next_cursor: None


class SummarySent(Shape):
    messages: int = Field(description="How many were put into the outbox")


class PublicAddress(Shape):
    url: str = Field(description="Empty where nobody said it")
    source: Literal["environment", "setting"]
