"""The shapes of answers about how servers are set up and reached, for the OpenAPI document alone. Names of fields that 1.4.2 had are as
they were there."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from duplistatus.web.api.schemas import Shape


class ServerChange(Shape):
    alias: str | None = Field(default=None, description="What people call it")
    note: str | None = None
    server_url: str | None = Field(default=None, description="Address of its Duplicati, http or https; empty takes it away")


class ServerChanged(Shape):
    message: str
    serverId: str
    server_url: str
    alias: str
    note: str
    password_stored: bool = Field(description="False also where it stayed behind because the host became another one")


class ServerChanges(Shape):
    backupChanges: int = Field(description="Runs that were removed")
    serverChanges: int
    job_changes: int = Field(description="Jobs that were removed")


class DeletedServer(Shape):
    message: str
    status: int
    changes: ServerChanges


class ServerUrlChange(Shape):
    server_url: str


class ServerUrlChanged(Shape):
    message: str
    serverId: str
    server_url: str
    password_stored: bool


class PasswordState(Shape):
    csrfToken: str | None = Field(description="Of the session; null for keys, which need none")
    serverId: str
    password_stored: bool = Field(description="Whether one is stored; nobody is told which")


class PasswordChange(Shape):
    password: str = Field(description="Of its Duplicati; empty takes it away")


class PasswordChanged(Shape):
    message: str
    serverId: str


class ConnectionStep(Shape):
    step: str = Field(description="`connection`, `encryption`, `duplicati`, `password`, `identity`")
    state: str = Field(description="`ok`, `warn`, `error`")
    message: str


class ConnectionTested(Shape):
    server_id: str | None
    server_url: str
    success: bool
    message: str
    code: str | None = Field(description="Name of what went wrong")
    steps: list[ConnectionStep] = Field(description="As far as the test came")


class ConnectionTest(Shape):
    success: bool
    message: str
    code: str | None = Field(default=None, description="Name of what went wrong")
    steps: list[ConnectionStep] = Field(default=[], description="As far as the test came")
    items: list[ConnectionTested] = Field(default=[], description="Of a test of all servers")


class ConnectionToTest(Shape):
    server_url: str | None = Field(default=None, description="An address: whether a Duplicati server is there; no password is sent")
    server_id: str | None = Field(default=None, description="Instead: a server, with what is stored of it")
    all: bool | None = Field(default=None, description="Instead: every server that has an address")


class LinkTrouble(Shape):
    code: str
    message: str


class ServerLink(Shape):
    server_id: str
    server_url: str
    password_stored: bool
    timer_minutes: int | None = Field(description="Minutes between two collections by time; null: none")
    next_at: datetime | None
    controls: bool = Field(description="Jobs may be started and stopped from here")
    watch: bool = Field(description="Its live state is watched")
    certificate: str | None = Field(description="SHA-256 of the certificate that somebody agreed to; null: authorities decide")
    tried_at: datetime | None
    collected_at: datetime | None = Field(description="The newest collection that went well")
    trouble: LinkTrouble | None = Field(description="Of the newest try")
    version: str
    channel: str
    live: str = Field(description="`unknown`, `idle`, `running`, `paused`, `gone`")


class ServerLinkChange(Shape):
    timer_minutes: int | None = Field(default=None, description="15, 30, 60, 120, 240, 360, 720, 1440; null: none")
    controls: bool | None = None
    watch: bool | None = None
    certificate: None = Field(default=None, description="Null, where it is named: nobody agrees to a certificate any more")
