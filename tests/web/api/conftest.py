"""A stand-in of ntfy, a channel that leads there, and a look into the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.notify.stand_ins import NtfyStandIn
from tests.web.api.messaging import add_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.web.context import Context


@pytest.fixture
def ntfy() -> Iterator[NtfyStandIn]:
    with NtfyStandIn() as server:
        yield server


@pytest.fixture
def channel(admin: TestClient, ntfy: NtfyStandIn) -> int:
    """A channel of errors to the stand-in."""
    return add_channel(admin, ntfy.url, "family")


@pytest.fixture
def audited(application: FastAPI) -> Callable[[str], list[dict[str, Any]]]:
    """The details of the entries of an action."""
    parts: Context = application.state.context

    def read(action: str) -> list[dict[str, Any]]:
        with parts.database.read() as connection:
            rows = connection.raw.execute("SELECT action, details FROM audit ORDER BY id").fetchall()
        return [json.loads(details or "{}") for name, details in rows if name == action]

    return read
