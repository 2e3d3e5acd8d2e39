"""The shapes of templates of messages, for the OpenAPI document alone."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class MessageTemplate(Shape):
    title: str = Field(description="One line of plain text with variables")
    message: str = Field(description="Markdown with variables")
    priority: str = Field(description="`min`, `low`, `default`, `high` or `max`")
    tags: str = Field(description="With commas between them")


class Templates(Shape):
    success: MessageTemplate
    warning: MessageTemplate
    overdueBackup: MessageTemplate
    backToNormal: MessageTemplate
    dailySummary: MessageTemplate
    weeklySummary: MessageTemplate
    monthlySummary: MessageTemplate
