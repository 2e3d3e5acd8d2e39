"""A key that was sent leaves no trace: not in the logs, not in the files, not in any answer that may be passed on. Looked for in the
product as its users have it, with everything that it and its libraries can log."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.flows.product import Product, post, report, running, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx2 import Client, Response

_TALKATIVE = """
import logging, sys
from duplistatus.web import serving

quiet = serving.configure_logs

def talkative(*args, **more):
    quiet(*args, **more)
    logging.getLogger().setLevel(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.NOTSET)

serving.configure_logs = talkative
plain = serving.uvicorn.Config
serving.uvicorn.Config = lambda *args, **more: plain(*args, **{**more, "access_log": True, "log_level": "debug"})
sys.argv = ["duplistatus", *sys.argv[sys.argv.index("serve") :]]
from duplistatus.cli import main

main()
"""
"""Starts the command with every logger at its most talkative, the log of requests included."""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    script = tmp_path / "talkative.py"
    script.write_text(_TALKATIVE, encoding="utf-8")
    with running(tmp_path / "data", before=[sys.executable, str(script)]) as made:
        yield made


def _secrets(client: Client) -> dict[str, str]:
    """Keys of all scopes, and what is no key."""
    made = {
        scope: client.post("/api/keys", json={"name": scope, "scopes": [scope]}).json()["key"] for scope in ("upload", "read", "metrics")
    }
    return {**made, "unknown": "duplistatus_" + "Q" * 40}


def _ask(product: Product, keys: dict[str, str]) -> list[Response]:
    """Each key in each spelling at doors, pages, unknown paths and after wrong turns."""
    client = product.client(follow_redirects=False)
    found = []
    for number, key in enumerate(keys.values()):
        for spelling in ("api_key", "API_KEY", "%61pi_key", "api%5fkey"):
            query = f"x=1&{spelling}={key}&y=2"
            found.append(client.post(f"/api/upload?{query}", content=report(number), headers={"content-type": "application/json"}))
            found.append(client.post(f"/api/upload?{query}", content=b"this is no report", headers={"content-type": "text/plain"}))
            found += [
                client.get(f"{path}?{query}")
                for path in (
                    "/",
                    "/detail/m1",
                    "/de/settings",
                    "/nowhere",
                    "/api/nowhere",
                    "/api/summary",
                    "/api/jobs",
                    "/metrics",
                    "/login",
                )
            ]
            found += [client.request("BREW", f"/api/upload?{query}"), client.get(f"/api/jobs?cursor=%00&{query}")]
            current = {"hx-request": "true", "hx-current-url": f"{product.url}/?{query}"}
            found.append(client.get("/", headers=current))
    return found


def test_a_key_in_the_address_leaves_no_trace(product: Product) -> None:
    admin = product.client()
    sign_in(admin)
    keys = _secrets(admin)
    events: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        with admin.stream("GET", "/api/events", headers={"accept": "text/event-stream"}) as stream:
            for line in stream.iter_lines():
                events.append(line)
                listening.set()
                if len(events) > 8:
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert listening.wait(20)
    answers = _ask(product, keys)
    assert {answer.status_code for answer in answers} >= {200, 303, 400, 401, 403, 404}
    reader = product.client()
    sign_in(reader)
    paths = ("/rejected", "/api/rejected", "/settings/keys", "/settings/access", "/api/keys", "/api/access")
    shown = [reader.get(path).text for path in paths]
    assert product.terminate() < 10
    listener.join(20)
    answered = [answer.text + str(answer.headers) for answer in answers]
    files = [file.read_bytes() for file in sorted(product.folder.rglob("*")) if file.is_file()]
    assert len(files) >= 2
    everything = {
        "log": product.said().encode(),
        "files": b"\n".join(files),
        "answers": "\n".join(answered + shown + events).encode(),
    }
    # The request itself is there: what is looked for would be found.
    assert b"/api/upload?x=1&y=2" in everything["log"]
    assert b"This API key is not known" in everything["log"]
    for key in keys.values():
        for place, content in everything.items():
            for form in (key, key.removeprefix("duplistatus_"), quote(key, safe="")):
                assert form.encode() not in content, f"{place} has {form}"


def test_a_report_is_stored_with_a_key_in_the_address(product: Product) -> None:
    admin = product.client()
    sign_in(admin)
    keys = _secrets(admin)
    assert admin.patch("/api/access", json={"uploads_need_key": True}).status_code == 200
    sender = product.client()
    assert post(sender, report(1)).json()["code"] == "key_required"
    stored = sender.post(f"/api/upload?api_key={keys['upload']}", content=report(1), headers={"content-type": "application/json"})
    assert stored.json() == {"success": True}
    assert admin.get("/api/summary").json()["totalBackupsRuns"] == 1
