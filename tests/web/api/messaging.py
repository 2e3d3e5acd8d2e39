"""A fleet whose messages go to stand-ins, as tests of the interface for programs need it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from duplistatus.clock import HOUR, Instant, SetClock
from duplistatus.web.api import message_schemas
from tests.web.api.reports import Made, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient


SOON = 20.0


def add_channel(admin: TestClient, url: str, topic: str, **more: Any) -> int:
    config = {"url": url, "topic": topic}
    body = {"kind": "ntfy", "name": topic.capitalize(), "config": config, "filter": {"events": ["error", "fatal"]}} | more
    answer = admin.post("/api/channels", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def failed(site: TestClient, clock: SetClock, server: str = "nas", job: str = "Photos") -> None:
    """A run that ended with an error."""
    error = "2026-07-10 03:00:12 +02 - [Error-Duplicati.Library.Main]: No space left"
    send(site, Made(Instant(clock.now() - HOUR), server, job=job, result="Error", errors=(error,)))


def items(admin: TestClient, query: str = "") -> list[dict[str, Any]]:
    answer = admin.get(f"/api/messages{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    TypeAdapter(message_schemas.MessageList).validate_python(body)
    found: list[dict[str, Any]] = body["items"]
    return found


def ended(admin: TestClient, count: int = 1) -> list[dict[str, Any]]:
    """The messages, as soon as so many of them wait no longer for their first try."""
    return awaited(lambda: [each for each in items(admin) if each["state"] not in {"waiting", "sending"} or each["tries"]], count)


def awaited(look: Callable[[], list[Any]], count: int = 1) -> list[Any]:
    end = time.monotonic() + SOON
    while len(found := look()) < count:
        assert time.monotonic() < end, f"{len(found)} came, not {count}"
        time.sleep(0.02)
    return found


def alerts(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    TypeAdapter(message_schemas.ChannelAlerts).validate_python(answer.json())
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found
