"""Collections over the API, as tests want them: begun, waited for, answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.ingest.duplicati.stand_in import Served

_PATIENCE = 20.0


def address_of(server: Served) -> str:
    """Host and port, without a scheme."""
    return f"127.0.0.1:{server.port}"


def begin(client: TestClient, **wish: Any) -> dict[str, Any]:
    """A collection that was begun."""
    answer = client.post("/api/collections", json=wish)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def look(client: TestClient, uid: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/collections/{uid}").json()
    return found


def settled(client: TestClient, uid: str) -> dict[str, Any]:
    """As soon as nothing of it waits for its turn or runs."""
    ends_at = time.monotonic() + _PATIENCE
    while time.monotonic() < ends_at:
        found = look(client, uid)
        if not {part["state"] for part in found["parts"]} & {"waiting", "running"}:
            return found
    raise AssertionError(f"still at work: {look(client, uid)}")


def collected(client: TestClient, **wish: Any) -> dict[str, Any]:
    """A collection, begun and waited for."""
    return settled(client, begin(client, **wish)["id"])


def reply(client: TestClient, found: dict[str, Any], number: int = 0, **answer: Any) -> dict[str, Any]:
    """Answers the question of a part; the collection once it has gone on."""
    uid = found["id"]
    sent = client.post(f"/api/collections/{uid}/parts/{found['parts'][number]['id']}/answer", json=answer)
    assert sent.status_code == 200, sent.text
    return settled(client, uid)
