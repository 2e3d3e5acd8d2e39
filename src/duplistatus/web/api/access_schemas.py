"""The shapes of answers about keys and access, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class ApiKey(Shape):
    id: int
    name: str
    fingerprint: str = Field(description="The beginning of its SHA-256")
    scopes: list[str] = Field(description="Of `upload`, `read`, `metrics`, `admin`, which includes the others")
    state: str = Field(description="`active`, `expires_soon` (within 14 days), `expired` or `disabled`")
    disabled: bool
    created_at: datetime
    created_by: str
    expires_at: datetime | None = Field(description="Null: never")
    last_used_at: datetime | None
    last_used_address: str
    uses: int


class ApiKeyList(Shape):
    items: list[ApiKey]
    next_cursor: None


class NewApiKey(ApiKey):
    key: str = Field(description="The key itself, told this once")
    upload_url: str = Field(description="Where a Duplicati server with this key posts to")


class AccessList(Shape):
    enabled: bool
    networks: list[str] = Field(description="Addresses and networks; this machine itself is always let in")


class AccessCaller(Shape):
    address: str
    passed_on: bool = Field(description="By a proxy on this machine that is not trusted, so that nobody knows the address")
    untrusted_proxy: str | None = Field(description="Who passed the request on without being trusted")


class DoorCaller(Shape):
    door: str = Field(description="`upload` or `external`")
    address: str
    last_at: datetime
    with_key: int | None = Field(description="Since the start; null where the address is known from stored reports alone")
    without_key: int | None
    refused: int | None
    reason: str = Field(description="Of the last refusal")
    servers: list[str] = Field(description="Servers whose newest reports came from there")
    admitted: bool = Field(description="By the list of the external side, if it were enabled")


class AccessPolicy(Shape):
    uploads_need_key: bool
    reading_needs_key: bool
    admin: AccessList
    external: AccessList
    trusted_proxies: list[str]
    set_by: dict[str, str] = Field(description="What the environment decides, by field: the variable")
    keys: dict[str, int] = Field(description="Keys that open each scope now")
    you: AccessCaller
    callers: list[DoorCaller]
