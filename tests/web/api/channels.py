"""What tests of channels do over the interface, and ask of the database and of the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from duplistatus.notify.channels.registry import setting_of
from duplistatus.store.channels import channels

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.store.channels import ChannelRow

HOOK: dict[str, Any] = {"kind": "webhook", "name": "Hook", "config": {"url": "https://hooks.example/in/s3cret", "key": "k3y"}}


def row_of(application: FastAPI, name: str) -> ChannelRow:
    """A channel as it is stored."""
    with application.state.context.database.read() as connection:
        return next(row for row in channels(connection) if row.name == name)


def secret_of(application: FastAPI, name: str) -> dict[str, str]:
    """Its secrets in the clear."""
    return dict(setting_of(row_of(application, name), application.state.context.secrets).secret)


def deeds(application: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    """What the audit log holds of channels: action, status, details."""
    with application.state.context.database.read() as connection:
        rows = connection.raw.execute(
            "SELECT action, status, details FROM audit WHERE target_type = 'channel' OR action LIKE 'test_%' ORDER BY id"
        ).fetchall()
    return [(action, status, json.loads(details or "{}")) for action, status, details in rows]


def everything(application: FastAPI) -> str:
    """All that the database says in the clear of channels and deeds."""
    with application.state.context.database.read() as connection:
        rows = [connection.raw.execute(f"SELECT * FROM {table}").fetchall() for table in ("channel", "audit", "setting", "outbox")]
    return repr([tuple(row) for table in rows for row in table])


URL = "/api/channels"


def add(admin: TestClient, **change: Any) -> dict[str, Any]:
    answer = admin.post(URL, json=HOOK | change)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made
