"""The commands check, admin-recovery and rotate-key beside a product that runs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.flows.product import running, sign_in
from tests.rescue import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_environment")


def run(folder: Path, *words: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", "duplistatus", *words, "--data-dir", str(folder)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=given, cwd=folder.parent, timeout=60, check=False)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_all_three_work_beside_a_running_server(engine: str, data_dir: Path, request: pytest.FixtureRequest) -> None:
    environment = {"DATABASE_URL": request.getfixturevalue("postgres_url")()} if engine == "postgresql" else {}
    with running(data_dir, **environment) as product:
        client = product.client()
        sign_in(client)
        hook_url = "https://hooks.example.org/token-7"
        made = client.post("/api/channels", json={"kind": "webhook", "name": "Hook", "config": {"url": hook_url}})
        assert made.status_code == 200, made.text
        rotated = [run(data_dir, "rotate-key", **environment) for _ in range(3)]
        assert [(each.returncode, each.stderr) for each in rotated] == [(0, "")] * 3
        assert "1 secret is stored under it" in rotated[0].stdout
        assert stat.S_IMODE((data_dir / ".duplistatus.key").stat().st_mode) == 0o600
        (own,) = [each for each in client.get("/api/channels").json()["items"] if each["name"] == "Hook"]
        assert own["trouble"] == ""
        # What is stored now is stored under the newest key.
        changed = client.patch(f"/api/channels/{own['id']}", json={"config": {"key": "signing-key"}})
        assert changed.json()["config"]["has_key"] is True
        port = product.url.rpartition(":")[2]
        checked = run(data_dir, "check", "--json", HOST="127.0.0.1", PORT=port, **environment)
        found = json.loads(checked.stdout)["findings"]
        assert checked.returncode == 0, checked.stdout
        assert "is used by duplistatus, which answers" in str([each for each in found if each["area"] == "port"])
        assert "reads all of 1 stored secret" in str([each for each in found if each["area"] == "key file"])
        recovered = run(data_dir, "admin-recovery", "--password-stdin", stdin=f"{PASSWORD}\n", **environment)
        assert recovered.returncode == 0, recovered.stderr
        assert client.get("/api/auth/me").status_code == 401 or client.get("/api/auth/me").json().get("authenticated") is False
        said = product.said()
        for secret in ("token-7", "signing-key", PASSWORD):
            assert secret not in said
