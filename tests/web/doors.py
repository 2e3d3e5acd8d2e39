"""What tests of the doors do: keys of every kind, requests that bring one, and policies that hold from now on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from duplistatus.clock import HOUR, Instant
from duplistatus.security.access_policy import AccessPolicy, as_text
from duplistatus.security.tokens import token_hash
from duplistatus.store import api_keys
from duplistatus.store.access_setting import save_access
from duplistatus.store.api_keys import Scope
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from duplistatus.store.api_keys import ApiKey
    from duplistatus.store.database import Connection
    from duplistatus.web.context import Context

STRANGER = "duplistatus_" + "x" * 40
UPLOAD, SUMMARY = "/api/upload", "/api/summary"
REFUSALS = {"report refused", "question refused"}
TAKEN = {"success": True}


def sent_by(way: str, key: str | None) -> dict[str, Any]:
    """What a request with the key adds."""
    if key is None:
        return {}
    return {
        "header": {"headers": {"x-api-key": key}},
        "bearer": {"headers": {"authorization": f"Bearer {key}"}},
        "query": {"params": {"api_key": key}},
    }[way]


def stored(application: FastAPI, key: str) -> ApiKey:
    parts: Context = application.state.context
    with parts.database.read() as connection:
        found = api_keys.find(connection, token_hash(key))
    assert found is not None
    return found


def change(application: FastAPI, work: Callable[[Connection], None]) -> None:
    application.state.context.writer.submit(work).result()


def let(application: FastAPI, policy: AccessPolicy) -> None:
    """The policy holds from now on."""
    change(application, lambda connection: save_access(connection, as_text(policy)))
    application.state.doors.changed()


def make(application: FastAPI, which: str, scope: Scope) -> str | None:
    """A key of that kind for the scope."""
    if which in {"none", "wrong"}:
        return None if which == "none" else STRANGER
    now = application.state.context.clock.now()
    other = Scope.METRICS
    key = make_key(application, other if which == "other scope" else scope, expires_at=Instant(now + HOUR))
    if which == "disabled":
        found = stored(application, key)
        change(application, lambda connection: api_keys.change(connection, replace(found, is_disabled=True)))
    if which == "expired":
        application.state.context.clock.advance(HOUR)
    return key


def ask(site: TestClient, path: str, report: dict[str, Any], **more: Any) -> Any:
    return site.post(path, json=report, **more) if path == UPLOAD else site.get(path, **more)
