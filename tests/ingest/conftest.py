"""The built application on a database of each engine, at a clock that stands still, and the door that reports come through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.settings import Settings
from tests.fixtures.engines import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from duplistatus.clock import SetClock
    from duplistatus.web.context import Context

RECORDED = Path(__file__).parent.parent / "data" / "duplicati" / "reports"
SENDER = "192.0.2.7"


@dataclass(frozen=True)
class Door:
    """`POST /api/upload` as a sender sees it, and what is then stored."""

    client: TestClient
    clock: SetClock
    parts: Context

    def post(self, body: bytes, content_type: str | None = "application/json", **headers: str) -> Response:
        given = {"content-type": content_type} if content_type else {}
        return self.client.post(
            "/api/upload", content=body, headers=given | {name.replace("_", "-"): each for name, each in headers.items()}
        )

    def post_json(self, document: object) -> Response:
        return self.post(json.dumps(document).encode())

    def post_recorded(self, name: str) -> Response:
        """Sends a recorded request again, byte for byte."""
        request = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
        headers = {key.lower(): value for key, value in request["headers"]}
        return self.post(request["body"].encode(), headers.get("content-type"))

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.parts.database.read() as connection:
            return [tuple(row) for row in connection.raw.execute(text).fetchall()]

    def value(self, text: str) -> Any:
        ((found,),) = self.rows(text)
        return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, data_dir: Path) -> Settings:
    """Each test that asks for them runs on both engines."""
    url = request.getfixturevalue("migrated_url") if request.param == "postgresql" else None
    made = Settings(data_dir=data_dir, database_url=url, admin_password="Correct7Horse")
    if url is None:
        place(made.database_file)
    return made


@pytest.fixture
def door(settings: Settings, clock: SetClock, quick_passwords: None) -> Iterator[Door]:
    application = build(settings, clock)
    with TestClient(application, client=(SENDER, 50000), follow_redirects=False) as client:
        yield Door(client, clock, application.state.context)
