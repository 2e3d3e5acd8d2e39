"""The product as its users have it: the command `duplistatus serve` in a process of its own. In: a data folder and an environment; out: its
address, and ways to end it gently or not. Nothing outlives the block."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from httpx2 import Client, Response, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_LIMIT = 40.0
"""Seconds that the product may take to answer on a busy machine."""
STOP_LIMIT = 10.0
"""Seconds within which it must have ended after SIGTERM."""
SETTLE = 0.05
"""Seconds between two looks at something that is awaited."""
ADMIN_PASSWORD = "Correct7Horse"


@dataclass
class Product:
    """A running product. `client` keeps connections; each thread should have its own."""

    process: subprocess.Popen[bytes]
    url: str
    folder: Path
    log: Path
    clients: list[Client] = field(default_factory=list)

    def client(self, **options: Any) -> Client:
        made = Client(base_url=self.url, timeout=20, trust_env=False, **options)
        self.clients.append(made)
        return made

    def kill(self) -> None:
        """What a power cut or the out-of-memory killer does to a process."""
        self.process.kill()
        self.process.wait(STOP_LIMIT)

    def terminate(self) -> float:
        """Asks it to end, as systemd and Docker do; the seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(3 * STOP_LIMIT)
        return time.monotonic() - begun

    def said(self) -> str:
        """What it wrote on standard error."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *, before: Sequence[str] = (), scheme: str = "http", **environment: str) -> Iterator[Product]:
    """The product on a free port, once it answers. `before`: words before the command."""
    port = free_port()
    log = folder.with_name(f"{folder.name}.log")
    command = [*before, sys.executable, "-m", "duplistatus", "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder)]
    given = {"PATH": os.environ["PATH"], "DUPLISTATUS_ADMIN_PASSWORD": ADMIN_PASSWORD, **_of_this_checkout(), **environment}
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=given, cwd=folder.parent)
    product = Product(process, f"{scheme}://127.0.0.1:{port}", folder, log)
    try:
        _wait(product)
        yield product
    finally:
        for each in product.clients:
            each.close()
        if process.poll() is None:
            process.kill()
        process.wait(STOP_LIMIT)


def _of_this_checkout() -> dict[str, str]:
    """Tests of a copy of the sources start that copy."""
    path = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": path} if path else {}


def _wait(product: Product) -> None:
    end = time.monotonic() + START_LIMIT
    while True:
        try:
            httpx2.get(f"{product.url}/api/ping", timeout=5, trust_env=False, verify=False)
        except TransportError:
            if product.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the product does not answer:\n{product.said()}") from None
            time.sleep(SETTLE)
        else:
            return


def report(number: int, job: str = "Documents", lines: int = 3) -> bytes:
    """A report of the given run of a job; `lines` is the length of its log, which does not compress well."""
    begin = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    noise = [f"2026-07-10 03:00:00 +02 - [Information-Duplicati-Line]: {os.urandom(256).hex()}" for _ in range(lines)]
    document = {
        "Data": {
            "MainOperation": "Backup",
            "ParsedResult": "Success",
            "BeginTime": begin,
            "EndTime": begin,
            "Duration": "00:00:10",
            "ExaminedFiles": number,
            "Version": "2.3.0.4 (2.3.0.4_stable_2026-07-09)",
        },
        "Extra": {
            "OperationName": "Backup",
            "machine-id": "m1",
            "machine-name": "fileserver",
            "backup-name": job,
            "backup-id": f"id-{job}",
        },
        "LogLines": noise,
        "Exception": None,
    }
    return json.dumps(document).encode()


def post(client: Client, body: bytes, **headers: str) -> Response:
    given = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/api/upload", content=body, headers=given)


def sign_in(client: Client) -> None:
    """Signs the client in as the first account."""
    client.headers["x-csrf-token"] = client.get("/api/csrf").json()["token"]
    answer = client.post("/api/auth/login", json={"username": "admin", "password": ADMIN_PASSWORD})
    assert answer.status_code == 200, answer.text
