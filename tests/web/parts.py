"""The parts of a running application, for tests that look behind its doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.web.context import Context


def parts_of(application: FastAPI) -> Context:
    """Database, writer, clock and so on."""
    found: Context = application.state.context
    return found


def parts_behind(client: TestClient) -> Context:
    """Those of the application that a client asks."""
    assert isinstance(client.app, FastAPI)
    return parts_of(client.app)
