"""The shapes of answers about stored secrets, for the OpenAPI document alone."""

from __future__ import annotations

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class KeyFileFacts(Shape):
    path: str
    exists: bool
    fingerprint: str | None = Field(description="The first digits of the SHA-256 of the key")
    expected_fingerprint: str | None = Field(description="Of the key that secrets were stored under last")
    permissions: str | None = Field(description="In octal; `0600` is right")
    too_open: bool
    mending: str | None = Field(description="The command that sets the permissions right")
    owner: str | None
    own: bool = Field(description="Whether it belongs to the account that serves")


class SecretItem(Shape):
    id: str
    kind: str = Field(description="`channel` or `heartbeat`")
    name: str
    readable: bool
    page: str = Field(description="The page on which it is entered")


class Secrets(Shape):
    state: str = Field(description="`ok`, `gone`, `replaced`, `damaged` or `unusable`")
    explanation: str = Field(description="Empty while nothing is the matter")
    key_file: KeyFileFacts
    items: list[SecretItem]
    next_cursor: str | None
