"""The shapes of requests and answers about collections, for the OpenAPI document alone."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class NewCollection(Shape):
    servers: list[str] | str = Field([], description='Ids of servers that have an address, or `"all"`')
    addresses: str | list[str] = Field("", description="Of servers that may be new, also several with commas between them")
    port: int | None = Field(None, description="For addresses without one; 8200 where none is given")
    password: str = Field("", description="For the addresses")
    timer: int | None = Field(None, description="Minutes between collections by time from now on; 0: none; null: as it is")
    schedules_only: bool = False
    keep_document: bool = False


class CollectionAnswer(Shape):
    agree: bool | None = Field(None, description="To a certificate or to plain HTTP; false: the server is not collected")
    sha256: str | None = Field(None, description="Of the certificate that is agreed to")
    server: str | None = Field(None, description="The id of the server that it is, or `new`")


class JobError(Shape):
    job: str
    reason: str


class CollectionTrouble(Shape):
    code: str
    reason: str
    advice: str | None


class CollectionPart(Shape):
    id: int
    server: str | None = Field(description="Null as long as it is not known which server it is")
    name: str | None
    address: str
    state: str = Field(description="`waiting`, `running`, `asks`, `done`, `failed` or `cancelled`")
    step: str | None = Field(description="While it runs: `connect`, `login`, `jobs`, `log`, `store`; `taken`: somebody else asks it now")
    jobs_done: int
    jobs_total: int
    found: int = Field(description="Runs that were missing")
    known: int
    errors: int
    job_errors: list[JobError]
    trouble: CollectionTrouble | None
    question: dict[str, Any] | None = Field(description="`kind`: `certificate`, `plain` or `which`, with what is to be known of it")
    document: bool = Field(description="Whether there is one to download")


class Collection(Shape):
    id: str
    started_at: datetime
    ended_at: datetime | None
    started_by: str
    schedules_only: bool
    keep_document: bool
    cancelled: bool
    parts: list[CollectionPart]


class CollectionLine(Shape):
    id: str
    started_at: datetime
    ended_at: datetime | None
    started_by: str
    schedules_only: bool
    cancelled: bool
    servers: int
    done: int
    failed: int
    asks: int
    found: int


class CollectionList(Shape):
    items: list[CollectionLine]
    next_cursor: None


class CollectRequest(Shape):
    hostname: str | None = Field(None, description="Host or address; several with commas between them")
    port: int | str | None = Field(None, description="8200 where none is given")
    password: str | None = None
    serverId: str | None = Field(None, description="The server that is meant; alone: by its stored address and password")
    downloadJson: bool = False


class CollectStats(Shape):
    processed: int
    skipped: int
    errors: int


class CollectDone(Shape):
    message: str


class CollectResult(Shape):
    hostname: str
    success: bool
    serverName: str | None = None
    serverAlias: str | None = None
    stats: CollectStats | None = None
    error: str | None = None
    code: str | None = None


class Collected(Shape):
    success: bool
    serverName: str
    serverAlias: str
    stats: CollectStats
    backupSettings: CollectDone
    jsonData: str | None = Field(None, description="Where `downloadJson` was asked for")
    protocol: str = Field(description="`http`: the password and the reports travel unencrypted")
    collection: str
    results: list[CollectResult] | None = Field(None, description="Of several hosts, each")


class SyncStats(Shape):
    processed: int
    errors: int


class ScheduleSynced(Shape):
    success: bool
    serverName: str
    stats: SyncStats
    protocol: str
    collection: str
    results: list[CollectResult] | None = None
